"""Compares two findings that may be one: how alike they are, how far it went, with all that source or change show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.policy.proof.likeness import likeness_of, overlap
from codeql_fixer.policy.proof.marks import Described, Mark, Surroundings, bare, lines_around

if TYPE_CHECKING:
    from codeql_fixer.policy.proof.likeness import Likeness
    from codeql_fixer.policy.proof.moves import Moves

_CONTEXT = 0.4  # of the lines around two that are equal which has to agree
_NEAR = 3  # lines within which a scanner may report the same place differently


class Side(Struct, frozen=True):
    """The findings of one scan: their marks, and what surrounds one, which is asked for few of them only."""

    marks: Sequence[Mark]
    surroundings: Callable[[int], Surroundings]


class Candidates:
    """Compares by position.

    Args:
        before: of the earlier scan.
        after: of the later one.
        moves: what the change between them did to files and lines.
    """

    def __init__(self, before: Side, after: Side, moves: Moves) -> None:
        self._before, self._after, self._moves = before, after, moves
        self.spans = [moves.line_after(mark.file, mark.line) if mark.line else None for mark in before.marks]

    def offset(self, left: int, right: int) -> int | None:
        """How many lines one is from where it is to be, None where that is out of the question."""
        mark, line, span = self._before.marks[left], self._after.marks[right].line, self.spans[left]
        if not mark.line or not line:
            return 0
        if span is None:
            return line - mark.line
        offset = span.offset(line)
        return offset if abs(offset) <= _NEAR else None

    def line_now(self, left: int) -> int | None:
        """The line that one has to be on when nobody touched it, None where it was touched or has none."""
        mark, span = self._before.marks[left], self.spans[left]
        if span is not None:
            return span.first if span.is_kept else None
        return mark.line

    def likeness(self, left: int, right: int) -> Likeness:
        """How alike two are that stand where they stood."""
        return likeness_of(self._earlier(left), self._later(right))

    def likeness_moved(self, left: int, right: int) -> Likeness:
        """How alike two are that stand elsewhere: what was moved takes along what is around it, as a change shows."""
        one, two = self._earlier(left), self._later(right)
        if self.spans[left] is None:
            return likeness_of(one, two)
        taken = replace(one.around, lines=lines_around(*self._removed(left)))
        brought = replace(two.around, lines=lines_around(*self._added(right)))
        return likeness_of(Described(one.mark, taken), Described(two.mark, brought), is_context_known=True)

    def has_same_context(self, left: int, right: int) -> bool:
        """Whether the lines around do not speak against it."""
        return overlap(self._earlier(left).around.lines, self._later(right).around.lines) >= _CONTEXT

    def _removed(self, position: int) -> tuple[Sequence[str], int]:
        mark = self._before.marks[position]
        return self._moves.removed_at(mark.file, mark.line) if mark.line else ((), 0)

    def _added(self, position: int) -> tuple[Sequence[str], int]:
        mark = self._after.marks[position]
        return self._moves.added_at(mark.file, mark.line) if mark.line else ((), 0)

    def _earlier(self, position: int) -> Described:
        return _described(self._before, position, self._removed(position))

    def _later(self, position: int) -> Described:
        return _described(self._after, position, self._added(position))


def _described(side: Side, position: int, shown: tuple[Sequence[str], int]) -> Described:
    """A finding with all that can be compared; where nobody has the source, the change shows what it touched."""
    mark, around = side.marks[position], side.surroundings(position)
    lines, number = shown
    if number and not mark.text:
        mark = replace(mark, text=bare(lines[number - 1]))
    if number and not around.lines:
        around = replace(around, lines=lines_around(lines, number))
    return Described(mark, around)
