"""Objectives: the whole count decides, and unmet ones raise scores."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.objective import Objective
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.objectives import OpenIssues, boost_of, progress

CRITICAL, HIGH = SeverityTier.CRITICAL, SeverityTier.HIGH
PAYMENTS, WEB = frozenset({"payments"}), frozenset({"web"})
FLEET = (
    OpenIssues(CRITICAL, 3, PAYMENTS),
    OpenIssues(CRITICAL, 4, WEB | PAYMENTS),
    OpenIssues(CRITICAL, 5),
    OpenIssues(HIGH, 50, PAYMENTS),
)


def _objective(**members: Any) -> Objective:  # noqa: ANN401 - passed on
    return Objective(**{"name": "fewer", "target_severity": CRITICAL, **members})


@pytest.mark.parametrize(
    ("members", "baseline", "expected"),
    [
        ({"target_count": 12}, None, (12, 12, True)),
        ({"target_count": 11}, None, (12, 11, False)),
        ({"target_count": 7, "tags": PAYMENTS}, 99, (7, 7, True)),
        ({"target_count": 0, "tags": frozenset({"none has it"})}, None, (0, 0, True)),
        ({"target_reduction_pct": 50}, 24, (12, 12, True)),
        ({"target_reduction_pct": 50}, 23, (12, 11, False)),  # rounded down: half of 23 are gone at 11
        ({"target_reduction_pct": 100}, 24, (12, 0, False)),
        ({"target_reduction_pct": 0}, 12, (12, 12, True)),
        ({"target_reduction_pct": 50}, None, (12, None, False)),
        ({}, 12, (12, None, False)),
    ],
)
def test_progress(members: dict[str, Any], baseline: int | None, expected: tuple[int, int | None, bool]) -> None:
    found = progress(_objective(**members), FLEET, baseline)

    assert (found.open_issues, found.target, found.is_met) == expected
    assert found.baseline == baseline


def test_boost_of__the_whole_count_decides() -> None:
    """The first generation held one issue against the target, so that only a target of 0 was ever unmet."""
    target = _objective(target_count=10)

    assert boost_of(CRITICAL, frozenset(), [progress(target, FLEET, None)]) == 0.15
    assert boost_of(CRITICAL, frozenset(), [progress(target, FLEET[:2], None)]) == 0


@pytest.mark.parametrize(
    ("tier", "tags", "boost"),
    [
        (CRITICAL, frozenset(), 0.05),  # the third in order
        (CRITICAL, PAYMENTS, 0.15),
        (CRITICAL, WEB, 0.05),
        (HIGH, PAYMENTS, 0.0),  # met
        (SeverityTier.LOW, PAYMENTS, 0.0),
    ],
)
def test_boost_of__the_largest_that_fits(tier: SeverityTier, tags: frozenset[str], boost: float) -> None:
    known = [
        progress(_objective(target_count=0, priority=3), FLEET, None),
        progress(_objective(target_count=0, tags=PAYMENTS), FLEET, None),
        progress(_objective(target_count=50, target_severity=HIGH), FLEET, None),
    ]

    assert boost_of(tier, tags, known) == pytest.approx(boost)


def test_boost_of__also_while_the_baseline_is_not_on_record() -> None:
    assert boost_of(CRITICAL, PAYMENTS, [progress(_objective(target_reduction_pct=10), FLEET, None)]) == 0.15


@given(st.integers(0, 10_000), st.integers(0, 100))
def test_progress__a_target_of_a_reduction_is_its_share_rounded_down(baseline: int, pct: int) -> None:
    target = progress(_objective(target_reduction_pct=pct), (), baseline).target

    assert target is not None
    assert target * 100 <= baseline * (100 - pct) < (target + 1) * 100
