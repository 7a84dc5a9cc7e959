"""Chance by name."""

from __future__ import annotations

from datetime import timedelta
from statistics import fmean, median, pvariance

import pytest

from codeql_fixer.twin.fleet.luck import Luck, exponential, hours_about, poisson, size_of

_MANY = 4000


def test_luck__is_the_same_for_the_same_name_whatever_was_drawn_before() -> None:
    one, other = Luck(7), Luck(7)
    one.stream("a").random()

    assert one.chance("b", 1) == other.chance("b", 1)
    assert len({one.chance("b", number) for number in range(100)}) == 100
    assert Luck(8).chance("b", 1) != one.chance("b", 1)


@pytest.mark.parametrize("mean", [0.2, 3.0, 80.0])
def test_poisson__has_the_mean_as_its_variance(mean: float) -> None:
    stream = Luck(1).stream("poisson", mean)

    found = [poisson(stream, mean) for _ in range(_MANY)]

    assert fmean(found) == pytest.approx(mean, rel=0.1)
    assert pvariance(found) == pytest.approx(mean, rel=0.1)


def test_times__are_about_what_they_are_said_to_be() -> None:
    stream = Luck(1).stream("times")

    about = [hours_about(stream, 3.0, 0.8) / timedelta(hours=1) for _ in range(_MANY)]
    between = [exponential(stream, timedelta(hours=5)) / timedelta(hours=1) for _ in range(_MANY)]

    assert median(about) == pytest.approx(3.0, rel=0.1)
    assert fmean(between) == pytest.approx(5.0, rel=0.1)


def test_sizes__are_1_on_average() -> None:
    stream = Luck(1).stream("sizes")

    assert fmean(size_of(stream, 0.8) for _ in range(_MANY)) == pytest.approx(1.0, rel=0.1)
