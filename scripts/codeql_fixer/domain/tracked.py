"""What is known about an issue across scans, and the attempts to fix it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier


class Tracking(StrEnum):
    """What the scans alone say about an issue."""

    NEW = "new"
    RECURRING = "recurring"
    REGRESSED = "regressed"  # it was fixed once and is back
    FIXED = "fixed"  # a comparable scan did not find it
    RENAMED = "renamed"  # it lives on under another fingerprint

    @property
    def is_open(self) -> bool:
        """True while nothing proves that the issue is gone."""
        return self in _OPEN


_OPEN = frozenset({Tracking.NEW, Tracking.RECURRING, Tracking.REGRESSED})


class Lifecycle(StrEnum):
    """The most advanced state of an issue that the facts prove."""

    NEW = "new"
    RECURRING = "recurring"
    REGRESSED = "regressed"
    SESSION_DISPATCHED = "session_dispatched"
    PR_OPEN = "pr_open"
    PR_MERGED = "pr_merged"
    VERIFIED_FIXED = "verified_fixed"
    FIXED = "fixed"
    DISMISSED = "dismissed"
    NEEDS_HUMAN = "needs_human"


class TrackedIssue(Struct, gc=False):
    """An issue of one repository through all its scans; changed in place by policy/tracking.py only.

    `opened_at` is when the present trouble began: the first sighting, or the latest return. `doubt` says why the last
    scan that did not report it proves nothing ("" when none did so). `renamed_to` is the fingerprint it lives on under.
    `reach` is how many tenths of the repository's source files depend on its file, as far as the last scan measured it.
    """

    fingerprint: str
    fingerprint_version: int
    tracking: Tracking
    evidence: Evidence
    occurrence: int
    aliases: tuple[str, ...]
    first_seen_at: datetime
    first_run: str
    last_seen_at: datetime
    last_run: str
    opened_at: datetime
    rule_id: str = ""
    family: str = ""
    tier: SeverityTier = SeverityTier.NONE
    score: float | None = None
    file: str = ""
    start_line: int | None = None
    message: str = ""
    tool: str = ""
    category: str = ""
    appearances: int = 0
    fixed_at: datetime | None = None
    fixed_run: str = ""
    doubt: str = ""
    renamed_to: str = ""
    regressions: int = 0
    reach: int = 0
    key: int = 0  # of the index; 0 until it is saved


class Attempt(Struct, frozen=True):
    """One dispatch of an issue with what is known of its session and pull requests.

    `session_at` is when its session was last looked at, `detail` what was said about it then, or about its start.
    `reverted_at` is when its merged fix was taken back, `asked` why a person has to go on with its pull request. One
    that is not ours is the pull request of somebody else.
    """

    intent_id: str
    claimed_at: datetime
    outcome: DispatchStatus | None
    session: SessionState | None
    pull_requests: tuple[tuple[PullRequestState, datetime], ...] = ()
    number: int = 1
    agent: str = ""
    session_at: datetime | None = None
    detail: str = ""
    reverted_at: datetime | None = None
    asked: str = ""
    is_ours: bool = True
