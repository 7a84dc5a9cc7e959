"""PromptRenderer and FeedbackWriter: put what an agent has to know into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from codeql_fixer.domain.brief import Brief
    from codeql_fixer.domain.feedback import Feedback
    from codeql_fixer.domain.learning import Versions


class PromptRenderer(Protocol):
    """Makes the text that an agent session gets."""

    def render(self, brief: Brief) -> str:
        """The prompt, in which everything that strangers wrote is fenced as data.

        Raises:
            UserError: the user's template cannot be used; the message names its line.
        """
        ...

    def versions(self, family: str) -> Versions:
        """What an agent is told by about a family: two prompts that differ in it differ in more than their findings."""
        ...


class FeedbackWriter(Protocol):
    """Makes the message that a session gets about its pull request."""

    def message(self, feedback: Feedback) -> str:
        """One message for one round, which bears the round's marker; what strangers wrote is fenced as data."""
        ...
