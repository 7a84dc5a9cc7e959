"""What is news."""

from __future__ import annotations

from msgspec.structs import replace

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.objective import Objective, Progress
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.monitoring import FailingFamily
from codeql_fixer.policy.news import news_of
from tests.records import at

XSS = FailingFamily(family="xss", failures=5, since=at(0), until=at(200))
NONE = Objective(name="none", target_severity=SeverityTier.HIGH, target_count=0)
MET = Progress(objective=NONE, open_issues=0, baseline=7, target=0)


def test_news_of__a_family_is_news_once_for_each_row_of_failures() -> None:
    [first] = news_of([XSS], [])
    [more] = news_of([replace(XSS, failures=7, until=at(300))], [])
    [again] = news_of([replace(XSS, since=at(900))], [])

    assert (first.event, first.title) == (AlertEvent.FAMILY_STOPPED, "No more sessions for xss")
    assert first.text.startswith("5 sessions in a row failed for xss: no more before 2026-03-09. Look at")
    assert (first.alert == more.alert, first.alert == again.alert) == (True, False)


def test_news_of__an_objective_is_news_when_it_is_met() -> None:
    [found] = news_of([], [("a", MET), ("b", replace(MET, open_issues=1))])

    assert (found.event, found.title) == (AlertEvent.OBJECTIVE_MET, "Objective none is met")
    assert found.text == "0 issues open of tier high, 0 wanted."


def test_news_of__an_objective_that_asks_for_something_else_is_news_again() -> None:
    first, other, known = news_of([], [("a", replace(MET, baseline=None)), ("b", MET), ("a", MET)])

    assert (first.alert == known.alert, first.alert == other.alert) == (True, False)
