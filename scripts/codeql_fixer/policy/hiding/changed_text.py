"""The files of a change with their texts before and after, as far as these are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from codeql_fixer.domain.change import Change, FileChange

MAX_LINE = 2_000  # characters of a line that are looked at; what stands behind is no code that people read


class Line(NamedTuple):
    """One line and its number, from 1."""

    number: int
    text: str


class ChangedFile(NamedTuple):
    """A changed file. Without its text, `old` and `new` are the lines of the hunks only, and not `is_whole`."""

    file: FileChange
    removed: tuple[Line, ...]
    added: tuple[Line, ...]
    old: tuple[Line, ...]
    new: tuple[Line, ...]
    is_whole: bool

    @property
    def path(self) -> str:
        """The present path, or the last one."""
        return self.file.path


def changed_files(change: Change, new_text: Callable[[str], str | None]) -> tuple[ChangedFile, ...]:
    """Join the hunks of every file with its text.

    Args:
        change: what was done.
        new_text: the whole new text of a path, None where it is not known. Text that does not have the added lines
            at their places is that of something else, and not used.
    """
    return tuple(_changed_file(file, new_text) for file in change.files)


def squashed(text: str) -> str:
    """A line without blanks and without what ends a statement, to compare it wherever it was moved to."""
    return "".join(text.split()).rstrip(";,")


def is_comment_line(text: str) -> bool:
    """True for a line that, by its beginning, is nothing but a comment."""
    return text.lstrip().startswith(("#", "//", "/*", "*", "--", "<!--"))


def _changed_file(file: FileChange, new_text: Callable[[str], str | None]) -> ChangedFile:
    removed = _numbered((hunk.old_start, hunk.removed) for hunk in file.hunks)
    added = _numbered((hunk.new_start, hunk.added) for hunk in file.hunks)
    text = new_text(file.new_path) if file.new_path and not file.is_binary else ""
    if text is None:
        return ChangedFile(file, removed, added, removed, added, is_whole=False)
    new = tuple(Line(at, line.removesuffix("\r")[:MAX_LINE]) for at, line in enumerate(text.split("\n"), 1))
    if any(line.number > len(new) or new[line.number - 1].text != line.text for line in added):
        return ChangedFile(file, removed, added, removed, added, is_whole=False)
    return ChangedFile(file, removed, added, _before(file, new), new, is_whole=True)


def _numbered(runs: Iterable[tuple[int, Sequence[str]]]) -> tuple[Line, ...]:
    return tuple(Line(at, text[:MAX_LINE]) for start, texts in runs for at, text in enumerate(texts, start))


def _before(file: FileChange, new: Sequence[Line]) -> tuple[Line, ...]:
    old: list[str] = []
    at = 0
    for hunk in file.hunks:
        old += [line.text for line in new[at : hunk.new_start - 1]]
        old += [text[:MAX_LINE] for text in hunk.removed]
        at = hunk.new_start - 1 + len(hunk.added)
    old += [line.text for line in new[at:]]
    return tuple(Line(number, text) for number, text in enumerate(old, 1))
