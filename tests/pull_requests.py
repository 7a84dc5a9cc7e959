"""Pull requests in memory: what people say at them, and what is written there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from codeql_fixer.domain.pull_request import Check, CheckReport, Review


class MemoryPullRequests:
    """Everything by repository and number, checks by commit. `faults` are raised by the next calls."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, int], list[Review]] = {}
        self.checked: dict[str, list[Check]] = {}
        self.mergeable: dict[tuple[str, int], bool] = {}
        self.comments: dict[tuple[str, int, str], str] = {}
        self.closed: list[tuple[str, int]] = []
        self.issues: dict[str, str] = {}
        self.labels: dict[tuple[str, int], set[str]] = {}
        self.faults: list[Exception] = []
        self.calls = 0

    def is_mergeable(self, repository: str, number: int) -> bool | None:
        return self.mergeable.get((repository, number))

    def reviews(self, repository: str, number: int) -> list[Review]:
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
        return list(self.said.get((repository, number), []))

    def checks(self, repository: str, commit: str) -> list[Check]:
        del repository
        return list(self.checked.get(commit, []))

    def diff(self, repository: str, number: int) -> str:
        del repository, number
        return ""

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        self.comments[repository, number, marker] = body
        return f"https://github.com/{repository}/pull/{number}#{marker}"

    def label(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        self.labels[repository, number] = (self.labels.get((repository, number), set()) | {*add}) - {*remove}

    def close(self, repository: str, number: int) -> None:
        self.closed.append((repository, number))

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        del repository, body, labels
        self.issues[marker] = title
        return ""

    def report_check(self, repository: str, report: CheckReport) -> str:
        del repository, report
        return ""
