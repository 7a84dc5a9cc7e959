"""Ledger in a directory of this machine: for local use, and to keep what could not be pushed."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.adapters.ledger.codec import audit, entries_of, pack
from codeql_fixer.adapters.ledger.files import entries_at, files_of, missing, packed
from codeql_fixer.errors import LedgerNotWrittenError, UpstreamError, UserError
from codeql_fixer.policy.ledger_paths import PACKS, PAUSE_PATH, ROOT, SNAPSHOT_PATH, in_folder, is_record_path, path_of
from codeql_fixer.ports.ledger import Changes, Conflict, Damaged, Landed, Stored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Entry

_JOURNAL, _LOCK = "journal", "journal.lock"


class DirectoryLedger:
    """Ledger of files under `root`. A state is named by the number of lines in the journal, a list of paths.

    Files come first, the journal after them: what a killed writer left is entered by the next one, as is what a
    person put there by hand.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        """Add records; see the port."""
        files = files_of(records)
        try:
            with self._locked():
                journal = self._journal()
                if expected_tip is not None and expected_tip != _tip(journal):
                    new = self._entries(journal[int(expected_tip or 0) :])
                    return Conflict(_tip(journal), tuple(entry.record for entry in new if isinstance(entry, Stored)))
                present = {path: data for path in files if (data := self._data(path)) is not None}
                for path in sorted(missing(files, packed(files, self._data) | present, bytes)):
                    self._write(path, files[path])
                return Landed(_tip(self._journal()))
        except OSError as error:
            raise LedgerNotWrittenError(f"{error.filename or self._root}: {error.strerror or error}") from error

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        """What was added since a state; there is no inbox."""
        del waiting
        journal = self._read_journal()
        seen = int(tip or 0)
        lost = self._lost(journal, journal[:seen])
        is_complete = not tip or seen > len(journal)
        entries = self._entries(journal[0 if is_complete else seen :])
        return Changes(_tip(journal), entries, is_complete, lost=lost)

    def read_under(self, prefix: str) -> Iterator[Entry]:
        """Everything under a prefix."""
        return self._entries([path for path in self._read_journal() if in_folder(path, prefix)])

    def read_at(self, tip: str) -> Iterator[Entry]:
        """Everything that was there in a state."""
        return entries_at(self._read_journal(), tip, self._entries)

    def pause(self) -> str | None:
        """What a person wrote into the file that holds the fleet."""
        try:
            data = self._data(PAUSE_PATH)
        except OSError as error:
            raise UpstreamError(f"{self._path(PAUSE_PATH)}: {error.strerror or error}") from error
        return None if data is None else data.decode(errors="replace")

    def audit(self) -> Iterator[Damaged]:
        """Everything that is not as it should be."""
        journal = self._read_journal()
        for path in self._lost(journal, journal):
            yield Damaged(path, f"{path}: is gone")
        for path in journal:
            data = None if path == SNAPSHOT_PATH else self._data(path)
            if data is not None:
                yield from audit(path, data)

    def compact(self, packs: Mapping[str, Sequence[AnyRecord]], *, expected_tip: str) -> Landed | Conflict:
        """Move records into packs; a pack is whole before the first record goes."""
        try:
            with self._locked():
                if expected_tip != (tip := _tip(self._journal())):
                    return Conflict(tip, ())
                for path, records in packs.items():
                    self._write(path, pack(records))
                    for record in records:
                        self._path(path_of(record)).unlink(missing_ok=True)
                self._enter(sorted(packs))  # again: one that grew is news
                return Landed(_tip(self._journal()))
        except OSError as error:
            raise LedgerNotWrittenError(f"{error.filename or self._root}: {error.strerror or error}") from error

    def _lost(self, journal: list[str], paths: list[str]) -> tuple[str, ...]:
        """Those of the paths that are neither there nor in a pack."""
        gone = [path for path in paths if not self._path(path).exists()]
        packs = [path for path in journal if path.startswith(PACKS)] if gone else []
        packed = {entry.path for entry in self._entries(packs)}
        return tuple(path for path in gone if path not in packed)

    def _read_journal(self) -> list[str]:
        try:
            if not self._root.is_dir():
                return []
            with self._locked():
                return self._journal()
        except OSError as error:
            raise UpstreamError(f"{error.filename or self._root}: {error.strerror or error}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time; the lock goes with its process, however that ends."""
        self._root.mkdir(parents=True, exist_ok=True)
        for name in (_JOURNAL, _LOCK, ROOT):
            self._refuse_link(self._root / name)
        with (self._root / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _journal(self) -> list[str]:
        """All paths in the order in which they were entered; files that are missing in it are entered now."""
        path = self._root / _JOURNAL
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text and not text.endswith("\n"):  # a writer was killed inside a line
            text = text[: text.rfind("\n") + 1]
            path.write_text(text, encoding="utf-8")
        journal = text.splitlines()
        known = set(journal)
        new = sorted(found for found in self._found() if found not in known)
        self._enter(new)
        return journal + new

    def _enter(self, paths: list[str]) -> None:
        if paths:
            with (self._root / _JOURNAL).open("a", encoding="utf-8") as stream:
                stream.write("".join(f"{line}\n" for line in paths))
                stream.flush()
                os.fsync(stream.fileno())

    def _found(self) -> Iterator[str]:
        for folder, _, names in os.walk(self._root / ROOT):
            for name in names:
                path = Path(folder, name).relative_to(self._root).as_posix()
                if is_record_path(path):
                    yield path

    def _write(self, path: str, data: bytes) -> None:
        final = self._path(path)
        final.parent.mkdir(parents=True, exist_ok=True)
        for place in (final, *final.parents[: len(Path(path).parts) - 1]):
            self._refuse_link(place)
        partial = final.with_name(f".{final.name}.partial")
        partial.unlink(missing_ok=True)  # of a writer that was killed
        with partial.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(final)

    @staticmethod
    def _refuse_link(path: Path) -> None:
        """Kept records lie in output directories, which may lie in a stranger's checkout."""
        if path.is_symlink():
            raise UserError(f"{path}: is a link, which is not followed; remove it")

    def _entries(self, paths: list[str]) -> Iterator[Entry]:
        for path in dict.fromkeys(paths):
            data = None if path == SNAPSHOT_PATH else self._data(path)
            if data is not None:
                yield from entries_of(path, data)

    def _data(self, path: str) -> bytes | None:
        try:
            return self._path(path).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, path: str) -> Path:
        return self._root / path


def _tip(journal: list[str]) -> str:
    return str(len(journal)) if journal else ""
