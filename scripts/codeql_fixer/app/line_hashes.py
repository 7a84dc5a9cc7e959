"""Line hashes of the target's files, computed once per file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.policy.line_hash import line_hashes

if TYPE_CHECKING:
    from codeql_fixer.ports.source_tree import SourceTree


class TreeLineHashes:
    """The hashes of a source tree; only files that somebody asks for are read."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._hashes: dict[str, list[str]] = {}

    def line_hash(self, file: str, number: int) -> str:
        """The published hash of a line, counted from 1; "" when the file or the line is not at hand."""
        if file not in self._hashes:
            text = self._tree.text(file)
            self._hashes[file] = [] if text is None else line_hashes(text)
        hashes = self._hashes[file]
        return hashes[number - 1] if 0 < number <= len(hashes) else ""
