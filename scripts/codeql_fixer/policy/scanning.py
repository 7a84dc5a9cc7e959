"""When a repository is scanned next. Due means due, however late: a schedule that was missed is made up for at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from codeql_fixer.domain.queue import ScanState
from codeql_fixer.domain.registry import RepositoryEntry
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.policy.plain_text import counted

# A job on GitHub's own runners ends after 6 h at the latest (docs.github.com, "Usage limits"): a scan that has not
# reported by then never will.
PATIENCE = timedelta(hours=6)
# After the first, the second and every further request in a row that no scan followed, counted from when it failed.
BACK_OFF = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))


class ScanFacts(Struct, frozen=True, kw_only=True):
    """What is known of the scans of a repository.

    `requests` are the times at which we asked for one, earliest first; those that a scan followed do not matter.
    `commits_since` is how many commits its branch got since the last scan, None when nobody counted.
    """

    entry: RepositoryEntry
    now: datetime
    last_scan_at: datetime | None = None
    requests: tuple[datetime, ...] = ()
    commits_since: int | None = None


def scan_facts(entry: RepositoryEntry, state: ScanState | None, now: datetime) -> ScanFacts:
    """What is known of a repository of which the index says this much; None for nothing."""
    known = state or ScanState()
    return ScanFacts(entry=entry, now=now, last_scan_at=known.last_at, requests=known.requests)


class ScanDue(Struct, frozen=True):
    """The repository is to be scanned now."""

    reason: str


class NotDue(Struct, frozen=True):
    """It is not, and the earliest time at which that could change; None when only somebody's doing changes it."""

    reason: str
    next_at: datetime | None = None


def due(facts: ScanFacts) -> ScanDue | NotDue:
    """Whether a repository is to be scanned now.

    A request that may be running is never repeated. One that no scan followed within 6 h has failed, and another is
    made 1 h, 4 h and then 24 h later. Else the schedule decides, or as many commits as the operator finds enough.
    """
    interval = facts.entry.schedule.interval
    if interval is None:
        return NotDue("its schedule is never")
    return _never(facts.entry) or _while_asked(facts) or _by_schedule(facts, interval)


def _never(entry: RepositoryEntry) -> NotDue | None:
    if not entry.is_enabled:
        return NotDue("the repository is disabled")
    if entry.scan_source is ScanSource.SELF_REPORTED:
        return NotDue("its own workflow scans it and reports")
    return None if entry.auto_scan else NotDue("auto_scan is off")


def _while_asked(facts: ScanFacts) -> NotDue | None:
    last = facts.last_scan_at
    asked = [at for at in facts.requests if last is None or at > last]
    if not asked:
        return None
    failed_at = asked[-1] + PATIENCE
    if facts.now < failed_at:
        return NotDue(f"a scan was asked for at {asked[-1]:%Y-%m-%d %H:%M} and may be running", failed_at)
    next_at = failed_at + BACK_OFF[min(len(asked), len(BACK_OFF)) - 1]
    if facts.now < next_at:
        return NotDue(f"no scan followed {counted(len(asked), 'request')}", next_at)
    return None


def _by_schedule(facts: ScanFacts, interval: timedelta) -> ScanDue | NotDue:
    entry, last = facts.entry, facts.last_scan_at
    if last is None:
        return ScanDue("it was never scanned")
    if facts.now >= last + interval:
        return ScanDue(f"{entry.schedule}, and the last scan was at {last:%Y-%m-%d %H:%M}")
    commits, enough = facts.commits_since, entry.adaptive_commit_threshold
    if commits is not None and enough is not None and commits >= enough:
        return ScanDue(f"{counted(commits, 'commit')} since the last scan, {enough} are enough")
    return NotDue(f"{entry.schedule}, and the last scan was at {last:%Y-%m-%d %H:%M}", last + interval)
