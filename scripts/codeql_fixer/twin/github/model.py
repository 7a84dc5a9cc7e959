"""What a twin of GitHub knows: accounts, repositories, and what is in them. Times are seconds since 1970."""

from __future__ import annotations

from bisect import insort
from enum import StrEnum
from hashlib import sha1
from typing import Any

from msgspec import Struct, field

from codeql_fixer.twin.github.git import BareGit, Commit
from codeql_fixer.twin.github.model_of_review import CheckRun, Issue, Label, Required, Status, Talk
from codeql_fixer.twin.wire import Problem

_QUEUED_SECONDS = 5.0


class Account(Struct, kw_only=True):
    """An organization or a user."""

    id: int
    login: str
    kind: str = "Organization"


class WorkflowFile(Struct, kw_only=True):
    """A file below .github/workflows. `inputs` says of each input of `workflow_dispatch` whether it is required."""

    id: int
    file: str
    created_at: float
    inputs: dict[str, bool]
    has_dispatch: bool
    is_active: bool
    run_seconds: float
    conclusion: str


class Run(Struct, frozen=True, kw_only=True):
    """A run of a workflow, which ends by the clock."""

    id: int
    number: int
    workflow: WorkflowFile
    ref: str
    commit: str
    inputs: dict[str, Any]
    created_at: float
    ends_at: float
    conclusion: str

    def status(self, now: float) -> str:
        """What it does now."""
        if now >= self.ends_at:
            return "completed"
        return "in_progress" if now >= self.created_at + _QUEUED_SECONDS else "queued"

    def changed_at(self, now: float) -> float:
        """When its status changed last."""
        changes = (self.ends_at, self.created_at + _QUEUED_SECONDS)
        return next((change for change in changes if now >= change), self.created_at)


class Outcome(StrEnum):
    """What became of a pull request."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class Pull(Struct, kw_only=True):
    """A pull request; `head_owner` is whose branch it is. `diff` and `is_mergeable` are for where no git is."""

    id: int
    number: int
    title: str
    body: str
    author: str
    head: str
    head_owner: str
    head_commit: str
    base: str
    base_commit: str
    created_at: float
    updated_at: float
    is_draft: bool = False
    outcome: Outcome = Outcome.OPEN
    ended_at: float | None = None
    merge_commit: str = ""
    diff: str = ""
    is_mergeable: bool | None = True


class Analysis(Struct, frozen=True, kw_only=True):
    """A code-scanning analysis and the SARIF that was uploaded for it."""

    id: int
    ref: str
    commit: str
    tool: str
    tool_version: str
    category: str
    created_at: float
    error: str
    warning: str
    results: int
    rules: int
    sarif: bytes


class Repository(Struct, kw_only=True):
    """A repository. What is in lists comes oldest first; `has_code_scanning` False is one where nobody enabled it.

    Where `git` stands behind it, branches, diffs and merges are those of a real repository; else they are made up.
    """

    id: int
    owner: Account
    name: str
    default_branch: str
    created_at: float
    parent: Repository | None = None
    is_private: bool = False
    is_archived: bool = False
    has_code_scanning: bool = True
    branches: dict[str, list[Commit]] = field(default_factory=dict)
    workflows: dict[str, WorkflowFile] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    pulls: dict[int, Pull] = field(default_factory=dict)
    analyses: list[Analysis] = field(default_factory=list)
    issues: dict[int, Issue] = field(default_factory=dict)
    talks: dict[int, Talk] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    check_runs: list[CheckRun] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    required: dict[str, Required] = field(default_factory=dict)
    git: BareGit | None = None
    commits_made: int = 0

    @property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.owner.login}/{self.name}"

    def tip(self, branch: str) -> str:
        """The newest commit of a branch; of one that is not known or empty, a commit that only its name decides."""
        if self.git and (tip := self.git.tip(branch)):
            return tip
        commits = self.branches.get(branch)
        return commits[-1].sha if commits else _sha(self.id, branch)

    def commits(self, branch: str) -> list[Commit]:
        """Those of a branch, oldest first; none for one that is not known."""
        return self.git.commits(branch) if self.git else self.branches.get(branch, [])

    def next_number(self) -> int:
        """A number that no issue and no pull request has."""
        return max((*self.issues, *self.pulls), default=0) + 1

    def numbered(self, number: int) -> Issue | Pull:
        """The issue or pull request of that number.

        Raises:
            Problem: 404, there is none.
        """
        found = self.issues.get(number) or self.pulls.get(number)
        if found is None:
            raise Problem(404, "Not Found")
        return found

    def talk(self, number: int) -> Talk:
        """What is said of it."""
        return self.talks.setdefault(number, Talk())

    def commit(self, branch: str, at: float, message: str) -> Commit:
        """Add a commit to a branch, at the place that its time gives it."""
        self.commits_made += 1
        made = Commit(at=at, sha=_sha(self.id, str(self.commits_made)), message=message)
        insort(self.branches.setdefault(branch, []), made, key=lambda one: one.at)
        return made


def _sha(number: int, what: str) -> str:
    return sha1(f"{number} {what}".encode(), usedforsecurity=False).hexdigest()
