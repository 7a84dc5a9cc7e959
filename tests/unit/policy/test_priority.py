"""The score of an issue: seed 000, section 7.1, and where we read it more exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.priority import Weights
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.priority import APPEARANCES_THAT_COUNT, TIER_WEIGHTS, ScoreFacts, score
from codeql_fixer.policy.sla import SlaState

if TYPE_CHECKING:
    from codeql_fixer.domain.priority import Score

FACTS = st.builds(
    ScoreFacts,
    tier=st.sampled_from(SeverityTier),
    importance=st.integers(0, 100),
    sla=st.sampled_from(SlaState),
    fix_rate=st.none() | st.floats(0, 1),
    appearances=st.integers(0, 20),
)


def _score(**members: Any) -> Score:  # noqa: ANN401 - passed on
    chosen: dict[str, Any] = {"tier": SeverityTier.HIGH, "importance": 50, "sla": SlaState.ON_TRACK}
    return score(ScoreFacts(**{**chosen, "fix_rate": None, "appearances": 1, **members}), weights=Weights())


def _seed(facts: ScoreFacts) -> float:
    """The formula as the seed has it, but for a rate that was measured as 0."""
    severity = {"critical": 1.0, "high": 0.75, "medium": 0.5, "low": 0.25}.get(facts.tier, 0.1)
    urgency = {"breached": 0.4, "at_risk": 0.2}.get(facts.sla, 0.0)
    feasibility = 0.5 if facts.fix_rate is None else facts.fix_rate
    importance, recurrence = facts.importance / 100.0, min(facts.appearances * 0.05, 0.3)
    return importance * 0.35 + severity * 0.30 + urgency * 0.15 + feasibility * 0.10 + recurrence * 0.10


@pytest.mark.parametrize(
    ("members", "total"),
    [
        ({}, 0.455),
        ({"tier": SeverityTier.CRITICAL, "importance": 90, "sla": SlaState.BREACHED, "appearances": 9}, 0.755),
        ({"tier": SeverityTier.NONE, "importance": 0, "appearances": 0}, 0.08),
        ({"sla": SlaState.AT_RISK}, 0.485),
        ({"sla": SlaState.MET}, 0.455),
        ({"fix_rate": 1.0}, 0.505),
        ({"fix_rate": 0.0}, 0.405),  # known and nothing was fixed: not the same as not known
    ],
)
def test_score__as_the_seed_has_it(members: dict[str, Any], total: float) -> None:
    assert _score(**members).total == total


def test_score__every_term_is_on_record() -> None:
    facts = ScoreFacts(tier=SeverityTier.LOW, importance=100, sla=SlaState.BREACHED, fix_rate=0.5, appearances=2)

    found = score(facts, weights=Weights(), boost=0.15, reach=0.02)

    assert (found.importance, found.severity, found.sla) == pytest.approx((0.35, 0.075, 0.06))
    assert (found.feasibility, found.recurrence, found.boost, found.reach) == pytest.approx((0.05, 0.01, 0.15, 0.02))
    assert found.total == 0.715


def test_score__by_the_weights_that_are_set() -> None:
    facts = ScoreFacts(tier=SeverityTier.HIGH, importance=10, sla=SlaState.BREACHED, fix_rate=1.0, appearances=3)
    only_severity = Weights(importance=0, severity=1, sla=0, feasibility=0, recurrence=0)

    assert score(facts, weights=only_severity).total == TIER_WEIGHTS[SeverityTier.HIGH]


@given(FACTS)
def test_score__is_the_formula(facts: ScoreFacts) -> None:
    assert score(facts, weights=Weights()).total == pytest.approx(_seed(facts), abs=0.00006)  # four digits


@given(FACTS, st.integers(APPEARANCES_THAT_COUNT, 10_000))
def test_score__further_sightings_change_nothing(facts: ScoreFacts, more: int) -> None:
    enough = ScoreFacts(
        tier=facts.tier,
        importance=facts.importance,
        sla=facts.sla,
        fix_rate=facts.fix_rate,
        appearances=APPEARANCES_THAT_COUNT,
    )
    further = ScoreFacts(
        tier=facts.tier, importance=facts.importance, sla=facts.sla, fix_rate=facts.fix_rate, appearances=more
    )

    assert score(further, weights=Weights()) == score(enough, weights=Weights())


@given(FACTS)
def test_score__is_between_0_and_1(facts: ScoreFacts) -> None:
    assert 0 <= score(facts, weights=Weights()).total <= 1
