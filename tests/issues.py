"""A writer of issues for tests: issues and comments are kept under their markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection

    from codeql_fixer.ports.issue_writer import IssueWriter
    from codeql_fixer.ports.pull_requests import PullRequests


class FakeIssue(Struct, frozen=True):
    """An issue as it was written last."""

    number: int
    title: str
    body: str
    labels: tuple[str, ...]


class FakeIssues:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.issues: dict[tuple[str, str], FakeIssue] = {}
        self.comments: dict[tuple[str, int, str], str] = {}

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        self.comments[repository, number, marker] = body
        return f"https://forge.example/{repository}/issues/{number}#c{len(self.comments)}"

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        known = self.issues.get((repository, marker))
        number = known.number if known else len(self.issues) + 1
        self.issues[repository, marker] = FakeIssue(number, title, body, tuple(labels))
        return f"https://forge.example/{repository}/issues/{number}"


def writer_of(forge: PullRequests) -> IssueWriter:
    """Every forge writes issues: mypy proves it."""
    return forge
