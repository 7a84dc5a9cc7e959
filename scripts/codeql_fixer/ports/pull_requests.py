"""PullRequests: what is said and decided at pull requests and issues of a forge, and how we take part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from codeql_fixer.domain.pull_request import Check, CheckReport, Review


class PullRequests(Protocol):
    """Reads and writes at pull requests. Repositories are owner/name.

    What is written carries `marker`, a word of ours that people do not see; writing again under the same marker changes
    what is there and never adds a second one.

    Raises:
        UserError: there is no such thing, or the token may not see or do it; the message has the remedy.
        RateLimitedError: no more calls for now; nothing was done.
        UpstreamError: the forge does not answer, or not in words that can be read.
    """

    def is_mergeable(self, repository: str, number: int) -> bool | None:
        """False when it is in conflict with its base; None while the forge does not know."""
        ...

    def reviews(self, repository: str, number: int) -> list[Review]:
        """All submitted reviews with their comments, oldest first."""
        ...

    def checks(self, repository: str, commit: str) -> list[Check]:
        """The newest of each name on a commit, without our own; logs only of those that failed."""
        ...

    def diff(self, repository: str, number: int) -> str:
        """What it would change, as `git diff` puts it; "" for nothing."""
        ...

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        """Say something at a pull request or issue; returns its address."""
        ...

    def label(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Put labels on and take others off; labels that the repository lacks are made."""
        ...

    def close(self, repository: str, number: int) -> None:
        """Close a pull request without a merge; one that is closed or merged stays as it is."""
        ...

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        """Open an issue, or change the open one that has the marker; returns its address."""
        ...

    def report_check(self, repository: str, report: CheckReport) -> str:
        """Put a check of ours on a commit; the same name again replaces it. Returns its address, "" for none."""
        ...
