"""Where files and lines of the earlier state are in the later one, as a change tells."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.change import FileStatus

if TYPE_CHECKING:
    from codeql_fixer.domain.change import Change, FileChange, Hunk


class Span(Struct, frozen=True):
    """Lines of the later state, both included. `is_kept` says that it is the very line; else these stand in its place.

    Where nothing stands in its place, `first` is one more than `last`.
    """

    first: int
    last: int
    is_kept: bool

    def distance(self, line: int) -> int:
        """How many lines away a line is; 0 inside."""
        return max(self.first - line, line - max(self.last, self.first), 0)


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
        return any(hunk.new_start <= line < hunk.new_start + len(hunk.added) for hunk in change.hunks)

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
