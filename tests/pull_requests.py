"""Pull requests in memory: what people say at them, and what is written there. It keeps the contract of its port."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.adapters.forge.talk_records import Comment, IssueRecord, Thread, relabelled, said_by_us
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.pull_request import CheckState
from codeql_fixer.errors import UserError
from codeql_fixer.policy.logs import tail
from codeql_fixer.policy.markers import marked
from codeql_fixer.ports.forge import PullRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from codeql_fixer.domain.pull_request import Check, CheckReport, Review
    from codeql_fixer.errors import CodeqlFixerError
    from codeql_fixer.ports.issue_writer import IssueWriter
    from codeql_fixer.ports.pull_requests import PullRequests

Place = tuple[str, int]


def pull_at(repository: str, number: int, **members: Any) -> PullRequest:  # noqa: ANN401 - passed on
    """An open pull request."""
    chosen: dict[str, Any] = {"state": PullRequestState.OPEN, "head": "fix", "base": "main", "title": "Fix", **members}
    url = f"https://github.com/{repository}/pull/{number}"
    return PullRequest(repository=repository, number=number, url=url, **chosen)


class MemoryPullRequests:
    """Everything by repository and number, checks by commit. `faults` are raised by the next calls.

    What git would tell, `mergeable` and `diffs`, somebody has to put there; a diff may be an error that asking raises.

    Args:
        pulls: those that are there, which others may share.
    """

    def __init__(self, pulls: dict[Place, PullRequest] | None = None) -> None:
        self.pulls = {} if pulls is None else pulls
        self.reviewed: dict[Place, list[Review]] = {}
        self.checked: dict[str, list[Check]] = {}
        self.mergeable: dict[Place, bool] = {}
        self.diffs: dict[Place, str | CodeqlFixerError] = {}
        self.threads: dict[Place, Thread] = {}
        self.issues: dict[Place, IssueRecord] = {}
        self.reports: dict[str, dict[str, CheckReport]] = {}
        self.asked: list[Place] = []
        self.closed: list[Place] = []
        self.faults: list[Exception] = []
        self._lock = threading.Lock()

    def is_mergeable(self, repository: str, number: int) -> bool | None:
        return self.mergeable.get(self._pull(repository, number))

    def reviews(self, repository: str, number: int) -> list[Review]:
        return sorted(self.reviewed.get(self._pull(repository, number), []), key=lambda review: review.at)

    def checks(self, repository: str, commit: str) -> list[Check]:
        del repository
        newest = {check.name: check for check in self.checked.get(commit, [])}
        return [
            replace(check, log=tail(check.log) if check.state is CheckState.FAILED else "")
            for _, check in sorted(newest.items())
        ]

    def diff(self, repository: str, number: int) -> str:
        self.asked.append((repository, number))
        found = self.diffs.get(self._pull(repository, number), "")
        if isinstance(found, str):
            return found
        raise found

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        text = marked(marker, body)
        where = self._change(repository, number, lambda said: replace(said, said=said_by_us(said.said, marker, text)))
        return f"{where}#{marker}"

    def label(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        self._change(repository, number, lambda said: replace(said, labels=relabelled(said.labels, add, remove)))

    def close(self, repository: str, number: int) -> None:
        pull = self.pulls[self._pull(repository, number)]
        if pull.state is PullRequestState.OPEN:
            self.closed.append((repository, number))
            self.pulls[repository, number] = replace(pull, state=PullRequestState.CLOSED)

    def open_issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str] = ()) -> str:
        text = marked(marker, body)
        with self._lock:
            here = [one for (place, _), one in self.issues.items() if place == repository]
            known = next((one for one in here if one.is_open and one.marker == marker), None)
            if known is None:
                numbers = [number for place, number in (*self.pulls, *self.issues) if place == repository]
                known = IssueRecord(number=max(numbers, default=0) + 1, marker=marker, title=title, body=text)
            changed = replace(known, title=title, body=text, labels=relabelled(known.labels, labels))
            self.issues[repository, known.number] = changed
        return f"https://github.com/{repository}/issues/{known.number}"

    def report_check(self, repository: str, report: CheckReport) -> str:
        del repository
        self.reports.setdefault(report.commit, {})[report.name] = report
        return ""

    def say(self, repository: str, number: int, body: str, *, author: str) -> None:
        """What somebody else says."""
        comment = Comment(author=author, body=body)
        self._change(repository, number, lambda said: replace(said, said=(*said.said, comment)))

    def said(self, repository: str, number: int) -> list[str]:
        """All comments, oldest first."""
        return [comment.body for comment in self.thread(repository, number).said]

    def thread(self, repository: str, number: int) -> Thread:
        """Comments and labels."""
        return self.issues.get((repository, number)) or self.threads.get((repository, number), Thread())

    def _pull(self, repository: str, number: int) -> Place:
        if self.faults:
            raise self.faults.pop(0)
        if (repository, number) not in self.pulls:
            raise UserError(f"{repository} has no pull request {number}")
        return repository, number

    def _change(self, repository: str, number: int, change: Callable[[Thread], Thread]) -> str:
        with self._lock:
            issue = self.issues.get((repository, number))
            if issue is None:
                self.threads[self._pull(repository, number)] = change(self.thread(repository, number))
            else:
                made = change(issue)
                self.issues[repository, number] = replace(issue, said=made.said, labels=made.labels)
            return f"https://github.com/{repository}/{'issues' if issue else 'pull'}/{number}"


def writer_of(forge: PullRequests) -> IssueWriter:
    """Every forge writes issues: mypy proves it."""
    return forge
