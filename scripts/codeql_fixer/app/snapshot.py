"""Renders the snapshot: the state of the fleet in one file, for people and older tools; nothing reads it as truth."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.domain.snapshot import DispatchHistory, ObjectiveState, RepositoryState, ScanTimes, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.app.author import Author
    from codeql_fixer.app.planner import Planner
    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.domain.objective import Progress

_MEMORY = timedelta(days=30)


def snapshot_of(planner: Planner, author: Author, progresses: Iterable[Progress]) -> Snapshot:
    """The state that the index reflects; `progresses` say how far objectives are in it."""
    index, registry, now = planner.index, planner.registry, author.clock()
    period = timedelta(hours=registry.global_session_limit_period_hours)
    claims = index.claims(now - max(_MEMORY, period))
    scans = index.scans()
    counts: dict[str, dict[str, int]] = {}
    for row in index.status(now, ()):
        states = counts.setdefault(row.repository, {})
        states[row.lifecycle.value] = states.get(row.lifecycle.value, 0) + row.issues
    return Snapshot(
        schema_version=1,
        kind="snapshot",
        id="orchestrator_state",
        recorded_at=now,
        producer=author.producer,
        ledger_commit=index.position().tip,
        last_cycle=now,
        repositories=tuple(
            RepositoryState(target_repo=row.name, issues=counts.get(row.name, {}), last_scan_at=row.last_run_at)
            for row in index.repositories()
        ),
        created_timestamps=tuple(
            claim.claimed_at for claim in claims if claim.has_session and claim.claimed_at > now - period
        ),
        dispatch_history=_history(claims),
        objective_progress=tuple(
            ObjectiveState(
                name=one.objective.name, current_count=one.open_issues, target_count=one.target, met=one.is_met
            )
            for one in progresses
        ),
        scan_schedule=tuple(
            ScanTimes(
                target_repo=entry.repository,
                last_scan=state.last_at if (state := scans.get(name)) else None,
                next_due=state.last_at + entry.schedule.interval
                if state and state.last_at and entry.schedule.interval
                else None,
            )
            for name, entry in sorted(registry.repositories.items())
            if entry.auto_scan
        ),
    )


def _history(claims: list[Claim]) -> tuple[DispatchHistory, ...]:
    """The last dispatch of every issue, and how often it was dispatched."""
    by_issue: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        for name in claim.fingerprints:
            by_issue.setdefault((claim.repository, name), []).append(claim)
    return tuple(
        DispatchHistory(
            target_repo=repository,
            fingerprint=name,
            dispatch_count=sum(claim.has_session for claim in found),
            last_dispatched=found[-1].claimed_at,
            last_session_id=found[-1].session_id,
            last_outcome=found[-1].session or found[-1].outcome or "unknown",
        )
        for (repository, name), found in sorted(by_issue.items())
    )
