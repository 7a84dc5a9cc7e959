"""Which scan runs may be packed (ADR 9): whole months that are over. All about money and proof stays as it is."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.errors import DamagedRecordError
from codeql_fixer.policy.ledger_paths import pack_of, path_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from codeql_fixer.domain.kinds import AnyRecord


def packs_of(records: Iterable[AnyRecord], before: datetime) -> dict[str, list[AnyRecord]]:
    """Path of a pack to what belongs into it: scan runs of one repository and month.

    Args:
        records: all records; those that are packed already belong among them.
        before: months that end later than this stay as they are.

    Raises:
        DamagedRecordError: two different records are in one place, of which a pack would hide one.
    """
    packs: dict[str, dict[str, AnyRecord]] = {}
    for record in records:
        if isinstance(record, ScanRun) and _month_of(record.recorded_at) < _month_of(before):
            path = path_of(record)
            pack = packs.setdefault(pack_of(path), {})
            if pack.setdefault(path, record) != record:
                raise DamagedRecordError(path, "", "is there twice, with different contents", remedy="remove one")
    return {path: list(pack.values()) for path, pack in packs.items()}


def _month_of(time: datetime) -> tuple[int, int]:
    at = time.astimezone(UTC)
    return at.year, at.month
