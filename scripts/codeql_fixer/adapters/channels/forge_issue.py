"""A channel that is a repository of the forge: an issue for each alert, or a comment at one issue for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.channels.words import Words
from codeql_fixer.policy.plain_text import one_line
from codeql_fixer.ports.issue_writer import IssueWriter

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery

_MOST = 60_000  # GitHub takes 65,536 characters
_MOST_TITLE = 200
_LABEL = "codeql-fixer-alert"


class ForgeIssue(Struct, frozen=True, kw_only=True):
    """Writes alerts where people work. The id of an alert is the marker, so that one told again changes what is there.

    Args:
        issues: the forge.
        repository: owner/name.
        number: of the issue that gets comments; None opens an issue for each alert.
        words: what is said.
    """

    issues: IssueWriter
    repository: str
    number: int | None
    words: Words

    def tell(self, delivery: Delivery) -> str:
        """Write it; returns its address."""
        body = self.words.of("github", delivery, most=_MOST)
        if self.number is not None:
            return self.issues.comment(self.repository, self.number, marker=delivery.alert, body=body)
        title = one_line(delivery.news.title, _MOST_TITLE)
        return self.issues.open_issue(self.repository, marker=delivery.alert, title=title, body=body, labels=(_LABEL,))
