"""What a change does to code and not only to its form: comments, blanks and moved lines fix nothing.

Compared are texts, line by line and without knowing any language: where in doubt, a change counts as one of code.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from codeql_fixer.domain.change import FileStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.domain.change import Change, FileChange

_HASHES = re.compile(r"py|pyi|rb|sh|bash|ya?ml|toml|php|pl|r|tf|cfg|ini|conf|properties|dockerfile", re.IGNORECASE)
_SLASHES = re.compile(
    r"[cm]?[jt]sx?|java|kts?|scala|groovy|go|cs|c|cc|cpp|cxx|h|hh|hpp|php|rs|swift|dart|vue|svelte", re.IGNORECASE
)
# A whole line, or behind code and a blank. Where a quote follows, it may be a part of a text and stays.
_HASH_COMMENT = re.compile(r"""(?:^|(?<=\s))#(?!!)[^"'`]*$""")
_SLASH_COMMENT = re.compile(
    r"""(?:^|(?<=\s))//[^"'`]*$|(?:^|(?<=\s))/\*[^"'`]*\*/\s*$|^\s*(?:/\*|\*\s|\*/).*$"""
    # Notes for tools that are no comments: they change nothing when the program runs.
    r"""|^\s*(?:@SuppressWarnings\b.*|\[.*\bSuppressMessage\b.*\]|\#pragma\s+(?:warning|GCC|clang)\b.*)$"""
)
_BESIDE = 2  # lines above and below that have to have moved along with a line
_LONG_ENOUGH = 24  # characters; shorter pieces are alike by chance


class Substance:
    """What the files of one change amount to.

    Args:
        change: None where nobody told.
    """

    def __init__(self, change: Change | None) -> None:
        self._by_old: dict[str, list[FileChange]] = defaultdict(list)
        self._added: list[tuple[str, list[str]]] = []
        for file in change.files if change is not None else ():
            self._by_old[file.old_path].append(file)
            for hunk in file.hunks:
                if hunk.added:
                    self._added.append((file.new_path, [text for text in map(_bare, hunk.added) if text]))
        self._is_code: dict[str, bool] = {}

    def changes_code(self, file: str) -> bool:
        """False when a file that the change touches has the same code still, at most in another form or place."""
        if file not in self._is_code:
            self._is_code[file] = any(map(_changes_code, self._by_old.get(file, ())))
        return self._is_code[file]

    def moved_to(self, file: str, line: int) -> str:
        """The file where a line stands now that was taken out of this one, with the lines around it as they were."""
        for part in self._by_old.get(file, ()):
            for hunk in part.hunks:
                if not hunk.old_start <= line < hunk.old_start + len(hunk.removed):
                    continue
                at = line - hunk.old_start
                piece = [text for text in map(_bare, hunk.removed[max(at - _BESIDE, 0) : at + _BESIDE + 1]) if text]
                if sum(map(len, piece)) >= _LONG_ENOUGH:
                    return next(
                        (other for other, texts in self._added if other != part.new_path and _holds(texts, piece)), ""
                    )
        return ""


def _holds(texts: Sequence[str], piece: Sequence[str]) -> bool:
    """Whether some lines are among others, one behind the other."""
    return any(list(texts[start : start + len(piece)]) == piece for start, text in enumerate(texts) if text == piece[0])


def _changes_code(file: FileChange) -> bool:
    if file.is_binary or file.status is FileStatus.DELETED:
        return True
    return any(_code(hunk.removed, file.path) != _code(hunk.added, file.path) for hunk in file.hunks)


def _code(lines: Iterable[str], path: str) -> str:
    """What is left of lines without blanks and comments."""
    suffix = path.rpartition("/")[2].rpartition(".")[2]
    for kind, comment in ((_HASHES, _HASH_COMMENT), (_SLASHES, _SLASH_COMMENT)):
        if kind.fullmatch(suffix):
            lines = [comment.sub("", line) for line in lines]
    return "".join(map(_bare, lines))


def _bare(line: str) -> str:
    return "".join(line.split())
