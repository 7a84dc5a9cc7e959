"""Which files were renamed where no change is known, as their findings tell."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from codeql_fixer.policy.proof.marks import Mark

_COMMON = 20  # files; what so many have says nothing about any
_LEAST, _LEAST_NAMESAKE = 0.6, 0.3  # of what the findings say that has to agree


def guessed_renames(before: Sequence[Mark], after: Sequence[Mark]) -> dict[str, str]:
    """New names of files that have findings on one side only, where most of what these say is the same."""
    old, new = {mark.file for mark in before}, {mark.file for mark in after}
    gone = _said(mark for mark in before if mark.file and mark.file not in new)
    come = _said(mark for mark in after if mark.file and mark.file not in old)
    having: dict[Hashable, list[str]] = {}
    for file, said in come.items():
        for one in said:
            having.setdefault(one, []).append(file)
    found = []
    for file, said in gone.items():
        shared: Counter[str] = Counter()
        for one, count in said.items():
            others = having.get(one, ())
            for other in others if len(others) <= _COMMON else ():
                shared[other] += min(count, come[other][one])
        for other, count in shared.items():
            alike = 2 * count / (said.total() + come[other].total())
            is_namesake = file.rpartition("/")[2] == other.rpartition("/")[2]
            if alike >= (_LEAST_NAMESAKE if is_namesake else _LEAST):
                found.append((-alike - is_namesake, file, other))
    names: dict[str, str] = {}
    for _, file, other in sorted(found):
        if file not in names and other not in names.values():
            names[file] = other
    return names


def _said(marks: Iterator[Mark]) -> dict[str, Counter[Hashable]]:
    said: dict[str, Counter[Hashable]] = {}
    for mark in marks:
        words = said.setdefault(mark.file, Counter())
        words[mark.rule, mark.prints or mark.text, mark.message] += 1
        words[mark.rule, mark.line] += 1
    return said
