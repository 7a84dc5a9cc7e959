"""Line texts and line hashes of the target's files, computed once per file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.policy.line_hash import line_hashes, split_lines

if TYPE_CHECKING:
    from codeql_fixer.ports.source_tree import SourceTree


class TreeLines:
    """`SourceLines` of a source tree; only files with findings are read, and only hashed when that is asked for."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._lines: dict[str, list[str]] = {}
        self._hashes: dict[str, list[str]] = {}

    def line(self, file: str, number: int) -> str:
        """The text of a line, counted from 1; "" when it is not at hand."""
        if file not in self._lines:
            self._lines[file] = split_lines(self._tree.text(file) or "")
        return _at(self._lines[file], number)

    def line_hash(self, file: str, number: int) -> str:
        """The published hash of a line; "" when the file or the line is not at hand."""
        if file not in self._hashes:
            text = self._tree.text(file)
            self._hashes[file] = [] if text is None else line_hashes(text)
        return _at(self._hashes[file], number)


def _at(values: list[str], number: int) -> str:
    return values[number - 1] if 0 < number <= len(values) else ""
