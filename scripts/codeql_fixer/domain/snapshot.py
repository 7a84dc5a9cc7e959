"""The snapshot: the state for people and older tools. The only record that is replaced, and never read as truth."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from codeql_fixer.domain.record import Count, Fingerprint, Record, RepositoryName, Time


class RepositoryState(Struct, frozen=True, kw_only=True):
    """Issues of one repository by lifecycle, and its last scan."""

    target_repo: RepositoryName
    issues: dict[str, Count]
    last_scan_at: Time | None = None


class DispatchHistory(Struct, frozen=True, kw_only=True):
    """What was tried for an issue lately."""

    target_repo: RepositoryName
    fingerprint: Fingerprint
    dispatch_count: Count
    last_dispatched: Time
    last_session_id: str
    last_outcome: str


class ObjectiveState(Struct, frozen=True, kw_only=True):
    """How far an objective is; `target_count` is None while a reduction has no baseline."""

    name: str
    current_count: Count
    target_count: Count | None
    met: bool


class ScanTimes(Struct, frozen=True, kw_only=True):
    """When a repository was scanned, and when it is due again by its schedule."""

    target_repo: RepositoryName
    last_scan: Time | None
    next_due: Time | None


class Snapshot(Record, frozen=True, kw_only=True):
    """The fleet as the index knew it at `ledger_commit`; `created_timestamps` are the sessions of the last period."""

    schema_version: Literal[1]
    kind: Literal["snapshot"]
    id: Literal["orchestrator_state"]
    ledger_commit: str
    last_cycle: Time | None
    repositories: tuple[RepositoryState, ...]
    created_timestamps: tuple[Time, ...] = ()
    dispatch_history: tuple[DispatchHistory, ...] = ()
    objective_progress: tuple[ObjectiveState, ...] = ()
    scan_schedule: tuple[ScanTimes, ...] = ()
