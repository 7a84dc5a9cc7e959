"""What may be believed about a rate."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.beta import Beta

WHOLE = st.integers(1, 60)
PARTS = st.floats(0.05, 500)
RATES = st.floats(0, 1)


@given(WHOLE, WHOLE, st.integers(1, 99))
def test_below__is_a_binomial_tail_for_whole_numbers(a: int, b: int, percent: int) -> None:
    """I_x(a, b) is the chance of a successes or more in a + b - 1 tries (DLMF 8.17.5)."""
    x, tries = Fraction(percent, 100), a + b - 1
    exact = sum((comb(tries, k) * x**k * (1 - x) ** (tries - k) for k in range(a, tries + 1)), Fraction(0))

    assert Beta(a, b).below(percent / 100) == pytest.approx(float(exact), abs=1e-12)
    assert Beta(a, b).above(percent / 100) == pytest.approx(1 - float(exact), abs=1e-12)


@given(PARTS, PARTS, st.tuples(RATES, RATES))
def test_below__grows_from_0_to_1(a: float, b: float, rates: tuple[float, float]) -> None:
    belief = Beta(a, b)

    assert (belief.below(0), belief.below(1)) == (0, 1)
    assert belief.below(min(rates)) <= belief.below(max(rates)) + 1e-9


@given(st.floats(0.5, 500), st.floats(0.5, 500))
def test_interval__holds_ninety_percent(a: float, b: float) -> None:
    belief = Beta(a, b)
    low, high = belief.interval

    assert belief.below(high) - belief.below(low) == pytest.approx(0.9, abs=1e-6)
    assert 0 <= low <= high <= 1


def test_mean__and_a_flat_belief() -> None:
    assert Beta(1, 3).mean == 0.25
    assert Beta(1, 1).interval == pytest.approx((0.05, 0.95))
