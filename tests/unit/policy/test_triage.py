"""When an agent is asked how much issues matter, and what of its word counts."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.priority import Score
from codeql_fixer.domain.session import ReportStatus, Session, SessionReport, SessionState
from codeql_fixer.domain.triage import (
    MOST_REASON,
    GivenScore,
    KnownTriage,
    TriageAnswer,
    TriagedTry,
    TriageScore,
    TriageStatus,
)
from codeql_fixer.policy.shrinkage import Tally
from codeql_fixer.policy.triage import (
    TIME_LIMIT,
    end_of,
    end_without_session,
    given_up,
    is_due,
    judged,
    merged,
    triage_lessons,
)
from tests.records import at, fingerprint

DAY = timedelta(hours=24)
KNOWN = KnownTriage(id="t-1", agent="devin", account="", claimed_at=at(0), status=TriageStatus.ANSWERED)
ONE, TWO, THREE = (fingerprint(number) for number in (1, 2, 3))
SESSION = Session(id="s-1", agent="devin", state=SessionState.WORKING, raw_state="running")
ANSWER = TriageAnswer(scores=(GivenScore(fingerprint=ONE, score=70, reason="exposed"),))
SAID = (TriageScore(fingerprint=ONE, score=70, reason="exposed"),)
DONE = SessionReport(status=ReportStatus.COMPLETED)
SCORE = Score(importance=0.2, severity=0.3, sla=0.0, feasibility=0.05, recurrence=0.01)


@pytest.mark.parametrize(
    ("known", "hours", "due"),
    [
        ([], 0, True),
        ([KNOWN], 23, False),
        ([KNOWN], 24, True),
        # an open one, however old
        ([replace(KNOWN, status=None)], 100, False),
        # a refused one is not asked again at once
        ([replace(KNOWN, status=TriageStatus.FAILED, outcome=DispatchStatus.REFUSED)], 1, False),
        # nothing was paid for one that never began
        ([replace(KNOWN, status=TriageStatus.FAILED, outcome=DispatchStatus.RELEASED)], 1, True),
    ],
)
def test_is_due__once_in_a_while_and_one_at_a_time(known: list[KnownTriage], hours: float, *, due: bool) -> None:
    assert is_due(known, at(hours), DAY) is due


@pytest.mark.parametrize(
    ("outcome", "is_over"),
    [
        (None, False),
        (DispatchStatus.CREATED, False),
        (DispatchStatus.ADOPTED, False),
        (DispatchStatus.REFUSED, True),
        (DispatchStatus.RELEASED, True),
        (DispatchStatus.AMBIGUOUS, True),
    ],
)
def test_end_without_session__is_told_by_its_claim(outcome: DispatchStatus | None, *, is_over: bool) -> None:
    end = end_without_session(replace(KNOWN, outcome=outcome, problem="no money"))

    assert (end is not None) is is_over
    if end is not None:
        assert end.status is TriageStatus.FAILED
        assert end.reason.endswith("no money")


@pytest.mark.parametrize(
    ("session", "hours", "status", "scores"),
    [
        # it works on
        (SESSION, 0.9, None, ()),
        (replace(SESSION, triage=ANSWER), 0.9, None, ()),
        # too long: what it has said so far does not count
        (replace(SESSION, triage=ANSWER), 1, TriageStatus.LATE, ()),
        # it says that it is done, and waits for the next message as such sessions do
        (replace(SESSION, state=SessionState.WAITING, triage=ANSWER, report=DONE), 0.1, TriageStatus.ANSWERED, SAID),
        # an answer that came counts, even late, and even when somebody ended the session afterwards
        (replace(SESSION, triage=ANSWER, report=DONE), 9, TriageStatus.ANSWERED, SAID),
        (replace(SESSION, state=SessionState.STOPPED, triage=ANSWER, report=DONE), 9, TriageStatus.ANSWERED, SAID),
        # its service says that it is over
        (replace(SESSION, state=SessionState.FINISHED, triage=ANSWER), 0.1, TriageStatus.ANSWERED, SAID),
        (replace(SESSION, state=SessionState.FINISHED), 0.1, TriageStatus.FAILED, ()),
        (replace(SESSION, state=SessionState.FINISHED, triage=TriageAnswer()), 0.1, TriageStatus.FAILED, ()),
        (replace(SESSION, state=SessionState.FAILED, triage=ANSWER), 0.1, TriageStatus.FAILED, ()),
        (replace(SESSION, state=SessionState.BUDGET_STOP), 0.1, TriageStatus.FAILED, ()),
        # it gives up
        (
            replace(SESSION, triage=ANSWER, report=SessionReport(status=ReportStatus.FAILED)),
            0.1,
            TriageStatus.FAILED,
            (),
        ),
    ],
)
def test_end_of__takes_whole_answers_only(
    session: Session, hours: float, *, status: TriageStatus | None, scores: tuple[TriageScore, ...]
) -> None:
    end = end_of(session, [ONE], age=hours * TIME_LIMIT)

    assert (end.status, end.scores) == (status, scores) if end else status is None


def test_given_up__waits_for_a_day() -> None:
    assert given_up("gone", DAY - timedelta(seconds=1)) is None
    assert given_up("gone", DAY).reason == "its agent could not be asked: gone"  # type: ignore[union-attr]


def _given(*scores: tuple[str, float]) -> TriageAnswer:
    return TriageAnswer(scores=tuple(GivenScore(fingerprint=name, score=score) for name, score in scores))


@pytest.mark.parametrize(
    ("answer", "points", "note"),
    [
        (_given((TWO, 3), (ONE, 100)), {ONE: 100, TWO: 3}, ""),
        # one bad entry is not the others' trouble
        (_given((ONE, 5), ("f" * 20, 5)), {ONE: 5}, "1 of 2 have no score; 1 about something else"),
        (_given((ONE, 5), (TWO, 101)), {ONE: 5}, "1 of 2 have no score; 1 out of range"),
        (_given((ONE, -0.1), (TWO, math.nan)), {}, "2 of 2 have no score; 2 out of range"),
        # nobody knows which was meant
        (_given((ONE, 5), (ONE, 90), (TWO, 0)), {TWO: 0}, "1 of 2 have no score; 2 given twice"),
        (replace(_given((ONE, 5.4)), malformed=3), {ONE: 5}, "1 of 2 have no score; 3 malformed"),
        (TriageAnswer(), {}, "2 of 2 have no score"),
    ],
)
def test_judged__takes_each_entry_for_itself(answer: TriageAnswer, points: dict[str, int], note: str) -> None:
    scores, said = judged(answer, [ONE, TWO])

    assert {one.fingerprint: one.score for one in scores} == points
    assert said == note


def test_judged__cleans_and_cuts_reasons() -> None:
    answer = TriageAnswer(scores=(GivenScore(fingerprint=ONE, score=1, reason="a\n<!-- x -->\u202eb" + "c" * 999),))

    (score,) = judged(answer, [ONE])[0]

    assert score.reason.startswith("a bc")
    assert len(score.reason) == MOST_REASON


@given(st.integers(0, 100), st.floats(0, 1))
def test_merged__lies_between_the_two(points: int, weight: float) -> None:
    both = merged(SCORE, points, weight)

    low, high = sorted((SCORE.total, points / 100))
    assert low - 1e-4 <= both.total <= high + 1e-4
    assert both.total == pytest.approx(sum(both.terms().values()), abs=1e-3)


@pytest.mark.parametrize(("weight", "total"), [(0.0, 0.56), (0.3, 0.692), (1.0, 1.0)])
def test_merged__weighs_the_agents_word(weight: float, total: float) -> None:
    assert merged(SCORE, 100, weight).total == total


def test_terms__have_no_triage_where_nobody_said_anything() -> None:
    assert "triage" not in SCORE.terms()
    assert merged(SCORE, 56, 0.5).terms()["triage"] == 0.0


def test_triage_lessons__tell_what_was_put_up_from_what_was_put_down() -> None:
    tries = [
        TriagedTry(80, 0.5, is_fixed=True),
        TriagedTry(51, 0.5, is_fixed=False),
        TriagedTry(20, 0.5, is_fixed=False),
        TriagedTry(50, 0.5, is_fixed=True),  # stayed where it was
    ]

    lessons = triage_lessons(tries)

    assert [(one.is_up, one.tally) for one in lessons] == [(True, Tally(1, 1)), (False, Tally(0, 1))]
    assert lessons[0].belief.mean == 0.5
    assert triage_lessons([]) == []
