"""Means, intervals and differences of several seeds."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.twin.fleet.forecast import FIGURES, burn_down, differences, interval, students_t
from codeql_fixer.twin.fleet.simulation import Day


def _day(number: int, high: int, sessions: int = 0) -> Day:
    return Day(
        number=number,
        open_issues={tier.value: high if tier is SeverityTier.HIGH else 0 for tier in SeverityTier},
        sessions=sessions,
        acu=0.0,
        open_pull_requests=0,
        missed=0,
        verified=0,
    )


@pytest.mark.parametrize(
    ("freedom", "percentile"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, 97.5 %
    [(1, 12.706), (9, 2.262), (30, 2.042), (31, 2.040), (40, 2.021), (60, 2.000), (100, 1.984)],
)
def test_students_t__is_that_of_the_tables(freedom: int, percentile: float) -> None:
    assert students_t(freedom) == pytest.approx(percentile, abs=0.0006)


def test_interval__of_several() -> None:
    found = interval([8.0, 10.0, 12.0])

    assert found.mean == 10
    assert found.half == pytest.approx(4.303 * 2 / 3**0.5)


def test_interval__one_seed_says_nothing_about_others() -> None:
    found = interval([8.0])

    assert (found.mean, found.half, found.is_off_zero) == (8, None, False)


def test_burn_down__has_every_figure_of_every_day() -> None:
    days = burn_down([[_day(1, 9), _day(2, 7)], [_day(1, 5), _day(2, 3)]])

    assert [day["open high"].mean for day in days] == [7, 5]
    assert [day["open"].mean for day in days] == [7, 5]
    assert all(tuple(day) == FIGURES for day in days)


def test_differences__are_taken_seed_by_seed() -> None:
    first = [[_day(1, high)] for high in (100, 50, 10, 200)]
    second = [[_day(1, high - less)] for high, less in ((100, 9), (50, 10), (10, 10), (200, 11))]

    found = {one.figure: one for one in differences(first, second)}

    assert found["open high"].change.mean == -10
    assert found["open high"].change.is_off_zero  # though the seeds differ by far more than the policies do
    assert not found["open low"].change.is_off_zero
