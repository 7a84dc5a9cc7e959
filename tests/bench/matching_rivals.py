"""Other ways to tell which finding is which, as scanners' platforms and scripts do it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from codeql_fixer.policy.proof.marks import Mark
    from codeql_fixer.policy.proof.matching import Side
    from codeql_fixer.policy.proof.moves import Moves


def _rule(mark: Mark) -> str:
    return mark.rule


def _by(key: Callable[[Mark, str], Hashable | None]) -> Callable[[Side, Side, Moves], dict[int, int]]:
    """Pair what has the same key, in the order of the lines; renamed files are followed, as we do."""

    def pair(before: Side, after: Side, moves: Moves) -> dict[int, int]:
        rights: dict[Hashable, list[int]] = defaultdict(list)
        for right in sorted(range(len(after.marks)), key=lambda one: after.marks[one].line or 0):
            value = key(after.marks[right], after.marks[right].file)
            if value is not None:
                rights[value].append(right)
        pairs = {}
        for left in sorted(range(len(before.marks)), key=lambda one: before.marks[one].line or 0):
            mark = before.marks[left]
            value = key(mark, moves.file_after(mark.file))
            if value is not None and rights.get(value):
                pairs[left] = rights[value].pop(0)
        return pairs

    return pair


RIVALS = {
    "line hash": _by(lambda mark, _file: (mark.rule, mark.prints) if mark.prints else None),
    "rule, file, line": _by(lambda mark, file: (mark.rule, file, mark.line)),
    "rule, file, message": _by(lambda mark, file: (mark.rule, file, mark.message)),
}
