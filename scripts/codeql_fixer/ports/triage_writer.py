"""Port of the words by which an agent is asked how much issues matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.triage import Question


class TriageWriter(Protocol):
    """Writes prompts."""

    def prompt(self, questions: Sequence[Question]) -> str:
        """What the session is told."""
        ...
