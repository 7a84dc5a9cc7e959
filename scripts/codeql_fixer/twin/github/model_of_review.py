"""What a twin of GitHub knows of talk about changes: issues, comments, labels, reviews, checks. Times are seconds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

ReviewState = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]
Association = Literal["OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR", "NONE"]
RunStatus = Literal["queued", "in_progress", "completed"]
RunConclusion = Literal["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"]
StatusState = Literal["error", "failure", "pending", "success"]


class Label(Struct, frozen=True, kw_only=True):
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str = ""


class Comment(Struct, kw_only=True):
    """A comment on an issue or pull request."""

    id: int
    author: str
    body: str
    created_at: float
    updated_at: float


class Issue(Struct, kw_only=True):
    """An issue; it has a number that no pull request has."""

    id: int
    number: int
    author: str
    title: str
    body: str
    created_at: float
    updated_at: float
    closed_at: float | None = None


class Review(Struct, kw_only=True):
    """A review of a pull request; one that is PENDING is not submitted."""

    id: int
    author: str
    state: ReviewState
    body: str
    commit: str
    at: float
    association: Association = "MEMBER"


class Remark(Struct, frozen=True, kw_only=True):
    """A comment on a line; `review` None is one of before there were reviews, `line` None one whose line has gone."""

    id: int
    author: str
    body: str
    path: str
    line: int | None
    diff_hunk: str
    commit: str
    review: int | None
    at: float


class Annotation(Struct, frozen=True, kw_only=True):
    """What a check says of a line."""

    path: str
    line: int
    message: str
    level: str = "failure"


class CheckRun(Struct, kw_only=True):
    """A check by an App, and the log of its job where it is one of GitHub Actions."""

    id: int
    app: str
    commit: str
    name: str
    status: RunStatus
    conclusion: RunConclusion | None
    started_at: float
    external_id: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: tuple[Annotation, ...] = ()
    log: str = ""


class Status(Struct, frozen=True, kw_only=True):
    """A check by anybody else."""

    id: int
    commit: str
    creator: str
    context: str
    state: StatusState
    description: str | None
    target_url: str | None
    at: float


class Required(Struct, frozen=True, kw_only=True):
    """What has to pass on a branch, by its protection and by rules; `is_hidden` from those who ask."""

    protection: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    is_hidden: bool = False


class Talk(Struct, kw_only=True):
    """What is said of an issue or pull request."""

    comments: list[Comment] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
