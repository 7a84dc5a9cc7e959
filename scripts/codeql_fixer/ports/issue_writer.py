"""Port of who writes issues: the two calls of `PullRequests` (ports/pull_requests.py) that telling alerts needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection


class IssueWriter(Protocol):
    """Writes issues and comments under markers; every `PullRequests` is one, and what it says there holds here."""

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        """Say something at a pull request or issue; returns its address."""
        ...

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        """Open an issue, or change the open one that has the marker; returns its address."""
        ...
