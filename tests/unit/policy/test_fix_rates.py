"""Fix rates of families: an honest prior, and when a family is given up."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.queue import FixCount
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.policy.fix_rates import FixRate, fix_rates_of, is_hopeless, rates_of
from tests.dispatching import attempt, tracked
from tests.records import at

FAILED = SessionState.FAILED
NUMBERS = st.integers(0, 40)


def _rate(fixed: int, failed: int) -> FixRate:
    return FixRate(family="xss", fixed=fixed, failed=failed)


@pytest.mark.parametrize(
    ("fixed", "failed", "rate"), [(0, 0, None), (1, 1, None), (0, 3, 0.2), (3, 0, 0.8), (1, 2, 0.4), (50, 48, 0.51)]
)
def test_rate__is_known_from_three_attempts(fixed: int, failed: int, rate: float | None) -> None:
    assert _rate(fixed, failed).rate == rate


@pytest.mark.parametrize(
    ("fixed", "failed", "least", "hopeless"),
    [
        (0, 0, 100, False),  # nothing is known
        (0, 2, 100, False),
        (3, 0, 99, False),  # nothing failed
        (0, 12, 20, False),
        (0, 13, 20, True),
        (1, 13, 20, False),
        (0, 1000, 0, False),  # nobody asks for anything
        (1, 2, 100, True),  # everything is asked for
        (9000, 1000, 89, False),
        (8000, 12000, 50, True),
    ],
)
def test_is_hopeless(fixed: int, failed: int, least: int, *, hopeless: bool) -> None:
    assert is_hopeless(_rate(fixed, failed), least) == hopeless


@given(NUMBERS, NUMBERS, st.integers(1, 99))
def test_is_hopeless__is_the_tail_of_the_posterior(fixed: int, failed: int, least: int) -> None:
    """In fractions: the integral of Beta(a, b) above m is sum C(n, k) m^k (1 - m)^(n - k) over k < a, n = a + b - 1."""
    m, n = Fraction(least, 100), fixed + failed + 1
    above = sum((comb(n, k) * m**k * (1 - m) ** (n - k) for k in range(fixed + 1)), Fraction(0))

    assert is_hopeless(_rate(fixed, failed), least) == (failed > 0 and n > 3 and above < Fraction(1, 20))


@given(NUMBERS, NUMBERS, st.integers(0, 100))
def test_is_hopeless__a_fix_never_makes_it_so_and_a_failure_never_mends_it(fixed: int, failed: int, least: int) -> None:
    if not is_hopeless(_rate(fixed, failed), least) and fixed + failed >= 3:
        assert not is_hopeless(_rate(fixed + 1, failed), least)
    if is_hopeless(_rate(fixed, failed), least):
        assert is_hopeless(_rate(fixed, failed + 1), least)


def test_fix_rates_of__what_nobody_asked_about_says_nothing() -> None:
    """The first generation counted such sessions as failed, and gave up families in which nothing had gone wrong."""
    silent = [attempt(1), attempt(2, outcome=None), attempt(3, session=SessionState.WORKING)]
    proposed = [attempt(1, (PullRequestState.OPEN, 4), session=SessionState.FINISHED)]

    found = fix_rates_of(
        [
            ("ssrf", tracked(1), Lifecycle.SESSION_DISPATCHED, silent),
            ("ssrf", tracked(2), Lifecycle.PR_OPEN, proposed),
            ("ssrf", tracked(3), Lifecycle.FIXED, ()),  # not our doing
        ]
    )

    assert found == {}


def test_fix_rates_of__counts_attempts_by_family() -> None:
    found = fix_rates_of(
        [
            ("xss", tracked(1), Lifecycle.VERIFIED_FIXED, [attempt(1, session=FAILED), attempt(5)]),
            ("xss", tracked(2), Lifecycle.RECURRING, [attempt(1, session=FAILED), attempt(5, session=FAILED)]),
            ("ssrf", tracked(3), Lifecycle.RECURRING, [attempt(1, session=FAILED)]),
        ]
    )

    assert found == {"xss": _rate(1, 3), "ssrf": FixRate(family="ssrf", failed=1)}


def _count(rule_id: str, fixed: int, failed: int, *, hours: float = 0, family: str = "xss") -> FixCount:
    return FixCount(family=family, rule_id=rule_id, agent=f"a{hours}", fixed=fixed, failed=failed, last_at=at(hours))


def test_rates_of__by_family_and_by_rule() -> None:
    counts = [_count("r1", 2, 1, hours=3), _count("r1", 1, 0, hours=9), _count("r2", 0, 4, hours=5), _count("r3", 0, 0)]

    families, rules = rates_of(counts)

    assert {name: (rate.fixed, rate.failed, rate.last_at) for name, rate in families.items()} == {"xss": (3, 5, at(9))}
    assert {name: (rate.fixed, rate.failed, rate.last_at) for name, rate in rules.items()} == {
        ("xss", "r1"): (3, 1, at(9)),
        ("xss", "r2"): (0, 4, at(5)),
    }
    assert (families["xss"].subject, rules["xss", "r1"].subject) == ("xss", "r1")


def test_rates_of__an_attempt_at_work_counts_as_the_last_and_nothing_else() -> None:
    families, _ = rates_of([_count("r1", 0, 3, hours=1), _count("r1", 0, 0, hours=7)])

    assert (families["xss"].failed, families["xss"].last_at) == (3, at(7))


def test_rates_of__a_family_that_was_hardly_tried_borrows_from_the_others() -> None:
    others = [_count("r", 30, 1, family=family) for family in ("ssrf", "auth", "crypto")]

    families, _ = rates_of([*others, _count("r", 1, 2)])

    assert families["xss"].rate is not None
    assert families["xss"].rate > 0.4  # by itself it would be 0.4
