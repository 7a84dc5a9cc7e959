"""Which finding of an earlier scan is which of a later one: one to one, by several signals, the surest first.

No single signal does: line hashes change with the line, line numbers with every edit above, messages repeat, and new
tools write new fingerprints. What is paired by a sure signal is out of the way when the weaker ones are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.policy.alignment import Cell, align
from codeql_fixer.policy.likeness import Likeness, likeness_of, overlap
from codeql_fixer.policy.marks import Described, Mark, Surroundings, bare, lines_around
from codeql_fixer.policy.moves import Drift, Span
from codeql_fixer.policy.renames import guessed_renames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codeql_fixer.policy.moves import Moves

# Likeness from which on two findings are taken for one, and below which they are two; between, nobody can tell.
# tests/bench/matching_bench.py shows what comes of them. `_LEAST` is for findings in the order in which they were.
_LEAST = 0.4
_SAME, _SIMILAR = 0.75, 0.6
_CONTEXT = 0.4  # of the lines around two equal ones that have to agree
_NEAR = 3  # lines within which a scanner may report the same place differently
_MOST_CELLS = 200_000  # pairs that are compared; beyond, only sure signals count


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


class Side(Struct, frozen=True):
    """The findings of one scan: their marks, and what surrounds one, which is asked for few of them only."""

    marks: Sequence[Mark]
    surroundings: Callable[[int], Surroundings]


def match(before: Side, after: Side, moves: Moves) -> Matching:
    """Pair findings one to one; each is in one pair at most.

    Args:
        before: of the earlier scan.
        after: of the later one.
        moves: what the change between them did to files and lines.
    """
    work = _Work(before, after, moves)
    work.by_place()
    for key in (_PRINTS_AND_MESSAGE, _PRINTS, _TEXT):
        work.by_key(key)
    work.by_alignment()
    for key in (_PRINTS_AND_MESSAGE, _PRINTS):  # what is the same and stands in another order
        work.by_key(key, is_unique=False)
    work.by_likeness()
    for key in (_PRINTS_AND_MESSAGE, _PRINTS):
        work.by_key(key, is_same_file=False)
    work.by_likeness(is_same_file=False)
    return Matching(work.pairs, work.unsure)


class _Key(Struct, frozen=True):
    """What two findings of a rule have in common when they are the same, None for those that do not have it."""

    name: str
    of: Callable[[Mark], Hashable | None]
    needs_context: bool = False


_PRINTS_AND_MESSAGE = _Key("fingerprint, message", lambda mark: (mark.prints, mark.message) if mark.prints else None)
_PRINTS = _Key("fingerprint", lambda mark: mark.prints or None)
# Many a line is written twice: what stands around it must not speak against it.
_TEXT = _Key("text, message", lambda mark: (mark.text, mark.message) if mark.text else None, needs_context=True)


class _Work:
    """The pairing under way: what is left of both sides."""

    def __init__(self, before: Side, after: Side, moves: Moves) -> None:
        self._before, self._after, self._moves = before, after, moves
        self._left = set(range(len(before.marks)))
        self._right = set(range(len(after.marks)))
        names = {} if moves.is_known else guessed_renames(before.marks, after.marks)
        self._files = [names.get(mark.file) or moves.file_after(mark.file) for mark in before.marks]
        self._spans = [moves.line_after(mark.file, mark.line) if mark.line else None for mark in before.marks]
        self._cells = _MOST_CELLS
        self.pairs: dict[int, Pair] = {}
        self.unsure: dict[int, int] = {}

    def by_place(self) -> None:
        """Pair what stands on lines that nobody touched, by the place that these have now."""
        if not self._moves.is_known:
            return
        lefts: dict[Hashable, list[int]] = {}
        for left, span in enumerate(self._spans):
            if span is not None and span.is_kept:
                mark = self._before.marks[left]
                lefts.setdefault((mark.rule, self._files[left], span.first, mark.column), []).append(left)
        for right, mark in enumerate(self._after.marks):
            found = lefts.get((mark.rule, mark.file, mark.line, mark.column))
            if found:
                self._pair(found.pop(0), right, ("place",))

    def by_key(self, key: _Key, *, is_unique: bool = True, is_same_file: bool = True) -> None:
        """Pair what has the same key: where one on each side has it, or all in the order of their lines."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = {}
        for left in self._left:
            mark = self._before.marks[left]
            value = key.of(mark)
            if value is not None:
                place = (mark.rule, self._files[left], value) if is_same_file else (mark.rule, value)
                groups.setdefault(place, ([], []))[0].append(left)
        for right in self._right:
            mark = self._after.marks[right]
            value = key.of(mark)
            if value is not None and (is_same_file or self._moves.is_new(mark.file, mark.line)):
                group = groups.get((mark.rule, mark.file, value) if is_same_file else (mark.rule, value))
                if group is not None:
                    group[1].append(right)
        name = key.name if is_same_file else f"{key.name} in another file"
        for lefts, rights in groups.values():
            if len(lefts) == 1 == len(rights) or not is_unique:
                lefts.sort(key=self._order_before)
                rights.sort(key=self._order_after)
                for left, right in zip(lefts, rights, strict=False):
                    if not key.needs_context or self._has_same_context(left, right):
                        self._pair(left, right, (name,))

    def _has_same_context(self, left: int, right: int) -> bool:
        before, after = self._described_before(left).around.lines, self._described_after(right).around.lines
        return overlap(before, after) >= _CONTEXT

    def by_alignment(self) -> None:
        """Pair what is alike and stands in the same order, as far as possible in runs that moved together."""
        drift = self._drift()
        for lefts, rights in self._groups(is_same_file=True):
            lefts.sort(key=self._order_before)
            rights.sort(key=self._order_after)
            found: dict[tuple[int, int], tuple[str, ...]] = {}
            cells = []
            for row, left in enumerate(lefts):
                for column, right in enumerate(rights):
                    offset = self._offset(left, right, drift)
                    if offset is None:
                        continue
                    alike = self._likeness(left, right)
                    found[row, column] = alike.signals
                    cells.append(Cell(row, column, alike.total - _LEAST, offset))
            for cell in align(cells, len(rights)):
                self._pair(lefts[cell.row], rights[cell.column], ("order", *found[cell.row, cell.column]))

    def _drift(self) -> Drift:
        marks, later = self._before.marks, self._after.marks
        seen = ((later[pair.after].file, marks[pair.before].line, later[pair.after].line) for pair in self.pairs.values())
        return Drift((file, before, after) for file, before, after in seen if before and after)

    def _offset(self, left: int, right: int, drift: Drift) -> int | None:
        """How far one has moved from where it is to be, None where that is out of the question."""
        mark, line, span = self._before.marks[left], self._after.marks[right].line, self._spans[left]
        if not mark.line or not line:
            return 0
        if not self._moves.is_known or span is None:
            return line - drift.line_after(self._files[left], mark.line)
        offset = span.offset(line)
        return offset if abs(offset) <= _NEAR else None

    def by_likeness(self, *, is_same_file: bool = True) -> None:
        """Pair what is alike, the most alike first; what is only similar is remembered."""
        found: list[tuple[float, int, int, Likeness]] = []
        for lefts, rights in self._groups(is_same_file=is_same_file):
            for left in lefts:
                for right in rights:
                    if not is_same_file and not self._may_have_moved(left, right):
                        continue
                    alike = self._likeness(left, right, is_moved=True)
                    if alike.total >= _SIMILAR or alike.has_same_text:
                        found.append((alike.total, left, right, alike))
        found.sort(key=lambda item: (-item[0], self._order_before(item[1]), self._order_after(item[2])))
        for total, left, right, alike in found:
            if left not in self._left or right not in self._right:
                continue
            if total >= _SAME and (alike.has_same_text or "context" in alike.signals):
                self._pair(left, right, alike.signals)
            else:
                self.unsure.setdefault(left, right)

    def _may_have_moved(self, left: int, right: int) -> bool:
        """Whether it is worth while to compare with a finding in another file."""
        mark, later = self._before.marks[left], self._after.marks[right]
        if later.file == self._files[left] or not self._moves.is_new(later.file, later.line):
            return False
        return mark.message == later.message or bool(mark.text and mark.text == later.text)

    def _groups(self, *, is_same_file: bool) -> Iterator[tuple[list[int], list[int]]]:
        """What is left of both sides of each rule, in one file or anywhere, as long as that is not too much."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = {}
        for left in sorted(self._left, key=self._order_before):
            rule = self._before.marks[left].rule
            groups.setdefault((rule, self._files[left]) if is_same_file else rule, ([], []))[0].append(left)
        for right in sorted(self._right, key=self._order_after):
            mark = self._after.marks[right]
            group = groups.get((mark.rule, mark.file) if is_same_file else mark.rule)
            if group is not None:
                group[1].append(right)
        for lefts, rights in groups.values():
            if rights and len(lefts) * len(rights) <= self._cells:
                self._cells -= len(lefts) * len(rights)
                yield lefts, rights

    def _likeness(self, left: int, right: int, *, is_moved: bool = False) -> Likeness:
        """How alike two are; what a known change `is_moved` came with what is around it, and left nothing behind."""
        one, two = self._described_before(left), self._described_after(right)
        if is_moved and self._moves.is_known and self._spans[left] is not None:
            return likeness_of(self._with_company(one, self._removed(left)), self._with_company(two, self._added(right)), is_context_known=True)
        return likeness_of(one, two)

    @staticmethod
    def _with_company(one: Described, shown: tuple[Sequence[str], int]) -> Described:
        return Described(one.mark, replace(one.around, lines=lines_around(*shown)))

    def _removed(self, position: int) -> tuple[Sequence[str], int]:
        mark = self._before.marks[position]
        return self._moves.removed_at(mark.file, mark.line) if mark.line else ((), 0)

    def _added(self, position: int) -> tuple[Sequence[str], int]:
        mark = self._after.marks[position]
        return self._moves.added_at(mark.file, mark.line) if mark.line else ((), 0)

    def _described_before(self, position: int) -> Described:
        return _described(self._before.marks[position], self._before.surroundings(position), *self._removed(position))

    def _described_after(self, position: int) -> Described:
        return _described(self._after.marks[position], self._after.surroundings(position), *self._added(position))

    def _order_before(self, position: int) -> tuple[int, int, int]:
        return _order(self._before.marks[position], position)

    def _order_after(self, position: int) -> tuple[int, int, int]:
        return _order(self._after.marks[position], position)

    def _pair(self, left: int, right: int, by: tuple[str, ...]) -> None:
        self._left.discard(left)
        self._right.discard(right)
        self.unsure.pop(left, None)
        self.pairs[left] = Pair(left, right, by)


def _order(mark: Mark, position: int) -> tuple[int, int, int]:
    return (mark.line or 0, mark.column or 0, position)


def _described(mark: Mark, around: Surroundings, lines: Sequence[str], number: int) -> Described:
    """A finding with all that can be compared; where nobody has the source, the change shows what it touched."""
    if number:
        if not mark.text:
            mark = replace(mark, text=bare(lines[number - 1]))
        if not around.lines:
            around = replace(around, lines=lines_around(lines, number))
    return Described(mark, around)
