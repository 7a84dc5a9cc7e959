"""Rates that borrow from those they belong to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.beta import Beta
from codeql_fixer.policy.shrinkage import FLAT, Tally, estimates, worth

TALLIES = st.builds(Tally, st.integers(0, 40), st.integers(0, 40))
TREES = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("12")), TALLIES, max_size=12
)


def test_estimates__of_nothing_is_that_every_rate_is_as_likely() -> None:
    assert {kind: one.belief for kind, one in estimates({}).items()} == {(): Beta(1, 1)}


def test_estimates__an_only_child_is_its_parent() -> None:
    """Else the same three attempts would count twice."""
    found = estimates({("xss", "py/xss"): Tally(2, 1)})

    assert {one.belief for one in found.values()} == {Beta(3, 2)}
    assert {one.prior for one in found.values()} == {FLAT}


def test_estimates__a_kind_that_was_hardly_tried_is_taken_for_its_parent() -> None:
    found = estimates({("xss", "a"): Tally(90, 10), ("xss", "b"): Tally(80, 20), ("xss", "new"): Tally(0, 1)})

    assert found["xss", "new"].belief.mean > 0.6
    assert found["xss", "a"].belief.mean == pytest.approx(0.9, abs=0.02)


def test_estimates__of_kinds_that_differ_borrow_little() -> None:
    found = estimates({("good",): Tally(95, 5), ("bad",): Tally(5, 95), ("new",): Tally(1, 1)})

    assert found[("bad",)].belief.mean == pytest.approx(0.06, abs=0.01)
    low, high = found[("new",)].belief.interval
    assert high - low > 0.6


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        ([], 4),  # nothing to tell it from
        ([[Tally(5, 5)]], 4),  # one child
        ([[Tally(5, 5), Tally()]], 4),  # one that was tried
        ([[Tally(9, 0), Tally(9, 0)]], 4),  # everything was fixed
        ([[Tally(50, 50), Tally(50, 50)]], 50),  # all alike
        ([[Tally(100, 0), Tally(0, 100)]], 1),  # nothing in common
    ],
)
def test_worth(families: list[list[Tally]], expected: float) -> None:
    assert worth(families) == expected


def test_worth__is_the_formula_for_groups_that_differ_somewhat() -> None:
    """By hand: P = 1/2, sum n (p - P)^2 = 20 x 0.01 x 2, N - sum n^2 / N - 1 = 40 - 20 - 1."""
    assert worth([[Tally(12, 8), Tally(8, 12)]]) == pytest.approx(1 / ((0.4 - 0.25) / (0.25 * 19)) - 1)


@given(TREES)
def test_estimates__lie_between_what_was_seen_and_what_is_believed_of_the_parent(
    tallies: dict[tuple[str, ...], Tally],
) -> None:
    found = estimates(tallies)

    for kind, one in found.items():
        assert one.prior.a >= 0
        assert one.prior.b >= 0
        if one.tally.known:
            seen = one.tally.good / one.tally.known
            low, high = sorted((seen, one.prior.mean))
            assert low - 1e-9 <= one.belief.mean <= high + 1e-9
        if kind and found[kind[:-1]].tally != one.tally:
            assert one.prior.mean == pytest.approx(found[kind[:-1]].belief.mean)
    for kind, one in found.items():
        parts = [other.tally for name, other in found.items() if len(name) == len(kind) + 1 and name[:-1] == kind]
        if parts:
            assert (sum(part.good for part in parts), sum(part.bad for part in parts)) == (
                one.tally.good,
                one.tally.bad,
            )


@given(TREES, st.data())
def test_estimates__another_fix_never_lowers_a_rate(tallies: dict[tuple[str, ...], Tally], data: st.DataObject) -> None:
    """Of the kind itself, with the same prior."""
    found = estimates(tallies)
    one = found[data.draw(st.sampled_from(sorted(found)))]

    more = Beta(one.belief.a + 1, one.belief.b)

    assert more.mean >= one.belief.mean


@given(TREES)
def test_estimates__do_not_depend_on_the_order(tallies: dict[tuple[str, ...], Tally]) -> None:
    """To the last digit: decisions that are made again have to come out the same on every database."""
    assert estimates(dict(reversed(tallies.items()))) == estimates(tallies)
