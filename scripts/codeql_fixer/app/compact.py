"""Packs old scan runs, so that years are a few files and not a hundred thousand; what a reader reads stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.errors import DamagedRecordError
from codeql_fixer.policy.compaction import packs_of
from codeql_fixer.ports.ledger import Damaged, Stored

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.ports.ledger import Ledger


class Compacted(Struct, frozen=True):
    """How many packs there are now, and how many records they hold."""

    packs: int
    records: int


def compact(ledger: Ledger, before: datetime, *, is_dry_run: bool) -> Compacted:
    """Pack whole months before a moment.

    Raises:
        DamagedRecordError: something cannot be read; packing around it could hide it.
        LedgerNotWrittenError: the ledger is as it was.
    """
    records = []
    for entry in ledger.read_since("").entries:
        if isinstance(entry, Damaged):
            raise DamagedRecordError(entry.path, "", entry.problem, remedy="mend it before compacting")
        if isinstance(entry, Stored):
            records.append(entry.record)
    packs = packs_of(records, before)
    if packs and not is_dry_run:
        ledger.compact(packs)
    return Compacted(len(packs), sum(map(len, packs.values())))
