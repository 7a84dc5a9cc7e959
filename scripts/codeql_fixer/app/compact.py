"""Packs old scan runs, so that years are a few files and not a hundred thousand; what a reader reads stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.replay import sound
from codeql_fixer.errors import LedgerNotWrittenError
from codeql_fixer.policy.compaction import packs_of
from codeql_fixer.ports.ledger import Landed

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.ports.ledger import Ledger

_TRIES = 5


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
    if not is_dry_run:
        ledger.append([])  # what waits in the inbox goes where it belongs first
    for _ in range(_TRIES):
        changes = ledger.read_since("")
        packs = packs_of(map(sound, changes.entries), before)
        done = Compacted(len(packs), sum(map(len, packs.values())))
        if is_dry_run or not packs or isinstance(ledger.compact(packs, expected_tip=changes.tip), Landed):
            return done
    raise LedgerNotWrittenError(f"others wrote to the ledger each of the {_TRIES} times; try again when fewer do")
