"""Ledger: the product's memory. Records are added and read, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TypeAlias

from msgspec import Struct

from codeql_fixer.domain.kinds import AnyRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


class Stored(Struct, frozen=True):
    """A record and the path under which it stands."""

    path: str
    record: AnyRecord


class Damaged(Struct, frozen=True):
    """Something in a record's place that is no readable record, and why."""

    path: str
    problem: str


Entry: TypeAlias = Stored | Damaged


class Landed(Struct, frozen=True):
    """The records are durable.

    `tip` is the state that holds them; "" when they wait in the inbox `inbox` to be folded into the branch.
    """

    tip: str
    inbox: str = ""


class Conflict(Struct, frozen=True):
    """Nothing was written: others came first. `tip` is the state now, `new_records` what it has beyond the expected."""

    tip: str
    new_records: tuple[AnyRecord, ...]


class Changes(Struct, frozen=True):
    """What came since a state.

    `entries` can be walked through once. With `is_complete` they are everything there is, since the earlier state
    could not be compared. `waiting` says what is in the inbox, in words for the ledger only. `lost` are paths that were
    there and are gone or hold something else; `rescued` is a directory with copies of them, "" when there are none.
    """

    tip: str
    entries: Iterator[Entry]
    is_complete: bool
    waiting: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    rescued: str = ""


class Ledger(Protocol):
    """Keeps records. A state is named by its `tip`, "" for the empty ledger."""

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        """Add records, all or none; the very same record may be added again, which changes nothing.

        Args:
            records: of any kinds.
            expected_tip: add them only while the ledger is in this state; None to add them in any case.

        Raises:
            PlaceTakenError: another record has the same path.
            LedgerNotWrittenError: they could not be written, and nobody can tell whether trying again would help.
        """
        ...

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        """What was added since a state, and what waits in the inbox.

        Args:
            tip: the state.
            waiting: what was in the inbox then; it has to be there still, or on the branch by now.

        Raises:
            FutureRecordError: while walking; a newer version wrote one of the records.
            UpstreamError: the ledger cannot be read.
        """
        ...

    def audit(self) -> Iterable[Damaged]:
        """Everything that is not as it should be: text against its schema, files in no place of a record. Slow."""
        ...

    def compact(self, packs: Mapping[str, Sequence[AnyRecord]], *, expected_tip: str) -> Landed | Conflict:
        """Move records into packs, without changing what a reader reads.

        Args:
            packs: path of a pack to all records that belong into it, also those that are in it already.
            expected_tip: the state that they were read from; in another one a pack may hold more by now.

        Raises:
            LedgerNotWrittenError: the ledger is as it was.
        """
        ...

    def read_under(self, prefix: str) -> Iterable[Entry]:
        """Everything whose path starts with a prefix that ends in a slash. Raises as `read_since`."""
        ...

    def pause(self) -> str | None:
        """The text of the file `telemetry/paused`, with which a person holds the whole fleet; None without it.

        Raises:
            UpstreamError: the ledger cannot be read.
        """
        ...

    def read_at(self, tip: str) -> Iterable[Entry]:
        """Everything that the branch held in a state, without its inbox.

        Raises:
            LedgerResetError: the ledger does not know that state any more.
            UpstreamError: the ledger cannot be read.
        """
        ...
