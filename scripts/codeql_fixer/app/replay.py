"""Puts records on the ledger that are in another one: kept ones after a failure, or those of the first generation."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from codeql_fixer.errors import DamagedRecordError, PlaceTakenError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.ports.ledger import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codeql_fixer.app.keep import Recorder
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Entry, Ledger

_PER_COMMIT = 500


def replay(kept: Ledger, recorder: Recorder, on_step: Callable[[str], None]) -> int:
    """Add every record that was kept; returns how many there are. Doing it twice changes nothing.

    Raises:
        DamagedRecordError: one of them is no record; nothing was written yet.
        PlaceTakenError: the ledger holds others in the places of some; all the rest is written.
        LedgerNotWrittenError: the ledger cannot be written.
    """
    records = [sound(entry) for entry in kept.read_since("").entries]
    return add_all(records, recorder, on_step)


def add_all(records: Iterable[AnyRecord], recorder: Recorder, on_step: Callable[[str], None]) -> int:
    """Add records, many to a commit; returns how many they were. Raises as `replay`."""
    count = 0
    refusals: list[str] = []
    for chunk in _chunks(iter(records)):
        refused = list(_refusals(chunk, recorder))
        count += len(chunk) - len(refused)
        refusals += refused
        on_step(f"{count} records on the ledger")
    if refusals:
        raise PlaceTakenError(
            "\n".join([*refusals, f"{counted(len(refusals), 'record')} refused; {count} are on the ledger"])
        )
    return count


def _refusals(chunk: list[AnyRecord], recorder: Recorder) -> Iterator[str]:
    """Add some records; one that the ledger refuses holds nothing else up."""
    try:
        recorder.record(chunk)
    except PlaceTakenError as error:
        if len(chunk) == 1:
            yield str(error)
            return
        for record in chunk:
            yield from _refusals([record], recorder)


def sound(entry: Entry) -> AnyRecord:
    """The record of an entry.

    Raises:
        DamagedRecordError: it has none.
    """
    if isinstance(entry, Damaged):
        raise DamagedRecordError(entry.path, "", entry.problem, remedy="mend or remove it first")
    return entry.record


def _chunks(records: Iterator[AnyRecord]) -> Iterator[list[AnyRecord]]:
    while chunk := list(islice(records, _PER_COMMIT)):
        yield chunk
