"""Forge: where repositories live and changes are proposed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from codeql_fixer.domain.cycle import PullRequestState

if TYPE_CHECKING:
    from collections.abc import Iterator


class Proposal(Struct, frozen=True, kw_only=True):
    """A change to propose: branch `head`, already pushed, into `base`. `body` is Markdown."""

    repository: str
    head: str
    base: str
    title: str
    body: str


class PullRequest(Struct, frozen=True, kw_only=True):
    """A pull request as the forge describes it now.

    `head_repository` is where the branch is, which may be a stranger's fork. It, `author` and `updated_at` are empty
    where the forge does not tell, or they are gone.
    """

    repository: str
    number: int
    url: str
    state: PullRequestState
    head: str
    base: str
    title: str
    body: str = ""
    author: str = ""
    head_repository: str = ""
    head_commit: str = ""
    merge_commit: str = ""
    is_draft: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    merged_at: datetime | None = None


class Forge(Protocol):
    """Repositories and pull requests. Repositories are owner/name.

    Raises:
        UserError: there is no such repository or pull request, or it may not be written.
        UpstreamError: the forge does not answer.
    """

    def clone_url(self, repository: str) -> str:
        """What git clones and pushes to; holds no secret."""
        ...

    def default_branch(self, repository: str) -> str:
        """The branch that proposals go to."""
        ...

    def propose(self, proposal: Proposal) -> PullRequest:
        """Open a pull request; the same head again gives the one that is there."""
        ...

    def pull_request(self, repository: str, number: int) -> PullRequest:
        """One pull request."""
        ...

    def pull_requests(self, repository: str, *, head_prefix: str = "") -> Iterator[PullRequest]:
        """All pull requests whose branch starts so, newest first."""
        ...
