"""Two sequences side by side."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.proof.alignment import Cell, align

CELLS = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.tuples(st.sampled_from([-0.2, 0.1, 0.3, 0.6]), st.sampled_from([0, 3, -4])),
)


def _grid(before: list[int], after: list[int], gain: float = 0.6) -> list[Cell]:
    return [Cell(i, j, gain, b - a) for i, a in enumerate(before) for j, b in enumerate(after)]


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ([], [], set()),
        ([1, 5, 9], [1, 5, 9], {(0, 0), (1, 1), (2, 2)}),  # nothing has happened
        ([1, 5, 9], [3, 7, 11], {(0, 0), (1, 1), (2, 2)}),  # lines were added above
        ([1, 5, 9], [1, 9, 13], {(0, 0), (1, 1), (2, 2)}),  # lines were added behind the first
        ([1, 5, 9], [1, 9], {(0, 0), (2, 1)}),  # the second was mended
        ([1, 5, 9], [1, 5, 7, 9], {(0, 0), (1, 1), (2, 3)}),  # there is a new one
    ],
)
def test_align__follows_runs(before: list[int], after: list[int], pairs: set[tuple[int, int]]) -> None:
    assert {(cell.row, cell.column) for cell in align(_grid(before, after), len(after))} == pairs


@pytest.mark.parametrize(
    ("gain", "pairs"),
    [
        (0.6, {(0, 0), (1, 1), (2, 2), (3, 3)}),  # wholly alike: the same, wherever they went
        (0.4, {(0, 0), (2, 1), (3, 3)}),  # somewhat alike: the second was mended, and the third later one is new
    ],
)
def test_align__breaks_runs_for_what_is_wholly_alike_only(gain: float, pairs: set[tuple[int, int]]) -> None:
    grid = _grid([1, 5, 9, 20], [1, 9, 14, 20], gain)

    assert {(cell.row, cell.column) for cell in align(grid, 4)} == pairs


def test_align__makes_no_pair_that_costs_more_than_it_gains() -> None:
    assert not list(align(_grid([1], [40], gain=0.1), 1))


@given(CELLS)
def test_align__is_in_order_one_to_one_and_the_best_of_single_runs(
    cells: dict[tuple[int, int], tuple[float, int]],
) -> None:
    grid = [Cell(row, column, gain, offset) for (row, column), (gain, offset) in cells.items()]

    made = list(align(grid, 5))[::-1]

    for one, two in itertools.pairwise(made):
        assert one.row < two.row
        assert one.column < two.column
    here = [cell.gain for cell in grid if not cell.offset]
    assert sum(cell.gain for cell in made) >= max([0.0, *here]) - 1e-9
