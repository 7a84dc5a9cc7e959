"""How sessions of the twin go."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.twin.devin.outcomes import DEFAULT_MIX
from codeql_fixer.twin.devin.timeline import (
    BUDGET_STOPS,
    Course,
    Outcome,
    Step,
    acu_at,
    begun,
    live_spans,
    step_at,
)

OUTCOMES = st.sampled_from(list(Outcome))
SEEDS = st.integers(0, 2**32)
LIMITS = st.one_of(st.none(), st.integers(0, 20))
# Of each stage, as the seed of this project has them.
SECONDS = {"analyzing": (5, 10), "fixing": (10, 20), "testing": (8, 15), "creating_pr": (3, 8)}


def _course(seed: int, limit: int | None = None) -> Course:
    return Course(random.Random(seed), limit)  # noqa: S311 - a fate, not a secret


@given(seed=SEEDS, outcome=OUTCOMES, limit=LIMITS)
def test_course__goes_forward_in_time_and_in_cost(seed: int, outcome: Outcome, limit: int | None) -> None:
    course = _course(seed, limit)
    steps = course.first(100.0, outcome)
    woken = steps if steps[-1].is_live else steps + course.after_message(steps[-1], 1000.0, outcome)

    for taken in (steps, woken):
        assert [step.at for step in taken] == sorted({step.at for step in taken})
        acus = [acu_at(taken, moment) for moment in range(100, 1200, 10)]
        assert acus == pytest.approx(sorted(acus))
    if outcome is not Outcome.NEVER_ENDING:
        assert acu_at(woken, 2000.0) <= course.max_acu + 1e-9


@given(seed=SEEDS, outcome=OUTCOMES)
def test_course__takes_its_time_for_each_stage(seed: int, outcome: Outcome) -> None:
    steps = _course(seed).first(0.0, outcome)

    assert [step.status for step in steps[:3]] == ["new", "claimed", "running"]
    assert steps[2].at <= 5  # seen live
    for step, following in pairwise(steps):
        if step.report:
            shortest, longest = SECONDS[step.report]
            assert shortest <= following.at - step.at <= longest + 1e-9


@given(seed=SEEDS, outcome=OUTCOMES, other=OUTCOMES)
def test_course__is_the_same_until_outcomes_differ(seed: int, outcome: Outcome, other: Outcome) -> None:
    one, another = (_course(seed).first(0.0, end) for end in (outcome, other))

    shared = min(len(one), len(another)) - 1
    assert [step.at for step in one[:shared]] == [step.at for step in another[:shared]]
    assert _course(seed).first(0.0, outcome) == one


@given(seed=SEEDS, limit=st.integers(1, 20))
def test_course__that_meets_its_limit_has_used_it_up(seed: int, limit: int) -> None:
    course = _course(seed, limit)
    steps = course.first(0.0, Outcome.USAGE_LIMIT_EXCEEDED)
    more = course.after_message(steps[-1], 100.0, Outcome.USAGE_LIMIT_EXCEEDED)

    assert steps[-1].acu == pytest.approx(limit)
    assert (more[-1].detail, more[-1].has_pull_request) == ("waiting_for_user", True)
    assert more[-1].acu <= 2 * limit + 1e-9


def test_mix__lets_85_of_100_end_well() -> None:
    good = {Outcome.WAITING_FOR_USER, Outcome.FINISHED, Outcome.EXIT}

    assert sum(weight for outcome, weight in DEFAULT_MIX.items() if outcome in good) == 85
    assert sum(DEFAULT_MIX.values()) == 100


def test_budget_stops__are_the_documented_words() -> None:
    assert {stop.value for stop in BUDGET_STOPS} == {
        *("usage_limit_exceeded", "out_of_credits", "out_of_quota", "no_quota_allocation", "payment_declined"),
        *("org_usage_limit_exceeded", "user_usage_limit_exceeded", "total_session_limit_exceeded"),
    }


STEPS = (
    Step(at=10, status="new"),
    Step(at=11, status="running", detail="working", acu_per_second=0.5),
    Step(at=15, status="running", detail="waiting_for_user", acu=2),
)


@pytest.mark.parametrize(
    ("moment", "at", "acu", "count"),
    [(0, 10, 0, 1), (10, 10, 0, 1), (11, 11, 0, 2), (13, 11, 1, 2), (15, 15, 2, 3), (99, 15, 2, 3)],
)
def test_steps__at_a_moment(*, moment: float, at: float, acu: float, count: int) -> None:
    assert (step_at(STEPS, moment).at, acu_at(STEPS, moment), len(begun(STEPS, moment))) == (at, acu, count)


def test_steps__when_they_are_live() -> None:
    assert list(live_spans(STEPS)) == [(10, 11), (11, 15)]
    assert list(live_spans(STEPS[:2])) == [(10, 11), (11, float("inf"))]
