"""Ledger in memory: the twin of the others, for tests and simulations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.ledger.codec import audit, entries_of, pack
from codeql_fixer.adapters.ledger.files import entries_at, files_of, missing, packed
from codeql_fixer.policy.ledger_paths import SNAPSHOT_PATH, in_folder, path_of
from codeql_fixer.ports.ledger import Changes, Conflict, Landed, Stored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Damaged, Entry


class MemoryLedger:
    """Ledger that lasts as long as the process. A state is named by the number of files in it."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._journal: list[str] = []
        self.paused: str | None = None

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        """Add records; see the port."""
        if expected_tip is not None and expected_tip != self._tip():
            came = self._entries(self._journal[int(expected_tip or 0) :])
            return Conflict(self._tip(), tuple(entry.record for entry in came if isinstance(entry, Stored)))
        files = files_of(records)
        known = {path: data for path in files if (data := self._files.get(path)) is not None}
        new = sorted(missing(files, packed(files, self._files.get) | known, bytes))
        self._files |= {path: files[path] for path in new}
        self._journal += new
        return Landed(self._tip())

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        """What was added since a state; there is no inbox."""
        del waiting
        return Changes(self._tip(), self._entries(self._journal[int(tip or 0) :]), is_complete=not tip)

    def read_at(self, tip: str) -> Iterator[Entry]:
        """Everything that was there in a state."""
        return entries_at(self._journal, tip, self._entries)

    def pause(self) -> str | None:
        """What a person said."""
        return self.paused

    def audit(self) -> Iterator[Damaged]:
        """Everything that is not as it should be."""
        for path, data in self._files.items():
            yield from audit(path, data)

    def compact(self, packs: Mapping[str, Sequence[AnyRecord]], *, expected_tip: str) -> Landed | Conflict:
        """Move records into packs."""
        if expected_tip != self._tip():
            return Conflict(self._tip(), ())
        for path, records in packs.items():
            for record in records:
                self._files.pop(path_of(record), None)
            self._files[path] = pack(records)
            self._journal.append(path)
        return Landed(self._tip())

    def read_under(self, prefix: str) -> Iterator[Entry]:
        """Everything under a prefix."""
        return self._entries([path for path in self._journal if in_folder(path, prefix)])

    def _tip(self) -> str:
        return str(len(self._journal)) if self._journal else ""

    def _entries(self, paths: list[str]) -> Iterator[Entry]:
        for path in dict.fromkeys(paths):
            if path != SNAPSHOT_PATH and path in self._files:
                yield from entries_of(path, self._files[path])
