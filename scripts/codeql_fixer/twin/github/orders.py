"""What the admin surface takes; docs/guides/github-twin.md has the table."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

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
    """`number` None takes the next one; `head_owner` "" is the repository's own."""

    head: str
    title: str = "A change"
    body: str = ""
    base: str = ""
    head_owner: str = ""
    author: str = "somebody"
    is_draft: bool = False
    number: Annotated[int, Meta(ge=1)] | None = None


class PullChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to a pull request, and a new text where there is one."""

    action: PullAction
    title: str | None = None
    body: str | None = None


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
