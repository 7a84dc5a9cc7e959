"""Where files and lines of the earlier state are in the later one, as a change tells."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.change import FileStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.change import Change, FileChange, Hunk


class Span(Struct, frozen=True):
    """Lines of the later state, both included. `is_kept` says that it is the very line; else these stand in its place.

    Where nothing stands in its place, `first` is one more than `last`.
    """

    first: int
    last: int
    is_kept: bool

    def offset(self, line: int) -> int:
        """How many lines below a line is, negative above; 0 inside."""
        return min(line - self.first, 0) or max(line - max(self.last, self.first), 0)

    def distance(self, line: int) -> int:
        """How many lines away a line is; 0 inside."""
        return abs(self.offset(line))


class Moves:
    """Answers for one change; without a change, files stay where they were and lines are not known.

    Args:
        change: None where nobody told.
    """

    def __init__(self, change: Change | None) -> None:
        self.is_known = change is not None
        self._by_old: dict[str, FileChange] = {}
        self._unclear: set[str] = set()  # touched more than once: which lines went where takes all of it
        files = change.files if change is not None else ()
        for file in files:
            earlier = self._by_old.get(file.old_path)
            if earlier is not None and earlier.new_path == file.new_path:
                self._unclear.add(file.old_path)
            # A file may be copied, too: it is the same file where that is possible.
            if file.old_path and (earlier is None or file.old_path == file.new_path):
                self._by_old[file.old_path] = file
        self._by_new = {file.new_path: file for file in files if file.new_path}
        self._starts = {path: [hunk.old_start for hunk in file.hunks] for path, file in self._by_old.items()}
        self._new_starts = {path: [hunk.new_start for hunk in file.hunks] for path, file in self._by_new.items()}

    def file_after(self, file: str) -> str:
        """The path that a file has now, "" when it was deleted."""
        change = self._by_old.get(file)
        return file if change is None else change.new_path

    def is_touched(self, file: str) -> bool:
        """True when the change does anything to a file of the earlier state."""
        return file in self._by_old

    def is_deleted(self, file: str) -> bool:
        """True when the file is gone."""
        change = self._by_old.get(file)
        return change is not None and change.status is FileStatus.DELETED

    def is_new(self, file: str, line: int | None) -> bool:
        """False when the change did not write a line of the later state; True also where nobody can tell."""
        if not self.is_known:
            return True
        change = self._by_new.get(file)
        if change is None:
            return False
        if line is None or change.is_binary or file in self._unclear or change.status is FileStatus.ADDED:
            return True
        return self._hunk_after(file, line) is not None

    def removed_at(self, file: str, line: int) -> tuple[Sequence[str], int]:
        """The lines of which an earlier one was removed, and its number among them from 1; none where it was not."""
        position = bisect_right(self._starts.get(file, []), line) - 1
        hunk = self._by_old[file].hunks[position] if position >= 0 and file not in self._unclear else None
        if hunk is None or line >= _end_before(hunk):
            return (), 0
        return hunk.removed, line - hunk.old_start + 1

    def added_at(self, file: str, line: int) -> tuple[Sequence[str], int]:
        """The same of a later line and those that were added with it."""
        hunk = self._hunk_after(file, line)
        return (hunk.added, line - hunk.new_start + 1) if hunk is not None else ((), 0)

    def _hunk_after(self, file: str, line: int) -> Hunk | None:
        starts = self._new_starts.get(file, [])
        position = bisect_right(starts, line) - 1
        hunk = self._by_new[file].hunks[position] if position >= 0 else None
        return hunk if hunk is not None and line < hunk.new_start + len(hunk.added) else None

    def line_after(self, file: str, line: int) -> Span | None:
        """Where a line of the earlier state is; None where the change is not known, or the file's lines are not."""
        if not self.is_known:
            return None
        change = self._by_old.get(file)
        if change is None:
            return Span(line, line, is_kept=True)
        if change.is_binary or not change.new_path or file in self._unclear:
            return None
        position = bisect_right(self._starts[file], line) - 1
        if position < 0:
            return Span(line, line, is_kept=True)
        hunk = change.hunks[position]
        removed, added = len(hunk.removed), len(hunk.added)
        if hunk.removed and line < hunk.old_start + removed:
            return Span(hunk.new_start, hunk.new_start + added - 1, is_kept=False)
        # Behind this hunk every line is as far from its end as it was.
        now = line - _end_before(hunk) + hunk.new_start + added
        return Span(now, now, is_kept=True)


def _end_before(hunk: Hunk) -> int:
    return hunk.old_start + len(hunk.removed)
