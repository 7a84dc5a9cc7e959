"""Hosting: what the service that hosts a fleet's repositories tells about them, and what is started there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codeql_fixer.ports.forge import PullRequest


class HostedRepository(Struct, frozen=True, kw_only=True):
    """A repository under its present name, owner/name. `parent` is what a fork was made of, "" where nobody told."""

    name: str
    default_branch: str
    is_fork: bool = False
    parent: str = ""
    is_archived: bool = False


class Workflow(Struct, frozen=True, kw_only=True):
    """A workflow that can be started: the name of its file, and the branch or tag it is taken from."""

    repository: str
    file: str
    ref: str


class WorkflowRun(Struct, frozen=True, kw_only=True):
    """A run of a workflow; `conclusion` is "" until it is completed."""

    id: int
    url: str
    is_completed: bool
    conclusion: str
    created_at: datetime


class Analysis(Struct, frozen=True, kw_only=True):
    """What one tool found in one category at a commit; `error` is "" where the host took the results in."""

    id: int
    tool: str
    category: str
    commit: str
    created_at: datetime
    error: str
    results: int


class PullRequestSource(Protocol):
    """The pull requests of repositories; a part of a host, and of a forge on this machine.

    Raises:
        UserError: there is no such thing, or the token may not see it; the message has the remedy.
        RateLimitedError: no more calls for now; nothing was done.
        UpstreamError: the service does not answer, or not in words that can be read.
    """

    def pull_requests(self, name: str, /, *, head_prefix: str, since: datetime) -> Iterator[PullRequest]:
        """Pull requests whose branch starts so and that changed since then, and perhaps others."""
        ...

    def pull_request(self, name: str, number: int, /) -> PullRequest:
        """One pull request."""
        ...


class Hosting(Protocol):
    """Repositories and what happens in them; old names lead to the new ones.

    Raises:
        UserError: there is no such thing, or the token may not see or do it; the message has the remedy.
        RateLimitedError: no more calls for now; nothing was done.
        UpstreamError: the service does not answer, or not in words that can be read.
    """

    def repository(self, name: str) -> HostedRepository:
        """One repository."""
        ...

    def repositories(self, owner: str) -> Iterator[HostedRepository]:
        """All repositories of an organization or user that the token sees, without the parents of forks."""
        ...

    def commits_since(self, name: str, since: datetime, branch: str) -> int:
        """How many commits a branch, "" for the default one, got since then; 0 for a repository without commits."""
        ...

    def trigger(self, workflow: Workflow, inputs: Mapping[str, str]) -> str:
        """Start a run; its page, or "" where the host does not tell.

        Raises:
            WorkflowUnsettledError: nobody can tell whether it was started.
        """
        ...

    def runs(self, workflow: Workflow, *, since: datetime) -> Iterator[WorkflowRun]:
        """Runs of a workflow, on whatever ref, that were created since then, newest first."""
        ...

    def pull_requests(self, name: str, *, head_prefix: str, since: datetime) -> Iterator[PullRequest]:
        """Pull requests whose branch starts so and that changed since then, the one that changed last first."""
        ...

    def pull_request(self, name: str, number: int) -> PullRequest:
        """One pull request."""
        ...

    def newest_analyses(self, name: str, ref: str) -> list[Analysis]:
        """The newest analysis of each tool and category on a branch or ref, newest first."""
        ...

    def sarif(self, name: str, analysis_id: int) -> bytes:
        """What was uploaded for an analysis."""
        ...
