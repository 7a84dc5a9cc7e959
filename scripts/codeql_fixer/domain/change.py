"""What a change does to files, line by line: the text of `git diff` as values."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class FileStatus(StrEnum):
    """What happened to a file as a whole."""

    MODIFIED = "modified"
    ADDED = "added"
    DELETED = "deleted"
    RENAMED = "renamed"  # or copied; it may be modified besides


class Hunk(Struct, frozen=True):
    """Lines that were replaced: `removed` stood from `old_start` on, `added` stand from `new_start` on.

    Lines count from 1 and carry no line end. There is no context: where `removed` is empty, `added` stand before what
    was line `old_start`; where `added` is empty, `removed` stood before what is line `new_start` now.
    """

    old_start: int
    removed: tuple[str, ...]
    new_start: int
    added: tuple[str, ...]


class FileChange(Struct, frozen=True, kw_only=True):
    """What a change does to one file. Paths are repository-relative and POSIX.

    `old_path` is "" for an added file, `new_path` for a deleted one; those that `is_binary` have no hunks.
    """

    old_path: str
    new_path: str
    status: FileStatus
    hunks: tuple[Hunk, ...] = ()
    is_binary: bool = False

    @property
    def path(self) -> str:
        """The present path, or the last one of a file that is gone."""
        return self.new_path or self.old_path


class Change(Struct, frozen=True):
    """All files that a change touches, in the order of the diff."""

    files: tuple[FileChange, ...] = ()
