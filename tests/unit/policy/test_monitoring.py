"""Sessions that take long, and families that fail in a row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.monitoring import (
    DEFAULT_LIMIT,
    FAMILY_REST,
    Ended,
    failing_families,
    is_overdue,
    limit_of,
    row_began,
)
from tests.records import at


def _minutes(*numbers: float) -> list[timedelta]:
    return [timedelta(minutes=number) for number in numbers]


@pytest.mark.parametrize(
    ("durations", "limit"),
    [
        ((), DEFAULT_LIMIT),
        ((1, 1, 1, 1), DEFAULT_LIMIT),
        ((50, 10, 20, 30, 40), timedelta(minutes=100)),
        (range(1, 11), timedelta(minutes=18)),  # the longest is an outlier, perhaps
        (range(1, 101), timedelta(minutes=180)),
    ],
)
def test_limit_of(durations: tuple[float, ...], limit: timedelta) -> None:
    assert limit_of(_minutes(*durations)) == limit
    assert not is_overdue(limit, _minutes(*durations))
    assert is_overdue(limit + timedelta(seconds=1), _minutes(*durations))


@given(st.lists(st.integers(1, 1000), min_size=5), st.integers(2, 10))
def test_limit_of__grows_with_the_durations(durations: list[int], factor: int) -> None:
    assert limit_of(_minutes(*(number * factor for number in durations))) == factor * limit_of(_minutes(*durations))


def _ended(marks: str) -> list[Ended]:
    return [Ended(at(hours), is_success=mark == "+") for hours, mark in enumerate(marks)]


@pytest.mark.parametrize(
    ("marks", "failures"),
    [("", 0), ("--", 0), ("---", 3), ("+---", 3), ("--+--", 0), ("---+", 0), ("-----", 5), ("-+----", 4)],
)
def test_failing_families__counts_since_the_last_success(marks: str, failures: int) -> None:
    for ended in (_ended(marks), _ended(marks)[::-1]):
        found = failing_families({"xss": ended, "ssrf": _ended("--")}, 3)

        assert {name: family.failures for name, family in found.items()} == ({"xss": failures} if failures else {})


def test_failing_families__says_why_and_until_when() -> None:
    found = failing_families({"xss": _ended("---")}, 3)["xss"]

    assert found.until == at(2) + FAMILY_REST
    assert found.reason == "3 sessions in a row failed for xss: no more before 2026-03-08"


def test_failing_families__a_success_at_the_same_time_comes_last() -> None:
    ended = [Ended(at(1), is_success=True), Ended(at(1), is_success=False)]

    assert failing_families({"xss": ended}, 1) == {}


def test_failing_families__without_a_limit_none_is() -> None:
    assert failing_families({"xss": _ended("-----")}, None) == {}


ROWS = {
    "nothing": ((), None),
    "one": (((5, False),), 5),
    "back to the last success": (((1, False), (2, True), (3, False), (9, False)), 3),
    "none since the last success": (((1, False), (2, True)), None),
    "longer than anybody looks back": (tuple((day, False) for day in range(0, 100, 8)), 0),
    "not beyond a long pause": (((0, False), (20, False), (50.1, False), (60, False)), 50.1),
}


@pytest.mark.parametrize(("row", "day"), ROWS.values(), ids=ROWS)
def test_row_began__is_the_first_failure_of_a_row(row: tuple[tuple[float, bool], ...], day: float | None) -> None:
    ended = [Ended(at(24 * day), is_success) for day, is_success in row]

    for order in (ended, ended[::-1]):
        assert row_began(order) == (None if day is None else at(24 * day))
