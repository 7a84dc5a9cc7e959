"""Pull requests in memory, for tests of what reads their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from codeql_fixer.domain.pull_request import Check, CheckReport, Review
    from codeql_fixer.errors import CodeqlFixerError


class MemoryPullRequests:
    """Knows changes only; whoever asks for more is wrong here.

    Args:
        diffs: by repository and number, or the error that asking raises.
    """

    def __init__(self, diffs: dict[tuple[str, int], str | CodeqlFixerError]) -> None:
        self.diffs = diffs
        self.asked: list[tuple[str, int]] = []

    def diff(self, repository: str, number: int) -> str:
        """The change."""
        self.asked.append((repository, number))
        found = self.diffs[repository, number]
        if isinstance(found, str):
            return found
        raise found

    def is_mergeable(self, repository: str, number: int) -> bool | None:
        """Not asked for."""
        raise NotImplementedError(repository, number)

    def reviews(self, repository: str, number: int) -> list[Review]:
        """Not asked for."""
        raise NotImplementedError(repository, number)

    def checks(self, repository: str, commit: str) -> list[Check]:
        """Not asked for."""
        raise NotImplementedError(repository, commit)

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        """Not asked for."""
        raise NotImplementedError(repository, number, marker, body)

    def label(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Not asked for."""
        raise NotImplementedError(repository, number, add, remove)

    def close(self, repository: str, number: int) -> None:
        """Not asked for."""
        raise NotImplementedError(repository, number)

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        """Not asked for."""
        raise NotImplementedError(repository, marker, title, body, labels)

    def report_check(self, repository: str, report: CheckReport) -> str:
        """Not asked for."""
        raise NotImplementedError(repository, report)
