"""What the ledgers share: the files of some records, and which of them are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.ledger.codec import encode, entries_of
from codeql_fixer.errors import PlaceTakenError
from codeql_fixer.policy.ledger_paths import SNAPSHOT_PATH, pack_of, path_of
from codeql_fixer.ports.ledger import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Entry


def files_of(records: Sequence[AnyRecord]) -> dict[str, bytes]:
    """Path to text.

    Raises:
        PlaceTakenError: two different records have the same path.
        DamagedRecordError: a record breaks its schema.
    """
    files: dict[str, bytes] = {}
    for record in records:
        data, path = encode(record), path_of(record)
        if files.setdefault(path, data) != data:
            raise taken(path)
    return files


def packed(paths: Iterable[str], read: Callable[[str], bytes | None]) -> dict[str, bytes]:
    """The texts of those scan runs that stand in packs by now.

    Args:
        paths: where the scan runs stood, or would stand, on their own.
        read: gives the text of a pack, None where there is none.
    """
    texts: dict[str, bytes] = {}
    for name in sorted({pack_of(path) for path in paths} - {""}):
        data = read(name)
        if data is not None:
            lines = data.splitlines(keepends=True)
            texts |= {entry.path: line for entry, line in zip(entries_of(name, data), lines, strict=True)}
    return texts


def missing(files: Mapping[str, bytes], present: Mapping[str, object], identify: Callable[[bytes], object]) -> set[str]:
    """The paths that are still to be written.

    Args:
        files: path to text.
        present: what stands at those paths that are taken, as `identify` names it.
        identify: names a text; equal texts have equal names.

    Raises:
        PlaceTakenError: another record has one of the paths. Only the snapshot is replaced.
    """
    new = {path for path, data in files.items() if present.get(path) != identify(data)}
    for path in sorted(new & present.keys() - {SNAPSHOT_PATH}):
        raise taken(path)
    return new


def entries_at(journal: Sequence[str], tip: str, read: Callable[[list[str]], Iterator[Entry]]) -> Iterator[Entry]:
    """What a ledger with a journal held in a state; records that were packed since then stand in their packs.

    Args:
        journal: all paths in the order in which they were entered.
        tip: how many of them there were.
        read: gives the entries at some paths; of a pack those of its records.
    """
    there = dict.fromkeys(journal[: int(tip or 0)])
    later = frozenset(journal) - there.keys()
    packs = sorted({pack_of(path) for path in there} & later)
    return (entry for entry in read([*there, *packs]) if isinstance(entry, Damaged) or entry.path not in later)


def taken(path: str) -> PlaceTakenError:
    """The error for a second record in one place."""
    return PlaceTakenError(
        f"{path}: the ledger holds another record there; a run that differs needs a run id of its own"
    )
