"""The best way to lay two sequences beside each other: pairs in the order of both, in long runs that moved together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What it costs when a pair did not move as far as the one before it. Two that are wholly alike gain more than two such
# breaks cost, so that they are paired wherever they went; those that are only somewhat alike have to stand in a run.
_BREAK = 0.2
_FARTHER = 0.01  # for each doubling of the way


class Cell(Struct, frozen=True, gc=False):
    """A pair that could be made: positions in both sequences, what is gained, and how far it went from where it was."""

    row: int
    column: int
    gain: float
    offset: int


class _Chain(Struct, frozen=True, gc=False):
    """Pairs up to one, and what they gain together; `before` is None for the first one."""

    total: float
    cell: Cell
    before: _Chain | None


def align(cells: Iterable[Cell], columns: int) -> Iterator[Cell]:
    """The pairs that gain most together, none crossing another; the last first.

    Args:
        cells: all that could be made.
        columns: how many there are in the second sequence.
    """
    best = _Best(columns)
    runs: dict[int, _Chain] = {}
    pending: list[_Chain] = []
    row = -1
    for cell in sorted(cells, key=lambda one: (one.row, one.column)):
        if cell.row != row:
            _settle(pending, best, runs)
            row = cell.row
        before = best.before(cell.column)
        total = (before.total if before else 0.0) - _cost(cell.offset)
        run = runs.get(cell.offset)
        if run is not None and run.cell.column < cell.column and run.total > total:
            before, total = run, run.total
        if total + cell.gain > 0:
            pending.append(_Chain(total + cell.gain, cell, before))
    _settle(pending, best, runs)
    chain = best.before(columns)
    while chain is not None:
        yield chain.cell
        chain = chain.before


def _cost(offset: int) -> float:
    return _BREAK + _FARTHER * abs(offset).bit_length() if offset else 0.0


def _settle(pending: list[_Chain], best: _Best, runs: dict[int, _Chain]) -> None:
    """Let those of the next row follow on these."""
    for chain in pending:
        best.add(chain)
        known = runs.get(chain.cell.offset)
        if known is None or chain.total > known.total:
            runs[chain.cell.offset] = chain
    pending.clear()


class _Best:
    """The best chain that ends before a column, asked and told in logarithmic time (a binary indexed tree)."""

    def __init__(self, columns: int) -> None:
        self._tree: list[_Chain | None] = [None] * (columns + 1)

    def before(self, column: int) -> _Chain | None:
        found: _Chain | None = None
        while column:
            one = self._tree[column]
            if one is not None and (found is None or one.total > found.total):
                found = one
            column &= column - 1
        return found

    def add(self, chain: _Chain) -> None:
        position = chain.cell.column + 1
        while position < len(self._tree):
            one = self._tree[position]
            if one is None or chain.total > one.total:
                self._tree[position] = chain
            position += position & -position
