"""What is news."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.objective import Objective, Progress
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.monitoring import FailingFamily
from codeql_fixer.policy.news import completed, news_of, used_up
from codeql_fixer.policy.room import Spent
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


FULL = Spent(name="sessions in 24 h", used=5, limit=5, period=timedelta(hours=24))


def test_used_up__is_news_once_for_each_stretch_and_once_a_day_at_most() -> None:
    [first], [later], [tomorrow] = (used_up([FULL], at(hours)) for hours in (0, 23.9, 24))
    quarter = replace(FULL, period=timedelta(minutes=15))
    month = replace(FULL, period=timedelta(days=30))

    assert (first.event, first.title) == (AlertEvent.BUDGET_EXHAUSTED, "Used up: sessions in 24 h")
    assert first.text.startswith("5 of 5 are used or promised.")
    assert (first.alert == later.alert, first.alert == tomorrow.alert) == (True, False)
    assert used_up([quarter], at(0))[0].alert == used_up([quarter], at(1))[0].alert
    assert used_up([month], at(0))[0].alert == used_up([month], at(24))[0].alert


def test_used_up__not_what_has_room_nor_what_never_had_any() -> None:
    assert used_up([replace(FULL, used=4), replace(FULL, used=0, limit=0)], at(0)) == []


def test_completed__says_what_was_done() -> None:
    one = completed("7", [(2, "scan"), (0, "session")], 1)

    assert (one.key, one.title, one.text) == ("7", "Cycle 7 is over with 1 problem", "2 scans.")
    assert completed("8", [(0, "scan")], 0).title == "Cycle 8 is over"
    assert completed("8", [(0, "scan")], 0).text == "Nothing was due."
