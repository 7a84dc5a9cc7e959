"""Forges as places where people review, check and merge: what a test of pull requests can have happen there.

Each forge has a world. A new one joins the suite by a fixture parameter in tests/contract/test_pull_requests.py.
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.adapters.forge.local import LocalForge
from codeql_fixer.adapters.forge.local_pulls import LocalPullRequests, Reviewer
from codeql_fixer.adapters.github.apps import AppKey
from codeql_fixer.adapters.github.factory import github
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.pull_request import Check, CheckState, Review, ReviewComment
from codeql_fixer.ports.forge import Proposal
from tests.pull_requests import MemoryPullRequests
from tests.remotes import bare, git
from tests.unit.transport.fake_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codeql_fixer.adapters.forge.talk_records import IssueRecord, Thread
    from codeql_fixer.domain.pull_request import ReviewState
    from codeql_fixer.ports.pull_requests import PullRequests
    from tests.github_twin import GitHubTwin

NAME = "acme/shop"
_SLUG = "codeql-fixer"
_IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")


class Remark(Struct, frozen=True):
    """A comment on a line of a file."""

    file: str
    line: int | None
    body: str
    hunk: str = "@@ -1,3 +1,3 @@"


class OpenIssue(Struct, frozen=True):
    """An open issue as people see it."""

    number: int
    title: str
    body: str
    labels: frozenset[str]


class World(Protocol):
    """A forge with one repository, NAME, whose branch main holds a.txt with three lines."""

    pull_requests: PullRequests

    def pull(self, branch: str, text: str) -> int:
        """Push a branch on which a.txt holds that text, and open a pull request; returns its number."""
        ...

    def push(self, branch: str, text: str) -> str:
        """Push one commit more to a branch; returns it."""
        ...

    def head(self, number: int) -> str:
        """The newest commit of a pull request."""
        ...

    def is_open(self, number: int) -> bool:
        """Whether a pull request is."""
        ...

    def merge(self, number: int) -> None:
        """Somebody merges it."""
        ...

    def pass_time(self) -> None:
        """Some seconds go by."""
        ...

    def review(
        self, number: int, state: ReviewState, *, author: str, body: str = "", remarks: Sequence[Remark] = ()
    ) -> None:
        """Somebody reviews a pull request."""
        ...

    def check(self, commit: str, name: str, state: CheckState, *, log: str = "") -> None:
        """Somebody else's check says something of a commit."""
        ...

    def say(self, number: int, body: str, *, author: str) -> None:
        """Somebody comments."""
        ...

    def said(self, number: int) -> list[str]:
        """All comments on a pull request or issue, oldest first."""
        ...

    def labels(self, number: int) -> set[str]:
        """The labels of a pull request or issue."""
        ...

    def issues(self) -> list[OpenIssue]:
        """The open ones, without pull requests, oldest first."""
        ...

    def close_issue(self, number: int) -> None:
        """Somebody closes it."""
        ...

    def our_checks(self, commit: str) -> dict[str, str]:
        """Titles of the checks on a commit that are ours, by name."""
        ...


class GitRepository:
    """A bare repository with a.txt on main, and a clone to push from.

    Args:
        folder: for both.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self._clone = bare(folder / "shop.git"), folder / "clone"
        git(self.path, "symbolic-ref", "HEAD", "refs/heads/main")
        subprocess.run(["git", "clone", "--quiet", self.path, self._clone], check=True, capture_output=True)
        self.push("main", "one\ntwo\nthree\n")

    def push(self, branch: str, text: str, *, base: str = "") -> str:
        """One commit more, in which a.txt holds that text; returns it."""
        clone = self._clone
        if base:
            git(clone, "checkout", "--quiet", "-B", branch, f"origin/{base}")
        else:
            git(clone, "checkout", "--quiet", "-B", branch)
        (clone / "a.txt").write_text(text)
        git(clone, "add", "--all")
        git(clone, *_IDENTITY, "commit", "--quiet", "--allow-empty", "-m", f"Change {branch}")
        git(clone, "push", "--quiet", "origin", branch)
        return git(clone, "rev-parse", "HEAD")


class GitHubWorld:
    """The twin of GitHub over a real bare repository, with our adapter.

    Args:
        twin: running; what was in it is forgotten.
        folder: for the repository.
        is_app: we are an App that is installed there, and no user with a token.
    """

    def __init__(self, twin: GitHubTwin, folder: Path, *, is_app: bool = False) -> None:
        twin.reset()
        twin.repository(NAME)
        self.twin, self.repository = twin, GitRepository(folder)
        twin.bind(NAME, self.repository.path)
        self.pull_requests: PullRequests = github(
            self._app() if is_app else twin.token, base_url=twin.url, timing=FakeTime().timing()
        ).pull_requests

    def pull(self, branch: str, text: str) -> int:
        self.repository.push(branch, text, base="main")
        return self.twin.pull(NAME, branch)

    def push(self, branch: str, text: str) -> str:
        return self.repository.push(branch, text, base=branch)

    def head(self, number: int) -> str:
        return str(self._get(f"pulls/{number}")["head"]["sha"])

    def is_open(self, number: int) -> bool:
        return bool(self._get(f"pulls/{number}")["state"] == "open")

    def merge(self, number: int) -> None:
        self.twin.change_pull(NAME, number, "merge")

    def pass_time(self) -> None:
        self.twin.advance(10)

    def review(
        self, number: int, state: ReviewState, *, author: str, body: str = "", remarks: Sequence[Remark] = ()
    ) -> None:
        comments = [{"path": one.file, "line": one.line, "body": one.body, "diff_hunk": one.hunk} for one in remarks]
        self.twin.review(NAME, number, state.upper(), author=author, body=body, comments=comments)

    def check(self, commit: str, name: str, state: CheckState, *, log: str = "") -> None:
        if state is CheckState.PENDING:
            self.twin.check(NAME, commit, name, status="in_progress")
        else:
            conclusion = "success" if state is CheckState.PASSED else "failure"
            self.twin.check(NAME, commit, name, conclusion=conclusion, log=log)

    def say(self, number: int, body: str, *, author: str) -> None:
        self.twin.say(NAME, number, body, author=author)

    def said(self, number: int) -> list[str]:
        return [comment["body"] for comment in self.twin.said(NAME, number)]

    def labels(self, number: int) -> set[str]:
        return {label["name"] for label in self._get(f"issues/{number}/labels")}

    def issues(self) -> list[OpenIssue]:
        return [
            OpenIssue(one["number"], one["title"], one["body"], frozenset(label["name"] for label in one["labels"]))
            for one in self._get("issues?direction=asc&per_page=100")
            if "pull_request" not in one
        ]

    def close_issue(self, number: int) -> None:
        answer = self.twin.ask("PATCH", f"/repos/{NAME}/issues/{number}", {"state": "closed"})
        assert answer.status == 200

    def our_checks(self, commit: str) -> dict[str, str]:
        newest_last = reversed(self._get(f"commits/{commit}/statuses"))
        runs = self._get(f"commits/{commit}/check-runs?filter=all")["check_runs"]
        return {
            **{one["context"]: one["description"] for one in newest_last},
            **{one["name"]: one["output"]["title"] for one in reversed(runs) if one["app"]["slug"] == _SLUG},
        }

    def _app(self) -> AppKey:
        made = self.twin.app(_SLUG)
        self.twin.install(NAME.partition("/")[0])
        return AppKey(id=str(made["id"]), private_key=made["private_key"])

    def _get(self, path: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - JSON says anything
        answer = self.twin.ask("GET", f"/repos/{NAME}/{path}")
        assert answer.status == 200, answer.content
        return answer.json


class LocalWorld:
    """A forge in a directory: real git, and the records beside it.

    Args:
        folder: for the forge.
    """

    def __init__(self, folder: Path) -> None:
        self._at = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.forge = LocalForge(
            folder,
            environment=os.environ,  # noqa: TID251 - tests
            now=lambda: self._at,
        )
        self.repository = GitRepository(folder / NAME.partition("/")[0])
        self._local = LocalPullRequests(self.forge, now=lambda: self._at)
        self.pull_requests: PullRequests = self._local

    def pull(self, branch: str, text: str) -> int:
        self.repository.push(branch, text, base="main")
        proposal = Proposal(repository=NAME, head=branch, base="main", title=f"Change {branch}", body="Why.")
        return self.forge.propose(proposal).number

    def push(self, branch: str, text: str) -> str:
        return self.repository.push(branch, text, base=branch)

    def head(self, number: int) -> str:
        return self.forge.pull_request(NAME, number).head_commit

    def is_open(self, number: int) -> bool:
        return self.forge.pull_request(NAME, number).state is PullRequestState.OPEN

    def merge(self, number: int) -> None:
        self.forge.merge(NAME, number)

    def pass_time(self) -> None:
        self._at += timedelta(seconds=10)

    def review(
        self, number: int, state: ReviewState, *, author: str, body: str = "", remarks: Sequence[Remark] = ()
    ) -> None:
        comments = _comments(remarks, author)
        self._local.add_review(NAME, number, state=state, body=body, by=Reviewer(author), comments=comments)

    def check(self, commit: str, name: str, state: CheckState, *, log: str = "") -> None:
        [pull] = [one for one in self.forge.pull_requests(NAME) if one.head_commit == commit]
        self._local.add_check(NAME, pull.number, name=name, state=state, log=log)

    def say(self, number: int, body: str, *, author: str) -> None:
        self._local.add_comment(NAME, number, body=body, author=author)

    def said(self, number: int) -> list[str]:
        return [comment.body for comment in self._thread(number).said]

    def labels(self, number: int) -> set[str]:
        return set(self._thread(number).labels)

    def issues(self) -> list[OpenIssue]:
        return [_shown(one) for one in self.forge.talk_of(NAME).issues() if one.is_open]

    def close_issue(self, number: int) -> None:
        self._local.close_issue(NAME, number)

    def our_checks(self, commit: str) -> dict[str, str]:
        return {name: report.title for name, report in self.forge.talk_of(NAME).checks(commit).reports.items()}

    def _thread(self, number: int) -> Thread:
        records = self.forge.talk_of(NAME)
        return records.issue(number) or records.talk(number)


class MemoryWorld:
    """The fake of unit tests. What git tells comes from a local forge, all else is the fake's own.

    Args:
        folder: for the forge.
    """

    def __init__(self, folder: Path) -> None:
        self._local, self._at = LocalWorld(folder), datetime(2026, 3, 1, 12, tzinfo=UTC)
        self._memory = MemoryPullRequests()
        self._numbers: dict[int, int] = {}  # what it is called in the local forge
        self.pull_requests: PullRequests = self._memory

    def pull(self, branch: str, text: str) -> int:
        number = max((known for _, known in (*self._memory.pulls, *self._memory.issues)), default=0) + 1
        self._numbers[number] = self._local.pull(branch, text)
        self._ask_git()
        return number

    def push(self, branch: str, text: str) -> str:
        commit = self._local.push(branch, text)
        self._ask_git()
        return commit

    def head(self, number: int) -> str:
        return self._memory.pulls[NAME, number].head_commit

    def is_open(self, number: int) -> bool:
        return self._memory.pulls[NAME, number].state is PullRequestState.OPEN

    def merge(self, number: int) -> None:
        self._local.merge(self._numbers[number])
        self._ask_git()

    def pass_time(self) -> None:
        self._at += timedelta(seconds=10)

    def review(
        self, number: int, state: ReviewState, *, author: str, body: str = "", remarks: Sequence[Remark] = ()
    ) -> None:
        reviews = self._memory.reviewed.setdefault((NAME, number), [])
        review = Review(
            id=str(len(reviews) + 1),
            author=author,
            state=state,
            at=self._at,
            body=body,
            commit=self.head(number),
            comments=_comments(remarks, author),
        )
        reviews.insert(0, review)  # the fake is to sort them

    def check(self, commit: str, name: str, state: CheckState, *, log: str = "") -> None:
        self._memory.checked.setdefault(commit, []).append(Check(id=name, name=name, state=state, log=log))

    def say(self, number: int, body: str, *, author: str) -> None:
        self._memory.say(NAME, number, body, author=author)

    def said(self, number: int) -> list[str]:
        return self._memory.said(NAME, number)

    def labels(self, number: int) -> set[str]:
        return set(self._memory.thread(NAME, number).labels)

    def issues(self) -> list[OpenIssue]:
        return [_shown(one) for _, one in sorted(self._memory.issues.items()) if one.is_open]

    def close_issue(self, number: int) -> None:
        self._memory.issues[NAME, number] = replace(self._memory.issues[NAME, number], is_open=False)

    def our_checks(self, commit: str) -> dict[str, str]:
        return {name: report.title for name, report in self._memory.reports.get(commit, {}).items()}

    def _ask_git(self) -> None:
        for number, local in self._numbers.items():
            place, forge = (NAME, number), self._local.forge
            known, pull = self._memory.pulls.get(place), replace(forge.pull_request(NAME, local), number=number)
            is_closed = known is not None and known.state is PullRequestState.CLOSED
            self._memory.pulls[place] = replace(pull, state=PullRequestState.CLOSED) if is_closed else pull
            self._memory.mergeable[place] = forge.is_mergeable(NAME, local)
            self._memory.diffs[place] = forge.diff(NAME, local)


def _comments(remarks: Sequence[Remark], author: str) -> tuple[ReviewComment, ...]:
    return tuple(
        ReviewComment(author=author, body=one.body, file=one.file, line=one.line, diff_hunk=one.hunk) for one in remarks
    )


def _shown(issue: IssueRecord) -> OpenIssue:
    return OpenIssue(issue.number, issue.title, issue.body, frozenset(issue.labels))
