"""What the forge tells about a pull request beside its state: reviews, checks, and whether it can be merged."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class ReviewState(StrEnum):
    """What a reviewer decided."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


class ReviewComment(Struct, frozen=True, kw_only=True):
    """A remark on a line, which counts from 1; None where the forge knows none any more. `diff_hunk` is its context."""

    author: str
    body: str
    file: str = ""
    line: int | None = None
    diff_hunk: str = ""


class Review(Struct, frozen=True, kw_only=True):
    """One review, submitted at `at` on `commit`; `body` is the overall note.

    `may_decide` is False for strangers: on a public repository anybody may write one, and nobody's words but those of
    the repository's own people are to start paid work.
    """

    id: str
    author: str
    state: ReviewState
    at: datetime
    body: str = ""
    commit: str = ""
    comments: tuple[ReviewComment, ...] = ()
    may_decide: bool = True


class CheckState(StrEnum):
    """How a check of a commit stands."""

    PENDING = "pending"
    PASSED = "passed"  # also: neutral and skipped ones, which hold nothing up
    FAILED = "failed"  # also: timed out, cancelled, wants a person's action


class Check(Struct, frozen=True, kw_only=True):
    """One check of a commit. `is_required` is None where the forge does not tell; `log` is the end of what it said."""

    id: str
    name: str
    state: CheckState
    is_required: bool | None = None
    url: str = ""
    log: str = ""


class Conclusion(StrEnum):
    """What our own check says of a commit."""

    SUCCESS = "success"
    NEUTRAL = "neutral"
    FAILURE = "failure"


class CheckReport(Struct, frozen=True, kw_only=True):
    """Our own check on a commit; `summary` is Markdown."""

    commit: str
    name: str
    conclusion: Conclusion
    title: str
    summary: str
