"""The snapshot: the state for people and older tools. The only record that is replaced, and never read as truth."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from codeql_fixer.domain.record import Count, Record, RepositoryName, Time


class RepositoryState(Struct, frozen=True, kw_only=True):
    """Issues of one repository by lifecycle, and its last scan."""

    target_repo: RepositoryName
    issues: dict[str, Count]
    last_scan_at: Time | None = None


class Snapshot(Record, frozen=True, kw_only=True):
    """The fleet as the index knew it at `ledger_commit`."""

    schema_version: Literal[1]
    kind: Literal["snapshot"]
    id: Literal["orchestrator_state"]
    ledger_commit: str
    last_cycle: Time | None
    repositories: tuple[RepositoryState, ...]
