"""When a repository is scanned, and by whom."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from codeql_fixer.domain.severity import SeverityTier


class Schedule(StrEnum):
    """How often."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"  # thirty days
    NEVER = "never"

    @property
    def interval(self) -> timedelta | None:
        """The time from one scan to the next; None for never."""
        return _INTERVALS[self]


_INTERVALS: dict[Schedule, timedelta | None] = {
    Schedule.HOURLY: timedelta(hours=1),
    Schedule.DAILY: timedelta(days=1),
    Schedule.WEEKLY: timedelta(days=7),
    Schedule.BIWEEKLY: timedelta(days=14),
    Schedule.MONTHLY: timedelta(days=30),
    Schedule.NEVER: None,
}


class ScanSource(StrEnum):
    """Where scans come from."""

    WORKFLOW = "workflow"  # we trigger a run of the control repository's workflow
    DIRECT = "direct"  # the orchestrator scans its own checkout: for the control repository
    CODE_SCANNING = "code-scanning"  # the newest analysis that GitHub has already is fetched
    SELF_REPORTED = "self-reported"  # the target's own step writes to the ledger


class ScanOptions(Struct, frozen=True, kw_only=True):
    """What a scan that we trigger is told; empty means the workflow's own default."""

    languages: str = ""
    queries: str = ""
    severity_threshold: SeverityTier = SeverityTier.LOW
    include_paths: str = ""
    exclude_paths: str = ""
