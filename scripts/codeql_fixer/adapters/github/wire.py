"""GitHub's answers as values: what is missing or of another type fails here, with its place."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.ports.forge import PullRequest
from codeql_fixer.ports.hosting import Analysis, HostedRepository, WorkflowRun
from codeql_fixer.transport.errors import DamagedAnswerError
from codeql_fixer.transport.message_types import ready

T = TypeVar("T")


class _Named(Struct, frozen=True):
    full_name: str


class _Repository(Struct, frozen=True):
    full_name: str
    fork: bool
    default_branch: str
    archived: bool = False
    parent: _Named | None = None


class _User(Struct, frozen=True):
    login: str


class _Branch(Struct, frozen=True):
    ref: str
    sha: str
    repo: _Named | None = None


class _PullRequest(Struct, frozen=True):
    number: int
    html_url: str
    state: str
    title: str
    head: _Branch
    base: _Branch
    created_at: datetime
    updated_at: datetime
    user: _User | None = None
    body: str | None = None
    draft: bool | None = None
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None


class _Tool(Struct, frozen=True):
    name: str | None = None


class _Analysis(Struct, frozen=True):
    id: int
    commit_sha: str
    created_at: datetime
    error: str
    results_count: int
    tool: _Tool
    category: str | None = None


class _Run(Struct, frozen=True):
    id: int
    html_url: str
    created_at: datetime
    status: str | None = None
    conclusion: str | None = None


class _Started(Struct, frozen=True):
    html_url: str


def parse_repository(body: Any) -> HostedRepository:  # noqa: ANN401 - JSON says anything
    """A `full-repository` or one of a list, which does not tell parents."""
    found = parsed(body, _Repository, "a repository")
    return HostedRepository(
        name=found.full_name,
        default_branch=found.default_branch,
        is_fork=found.fork,
        parent=found.parent.full_name if found.parent else "",
        is_archived=found.archived,
    )


def parse_pull_request(body: Any, repository: str) -> PullRequest:  # noqa: ANN401 - JSON says anything
    """A `pull-request` or one of a list. The merge commit of one that is not merged is a trial and nobody's."""
    found = parsed(body, _PullRequest, "a pull request")
    state = PullRequestState.OPEN if found.state == "open" else PullRequestState.CLOSED
    return PullRequest(
        repository=repository,
        number=found.number,
        url=found.html_url,
        state=PullRequestState.MERGED if found.merged_at else state,
        head=found.head.ref,
        base=found.base.ref,
        title=found.title,
        body=found.body or "",
        head_repository=found.head.repo.full_name if found.head.repo else "",
        head_commit=found.head.sha,
        merge_commit=(found.merge_commit_sha or "") if found.merged_at else "",
        author=found.user.login if found.user else "",
        is_draft=bool(found.draft),
        created_at=found.created_at,
        updated_at=found.updated_at,
        merged_at=found.merged_at,
    )


def parse_analysis(body: Any) -> Analysis:  # noqa: ANN401 - JSON says anything
    """A `code-scanning-analysis`."""
    found = parsed(body, _Analysis, "an analysis")
    return Analysis(
        id=found.id,
        tool=found.tool.name or "",
        category=found.category or "",
        commit=found.commit_sha,
        created_at=found.created_at,
        error=found.error,
        results=found.results_count,
    )


def parse_run(body: Any) -> WorkflowRun:  # noqa: ANN401 - JSON says anything
    """A `workflow-run`."""
    found = parsed(body, _Run, "a run of a workflow")
    return WorkflowRun(
        id=found.id,
        url=found.html_url,
        is_completed=found.status == "completed",
        conclusion=found.conclusion or "",
        created_at=found.created_at,
    )


def parse_started(body: Any) -> str:  # noqa: ANN401 - JSON says anything
    """The page of the run that was started, "" where the answer is empty (204)."""
    return "" if body is None else parsed(body, _Started, "a run that was started").html_url


def parsed(body: Any, kind: type[T], what: str) -> T:  # noqa: ANN401 - JSON says anything
    """An answer as a value.

    Raises:
        DamagedAnswerError: something is missing or of another type; says where.
    """
    try:
        return msgspec.convert(body, ready(kind))
    except msgspec.ValidationError as error:
        problem = f"GitHub describes {what} in another way than its documentation"
        raise DamagedAnswerError(problem, words=str(error)) from error
