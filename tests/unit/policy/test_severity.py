"""Severity: scores to tiers without gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.severity import Level, SeverityTier
from codeql_fixer.policy.severity import severity_of, tier_of
from tests.builders import finding


@pytest.mark.parametrize(
    ("score", "tier"),
    [
        (10.0, SeverityTier.CRITICAL),
        (9.0, SeverityTier.CRITICAL),
        (8.95, SeverityTier.HIGH),  # one-decimal ranges would leave it in no tier
        (7.0, SeverityTier.HIGH),
        (6.95, SeverityTier.MEDIUM),
        (4.0, SeverityTier.MEDIUM),
        (3.95, SeverityTier.LOW),
        (0.1, SeverityTier.LOW),
        (0.01, SeverityTier.LOW),
        (0.0, SeverityTier.NONE),
    ],
)
def test_tier_of__has_the_published_floors(score: float, tier: SeverityTier) -> None:
    assert tier_of(score) is tier


@given(st.floats(0, 10), st.floats(0, 10))
def test_tier_of__never_falls_when_the_score_rises(one: float, two: float) -> None:
    low, high = sorted((one, two))

    assert tier_of(low).rank <= tier_of(high).rank


@pytest.mark.parametrize(
    ("level", "tier"),
    [
        (Level.ERROR, SeverityTier.HIGH),
        (Level.WARNING, SeverityTier.MEDIUM),
        (Level.NOTE, SeverityTier.LOW),
        (Level.NONE, SeverityTier.NONE),
    ],
)
def test_severity_of__takes_the_level_when_there_is_no_score(level: Level, tier: SeverityTier) -> None:
    found = replace(finding(score=None), level=level)

    assert severity_of(found).tier is tier


def test_severity_of__prefers_the_finding_to_its_rule() -> None:
    found = replace(finding(score=9.8), security_severity=2.0)

    assert severity_of(found).score == 2.0


def test_severity_of__takes_the_score_of_the_rule() -> None:
    assert severity_of(finding(score=9.8)).tier is SeverityTier.CRITICAL


def test_severity_of__stays_right_when_scores_do_not_repeat() -> None:
    scores = [number / 1000 for number in range(1, 2001)]  # more than are remembered

    assert [severity_of(finding(score=score)).score for score in scores] == scores
