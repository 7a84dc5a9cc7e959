"""What the admin surface takes; docs/guides/github-twin.md has the table."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from codeql_fixer.twin.github.model_of_review import Annotation, Association, ReviewState, RunConclusion, RunStatus

_MOST_COMMITS = 100_000
MOST_SECONDS = 2**32
"""A time after 2100, for which dates can still be written."""
PullAction = Literal["merge", "close", "reopen", "draft", "ready", "push", "edit"]


class NewRepository(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a repository is to be."""

    default_branch: str = "main"
    fork_of: str = ""
    is_private: bool = False
    is_archived: bool = False
    has_code_scanning: bool = True
    owner_kind: Literal["Organization", "User"] = "Organization"
    has_commits: bool = True


class Rename(Struct, frozen=True, forbid_unknown_fields=True):
    """The new owner/name."""

    to: str


class NewCommits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many commits, the last one at this time and each so long after the one before."""

    count: Annotated[int, Meta(ge=1, le=_MOST_COMMITS)] = 1
    branch: str = ""
    at: Annotated[float, Meta(ge=0, le=MOST_SECONDS)] | None = None
    every_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    message: str = "Change something"


class NewWorkflow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`inputs` says of each input whether it is required."""

    inputs: dict[str, bool] = {}
    has_dispatch: bool = True
    is_active: bool = True
    run_seconds: Annotated[float, Meta(ge=0, le=MOST_SECONDS)] = 300.0
    conclusion: str = "success"


class NewPull(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`number` None takes the next one; `head_owner` "" is the repository's own.

    `diff` and `is_mergeable`, None for not known yet, are for repositories without git behind them.
    """

    head: str
    title: str = "A change"
    body: str = ""
    base: str = ""
    head_owner: str = ""
    author: str = "somebody"
    is_draft: bool = False
    number: Annotated[int, Meta(ge=1)] | None = None
    diff: str = ""
    is_mergeable: bool | None = True


class PullChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to a pull request, and a new text where there is one."""

    action: PullAction
    title: str | None = None
    body: str | None = None
    diff: str | UnsetType = UNSET
    is_mergeable: bool | UnsetType | None = UNSET


class NewAnalysis(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sarif` is JSON, or a text for what is to be damaged."""

    sarif: Raw
    ref: str = ""
    commit: str = ""
    tool: str = "CodeQL"
    tool_version: str = "2.20.0"
    category: str = ""
    error: str = ""
    warning: str = ""
    at: Annotated[float, Meta(ge=0, le=MOST_SECONDS)] | None = None


class Behind(Struct, frozen=True, forbid_unknown_fields=True):
    """A bare repository of this machine."""

    path: str


class NewIssue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody's issue."""

    title: str
    body: str = ""
    author: str = "somebody"


class NewComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody says."""

    body: str
    author: str = "somebody"


class NewRemark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment on a line; `author` "" is the reviewer, `line` None one that has gone."""

    body: str
    path: str
    line: Annotated[int, Meta(ge=1)] | None = None
    diff_hunk: str = ""
    author: str = ""


class NewReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A review; `commit` "" is the newest. `is_loose`: its comments are part of no review, which is not there."""

    state: ReviewState
    author: str = "somebody"
    body: str = ""
    commit: str = ""
    comments: tuple[NewRemark, ...] = ()
    is_loose: bool = False
    association: Association = "MEMBER"


class NewCheck(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A check run; `log` is of its job where GitHub Actions runs it."""

    commit: str
    name: str
    app: str = "github-actions"
    status: RunStatus = "completed"
    conclusion: RunConclusion = "success"
    external_id: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: tuple[Annotation, ...] = ()
    log: str = ""


class NewApp(Struct, frozen=True, forbid_unknown_fields=True):
    """An App by the name in its address."""

    slug: str = "codeql-fixer"


class NewInstallation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which repositories of the account, owner/name; none means all."""

    repositories: tuple[str, ...] = ()
