"""What a fix changed, file by file."""

from __future__ import annotations

from msgspec import Struct

NO_MODE = "000000"
_FILE_MODES = frozenset({"100644", "100755", NO_MODE})


class OldLines(Struct, frozen=True):
    """Lines of the file before the fix that were changed or deleted, counted from 1.

    `count` 0 means that lines were put in after line `start`.
    """

    start: int
    count: int

    def meets(self, first: int, last: int) -> bool:
        """True when something changed in these lines or between two of them."""
        if self.count == 0:
            return first <= self.start < last
        return self.start <= last and first < self.start + self.count


class Change(Struct, frozen=True, kw_only=True):
    """One changed file. Modes are git's, "000000" for absent; contents are None where there is no file to read.

    `added` and `deleted` count lines, None for a binary file.
    """

    path: str
    before_mode: str
    after_mode: str
    before: bytes | None
    after: bytes | None
    added: int | None
    deleted: int | None
    old_lines: tuple[OldLines, ...] = ()

    @property
    def is_deletion(self) -> bool:
        """True when the file is gone."""
        return self.after_mode == NO_MODE

    @property
    def is_plain(self) -> bool:
        """True when it was and is a file, not a link and not a repository within the repository."""
        return self.before_mode in _FILE_MODES and self.after_mode in _FILE_MODES
