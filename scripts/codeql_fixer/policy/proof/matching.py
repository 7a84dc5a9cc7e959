"""Which finding of an earlier scan is which of a later one: one to one, by several signals, the surest first.

No single signal does: line hashes change with the line, line numbers with every edit above, messages repeat, and new
tools write new fingerprints. What is paired by a sure signal is out of the way when the weaker ones are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from codeql_fixer.policy.proof.alignment import Cell, align
from codeql_fixer.policy.proof.candidates import Candidates, Side
from codeql_fixer.policy.proof.marks import Mark
from codeql_fixer.policy.proof.renames import guessed_renames

if TYPE_CHECKING:
    from codeql_fixer.policy.proof.likeness import Likeness
    from codeql_fixer.policy.proof.moves import Moves

__all__ = ["Matching", "Pair", "Side", "match"]

# Likeness from which on two findings are taken for one, and below which they are two; between, nobody can tell.
# `_LEAST` is for findings that stand in the order in which they stood. tests/bench/matching_bench.py shows what comes
# of them.
_LEAST = 0.4
_SAME, _SIMILAR = 0.75, 0.6
_MOST_CELLS = 100_000  # pairs that one pass compares; beyond, equal ones go by their order


class Pair(Struct, frozen=True):
    """A finding of the earlier scan and the same one in the later scan, by position; `by` are the signals."""

    before: int
    after: int
    by: tuple[str, ...]


class Matching(Struct, frozen=True):
    """All pairs by the position of the earlier finding, and for findings without a pair the one that is most like it.

    `unsure` holds positions of later findings that are like an earlier one, too much to be sure that it is gone.
    """

    pairs: dict[int, Pair]
    unsure: dict[int, int]


def match(before: Side, after: Side, moves: Moves) -> Matching:
    """Pair findings one to one; each is in one pair at most.

    Args:
        before: of the earlier scan.
        after: of the later one.
        moves: what the change between them did to files and lines.
    """
    work = _Work(before, after, moves)
    work.by_place()
    work.by_key(_PRINTS)
    work.by_key(_PRINTS, is_same_file=False)
    work.by_key(_TEXT_AND_MESSAGE)
    work.by_alignment()
    work.by_line()
    work.by_likeness(_anything, is_same_file=True)
    work.by_likeness(lambda mark: mark.message or None, is_same_file=False)
    work.by_likeness(lambda mark: mark.text or None, is_same_file=False)
    return work.matching()


class _Key(Struct, frozen=True):
    """What two findings of a rule have in common when they are the same, None for those that do not have it."""

    name: str
    of: Callable[[Mark], Hashable | None]
    needs_context: bool = False


_PRINTS = _Key("fingerprint", lambda mark: mark.prints or None)
# Many a line is written twice: what stands around it must not speak against it.
_TEXT_AND_MESSAGE = _Key(
    "text, message", lambda mark: (mark.text, mark.message) if mark.text else None, needs_context=True
)


def _anything(_: Mark) -> Hashable:
    return True


class _Work:
    """The pairing under way: what is left of both sides."""

    def __init__(self, before: Side, after: Side, moves: Moves) -> None:
        self._before, self._after, self._moves = before.marks, after.marks, moves
        names = {} if moves.is_known else guessed_renames(before.marks, after.marks)
        self._files = [names.get(mark.file) or moves.file_after(mark.file) for mark in before.marks]
        self._candidates = Candidates(before, after, moves)
        # In the order of the lines, so that the order of a report does not matter.
        self._left = dict.fromkeys(sorted(range(len(before.marks)), key=lambda one: _order(before.marks[one])))
        self._right = dict.fromkeys(sorted(range(len(after.marks)), key=lambda one: _order(after.marks[one])))
        self._pairs: dict[int, Pair] = {}
        self._unsure: dict[int, int] = {}

    def matching(self) -> Matching:
        """What has come of it."""
        unsure = {left: right for left, right in self._unsure.items() if left in self._left and right in self._right}
        return Matching(self._pairs, unsure)

    def by_place(self) -> None:
        """Pair what stands on lines that nobody touched, by the place that these have now."""
        if not self._moves.is_known:
            return
        rights: dict[Hashable, list[int]] = {}
        for right in reversed(self._right):
            mark = self._after[right]
            rights.setdefault((mark.rule, mark.file, mark.line, mark.column), []).append(right)
        for left in list(self._left):
            mark, span = self._before[left], self._candidates.spans[left]
            if span is not None and span.is_kept:
                found = rights.get((mark.rule, self._files[left], span.first, mark.column))
                if found:
                    self._pair(left, found.pop(), ("place",))

    def by_line(self) -> None:
        """Pair what stands on the same line as far as anybody knows, whatever is said of it now."""
        rights: dict[Hashable, list[int]] = {}
        for right in reversed(self._right):
            mark = self._after[right]
            rights.setdefault((mark.rule, mark.file, mark.line), []).append(right)
        for left in list(self._left):
            line = self._candidates.line_now(left)
            found = rights.get((self._before[left].rule, self._files[left], line)) if line else None
            if found and self._candidates.has_same_context(left, found[-1]):
                self._pair(left, found.pop(), ("line",))

    def by_key(self, key: _Key, *, is_same_file: bool = True) -> None:
        """Pair what is alone on its side with a key."""
        name = key.name if is_same_file else f"{key.name} in another file"
        for (left, *more), (right, *others) in self._groups(key.of, is_same_file=is_same_file):
            is_alone = not more and not others
            if is_alone and (not key.needs_context or self._candidates.has_same_context(left, right)):
                self._pair(left, right, (name,))

    def by_alignment(self) -> None:
        """Pair what is alike and stands in the same order, as far as possible in runs that moved together."""
        few, many = self._by_size(_anything, is_same_file=True)
        for lefts, rights in few:
            self._align(lefts, rights)
        for lefts, rights in many:
            waiting: dict[Hashable, list[int]] = {}
            for right in reversed(rights):
                waiting.setdefault(_said(self._after[right]), []).append(right)
            for left in lefts:
                if found := waiting.get(_said(self._before[left])):
                    self._pair(left, found.pop(), ("order", "message"))

    def _align(self, lefts: list[int], rights: list[int]) -> None:
        found: dict[tuple[int, int], Likeness] = {}
        cells = []
        for row, left in enumerate(lefts):
            for column, right in enumerate(rights):
                offset = self._candidates.offset(left, right)
                if offset is not None:
                    alike = found[row, column] = self._candidates.likeness(left, right)
                    cells.append(Cell(row, column, alike.total - _LEAST, offset))
        for cell in align(cells, len(rights)):
            signals = found[cell.row, cell.column].signals
            self._pair(lefts[cell.row], rights[cell.column], ("order", *signals))

    def by_likeness(self, key: Callable[[Mark], Hashable | None], *, is_same_file: bool) -> None:
        """Pair what has the same key and is alike, the most alike first; what is only similar is remembered."""
        found: list[tuple[float, int, int, Likeness]] = []
        few, many = self._by_size(key, is_same_file=is_same_file)
        for lefts, rights in few:
            for left in lefts:
                for right in rights:
                    alike = self._candidates.likeness_moved(left, right)
                    if alike.total >= _SIMILAR or alike.has_same_text or not alike.has_code:
                        found.append((alike.total, left, right, alike))
        found.sort(key=lambda item: -item[0])
        for total, left, right, alike in found:
            if left in self._left and right in self._right:
                if total >= _SAME and (alike.has_same_text or "context" in alike.signals):
                    self._pair(left, right, alike.signals)
                else:
                    self._unsure.setdefault(left, right)
        for lefts, rights in many:
            for left in lefts:
                self._unsure.setdefault(left, rights[0])

    def _by_size(
        self, key: Callable[[Mark], Hashable | None], *, is_same_file: bool
    ) -> tuple[list[_Group], list[_Group]]:
        """What is left on both sides, in groups small enough to compare all with all, and in those that are not."""
        room = _MOST_CELLS
        few: list[_Group] = []
        many: list[_Group] = []
        for group in sorted(self._groups(key, is_same_file=is_same_file), key=lambda one: len(one[0]) * len(one[1])):
            room -= len(group[0]) * len(group[1])
            (few if room >= 0 else many).append(group)
        return few, many

    def _groups(self, key: Callable[[Mark], Hashable | None], *, is_same_file: bool) -> list[_Group]:
        """What is left on both sides of each rule and key, in one file or anywhere, in the order of the lines."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = {}
        for left in self._left:
            mark = self._before[left]
            value = key(mark)
            if value is not None:
                groups.setdefault((mark.rule, value, self._files[left] if is_same_file else ""), ([], []))[0].append(
                    left
                )
        for right in self._right:
            mark = self._after[right]
            value = key(mark)
            if value is not None and (is_same_file or self._moves.is_new(mark.file, mark.line)):
                group = groups.get((mark.rule, value, mark.file if is_same_file else ""))
                if group is not None:
                    group[1].append(right)
        return [group for group in groups.values() if group[1]]

    def _pair(self, left: int, right: int, by: tuple[str, ...]) -> None:
        del self._left[left], self._right[right]
        self._pairs[left] = Pair(left, right, by)


def _said(mark: Mark) -> Hashable:
    return (mark.message, mark.text, mark.prints)


def _order(mark: Mark) -> tuple[object, ...]:
    return (mark.line or 0, mark.column or 0, mark.file, mark.rule, mark.message, mark.prints, mark.text)


_Group: TypeAlias = tuple[list[int], list[int]]  # positions on both sides
