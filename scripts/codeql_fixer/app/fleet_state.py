"""How the fleet stands: limits, objectives, sessions at work and the next scans."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.facts import facts_of
from codeql_fixer.domain.objective import Progress
from codeql_fixer.policy.monitoring import FailingFamily, is_overdue
from codeql_fixer.policy.room import Room, Spent
from codeql_fixer.policy.scanning import ScanDue, due, scan_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.app.planner import Planner

_MEMORY = timedelta(days=30)


class LimitState(Struct, frozen=True, kw_only=True):
    """A limit, and what is used of it."""

    name: str
    used: float
    limit: int


class SessionState(Struct, frozen=True, kw_only=True):
    """A session at work; `is_overdue` when it takes longer than sessions for its family do."""

    repository: str
    session_id: str
    family: str
    since: datetime
    is_overdue: bool


class NextScan(Struct, frozen=True, kw_only=True):
    """When a repository is scanned next, as far as the schedule says; None when only somebody's doing changes that."""

    repository: str
    is_due: bool
    at: datetime | None
    reason: str


class FleetState(Struct, frozen=True, kw_only=True):
    """All of it; `paused` is "" while nothing holds the fleet.

    `stopped_families` are those for which no session starts, `spent` the limits over a stretch of time.
    """

    paused: str
    limits: tuple[LimitState, ...]
    objectives: tuple[Progress, ...]
    sessions: tuple[SessionState, ...]
    scans: tuple[NextScan, ...]
    stopped_families: tuple[FailingFamily, ...]
    spent: tuple[Spent, ...]


def fleet_state(planner: Planner, now: datetime, *, note: str | None = None) -> FleetState:
    """The state that the index reflects; `note` is what `Ledger.pause` gave."""
    limits = planner.limits()
    facts = facts_of(planner.index, limits, now, note=note)
    durations = planner.index.session_durations(now - _MEMORY)
    room = Room(facts, limits)
    at_work = [claim for claim in facts.claims if claim.is_at_work]
    return FleetState(
        paused=facts.paused,
        limits=tuple(LimitState(name=name, used=used, limit=most) for name, used, most in room.fleet()),
        objectives=tuple(planner.progresses(now)),
        sessions=tuple(
            SessionState(
                repository=claim.repository,
                session_id=claim.session_id,
                family=claim.family,
                since=claim.claimed_at,
                is_overdue=is_overdue(now - claim.claimed_at, durations.get(claim.family, ())),
            )
            for claim in at_work
        ),
        scans=tuple(sorted(_scans(planner, now), key=_soonest)),
        stopped_families=tuple(family for family in facts.failing.values() if family.until > now),
        spent=tuple(room.spent()),
    )


def _scans(planner: Planner, now: datetime) -> Iterator[NextScan]:
    states = planner.index.scans()
    for name, entry in sorted(planner.registry.repositories.items()):
        decision = due(scan_facts(entry, states.get(name), now))
        yield NextScan(
            repository=entry.repository,
            is_due=isinstance(decision, ScanDue),
            at=None if isinstance(decision, ScanDue) else decision.next_at,
            reason=decision.reason,
        )


def _soonest(scan: NextScan) -> tuple[bool, bool, float, str]:
    return (not scan.is_due, scan.at is None, scan.at.timestamp() if scan.at else 0.0, scan.repository)
