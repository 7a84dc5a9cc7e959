"""Which finding of an earlier scan is which of a later one: one to one, by several signals, the surest first.

No single signal does: line hashes change with the line, line numbers with every edit above, messages repeat, and new
tools write new fingerprints. What is paired by a sure signal is out of the way when the weaker ones are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from codeql_fixer.policy.likeness import Likeness, likeness_of
from codeql_fixer.policy.marks import Described, Mark, Surroundings

if TYPE_CHECKING:
    from codeql_fixer.policy.moves import Moves

# Likeness from which on two findings are taken for one, and below which they are two; between, nobody can tell.
# tests/bench/matching_bench.py shows what comes of them.
_SAME, _SIMILAR = 0.55, 0.42
_FAR = 1 << 30
# Another file is a long way: what is only somewhat alike there is another finding.
_SAME_ELSEWHERE, _SIMILAR_ELSEWHERE = 0.75, 0.65
_MOST_PAIRS = 20_000  # that are compared word by word; beyond, only sure signals count


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

    def described(self, position: int) -> Described:
        """A finding with all that can be compared."""
        return Described(self.marks[position], self.surroundings(position))


def match(before: Side, after: Side, moves: Moves) -> Matching:
    """Pair findings one to one; each is in one pair at most.

    Args:
        before: of the earlier scan.
        after: of the later one.
        moves: what the change between them did to files and lines.
    """
    work = _Work(before, after, moves)
    work.by_key("place", work.exact_place_before, work.exact_place_after)
    work.by_key("fingerprint, message", *work.keyed(lambda mark: (mark.prints, mark.message)))
    work.by_key("fingerprint", *work.keyed(lambda mark: mark.prints))
    work.by_key("line, message", work.line_before, work.line_after)
    work.by_likeness(is_same_file=True)
    work.by_key("fingerprint in another file", *work.anywhere(lambda mark: (mark.prints, mark.message)))
    work.by_likeness(is_same_file=False)
    return Matching(work.pairs, work.unsure)


class _Work:
    """The pairing under way: what is left of both sides."""

    def __init__(self, before: Side, after: Side, moves: Moves) -> None:
        self._before, self._after, self._moves = before, after, moves
        self._left = set(range(len(before.marks)))
        self._right = set(range(len(after.marks)))
        self._files = [moves.file_after(mark.file) for mark in before.marks]
        self._spans = [moves.line_after(mark.file, mark.line) if mark.line else None for mark in before.marks]
        self.pairs: dict[int, Pair] = {}
        self.unsure: dict[int, int] = {}

    def exact_place_before(self, position: int) -> Hashable | None:
        """The place that an untouched line has now."""
        mark, span = self._before.marks[position], self._spans[position]
        if span is None or not span.is_kept:
            return None
        return (mark.rule, self._files[position], span.first, mark.column)

    def exact_place_after(self, position: int) -> Hashable | None:
        """The place of a later finding."""
        mark = self._after.marks[position]
        return (mark.rule, mark.file, mark.line, mark.column) if self._moves.is_known and mark.line else None

    def line_before(self, position: int) -> Hashable | None:
        """Line and message, for lines that stayed where they were as far as anybody knows."""
        mark, span = self._before.marks[position], self._spans[position]
        if not mark.line or (span is not None and not span.is_kept):
            return None
        return (mark.rule, self._files[position], span.first if span else mark.line, mark.message)

    def line_after(self, position: int) -> Hashable | None:
        """The same of a later finding."""
        mark = self._after.marks[position]
        return (mark.rule, mark.file, mark.line, mark.message) if mark.line else None

    def keyed(self, key: Callable[[Mark], Hashable]) -> tuple[_Key, _Key]:
        """Keys of findings with fingerprints, in the file where the earlier one is to be now."""

        def before(position: int) -> Hashable | None:
            mark = self._before.marks[position]
            return (mark.rule, self._files[position], key(mark)) if mark.prints else None

        def after(position: int) -> Hashable | None:
            mark = self._after.marks[position]
            return (mark.rule, mark.file, key(mark)) if mark.prints else None

        return before, after

    def anywhere(self, key: Callable[[Mark], Hashable]) -> tuple[_Key, _Key]:
        """The same in whatever file."""

        def before(position: int) -> Hashable | None:
            mark = self._before.marks[position]
            return (mark.rule, key(mark)) if mark.prints else None

        def after(position: int) -> Hashable | None:
            mark = self._after.marks[position]
            return (mark.rule, key(mark)) if mark.prints and self._moves.is_new(mark.file, mark.line) else None

        return before, after

    def by_key(self, name: str, key_before: _Key, key_after: _Key) -> None:
        """Pair what has the same key; where several have it, those whose lines are closest."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = {}
        for side, positions, key in ((0, self._left, key_before), (1, self._right, key_after)):
            for position in sorted(positions):
                value = key(position)
                if value is not None and (side == 0 or value in groups):
                    groups.setdefault(value, ([], []))[side].append(position)
        for lefts, rights in groups.values():
            if len(lefts) == 1 == len(rights):
                self._pair(lefts[0], rights[0], (name,))
            elif rights:
                self._closest(lefts, rights, name)

    def by_likeness(self, *, is_same_file: bool) -> None:
        """Pair what is alike, the most alike first; what is only similar is remembered."""
        same, similar = (_SAME, _SIMILAR) if is_same_file else (_SAME_ELSEWHERE, _SIMILAR_ELSEWHERE)
        found: list[tuple[float, int, int, Likeness]] = []
        for left, right in self._comparable(is_same_file=is_same_file):
            alike = likeness_of(
                self._before.described(left),
                self._after.described(right),
                span=self._spans[left] if is_same_file else None,
                is_same_file=is_same_file,
            )
            if alike.total >= similar:
                found.append((alike.total, left, right, alike))
        found.sort(key=lambda item: (-item[0], item[1], item[2]))
        for total, left, right, alike in found:
            if left not in self._left:
                continue
            if right in self._right and total >= same:
                self._pair(left, right, alike.signals)
            elif right in self._right:
                self.unsure.setdefault(left, right)

    def _comparable(self, *, is_same_file: bool) -> Iterable[tuple[int, int]]:
        rights: dict[Hashable, list[int]] = {}
        for right in sorted(self._right):
            mark = self._after.marks[right]
            rights.setdefault((mark.rule, mark.file) if is_same_file else mark.rule, []).append(right)
        budget = _MOST_PAIRS
        for left in sorted(self._left):
            mark, file = self._before.marks[left], self._files[left]
            for right in rights.get((mark.rule, file) if is_same_file else mark.rule, ()):
                if is_same_file or self._may_have_moved(mark, file, self._after.marks[right]):
                    yield left, right
                    budget -= 1
            if budget <= 0:
                return

    def _may_have_moved(self, mark: Mark, file: str, later: Mark) -> bool:
        """Whether it is worth while to compare with a finding in another file."""
        if later.file == file or not self._moves.is_new(later.file, later.line):
            return False
        return (mark.message and mark.message == later.message) or (bool(mark.text) and mark.text == later.text)

    def _closest(self, lefts: Iterable[int], rights: Iterable[int], name: str) -> None:
        lefts, rights = list(lefts), list(rights)
        distances = sorted((self._distance(left, right), left, right) for left in lefts for right in rights)
        for _, left, right in distances:
            if left in self._left and right in self._right:
                self._pair(left, right, (name, "nearest line"))

    def _distance(self, left: int, right: int) -> int:
        line, span = self._after.marks[right].line, self._spans[left]
        own = self._before.marks[left].line
        if not line or not own:
            return _FAR
        return span.distance(line) if span else abs(line - own)

    def _pair(self, left: int, right: int, by: tuple[str, ...]) -> None:
        self._left.discard(left)
        self._right.discard(right)
        self.unsure.pop(left, None)
        self.pairs[left] = Pair(left, right, by)


_Key: TypeAlias = Callable[[int], Hashable | None]
