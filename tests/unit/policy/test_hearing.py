"""Which channel hears what, and since when."""

from __future__ import annotations

from datetime import timedelta

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import News
from codeql_fixer.domain.hearing import DEFAULT_EVENTS, AlertChoice, Hearing
from codeql_fixer.policy.hearing import hearings, horizon, recipients
from tests.records import at

_SLA, _SCAN = AlertEvent.SLA_BREACH, AlertEvent.SCAN_COMPLETED
_DAY = timedelta(days=1)


def test_hearings__a_new_channel_hears_of_the_last_day() -> None:
    found = hearings(["hook"], AlertChoice(), first_heard={"other": at(0)}, now=at(1000))

    assert found == {"hook": Hearing(events=DEFAULT_EVENTS, since=at(1000) - _DAY)}


def test_hearings__an_old_one_hears_of_the_time_since_it_came_and_of_a_week_at_most() -> None:
    found = hearings(["a", "b"], AlertChoice(), first_heard={"a": at(900), "b": at(0)}, now=at(1000))

    assert (found["a"].since, found["b"].since) == (at(900) - _DAY, at(1000) - 7 * _DAY)


def test_hearings__each_has_its_own_events() -> None:
    choice = AlertChoice(events=frozenset({_SLA}), by_channel={"log": frozenset({_SCAN})})

    found = hearings(["hook", "log"], choice, first_heard={}, now=at(0))

    assert (found["hook"].events, found["log"].events) == (frozenset({_SLA}), frozenset({_SCAN}))


def test_recipients__want_the_event_and_are_not_too_new_for_it() -> None:
    heard = {
        "b": Hearing(events=frozenset({_SLA}), since=at(5)),
        "a": Hearing(events=frozenset({_SLA, _SCAN}), since=at(9)),
    }
    news = News(event=_SLA, key="k", title="t", at=at(5))
    state = News(event=_SLA, key="k", title="t")

    assert (recipients(news, heard), recipients(state, heard)) == (("b",), ("a", "b"))
    assert recipients(News(event=_SCAN, key="k", title="t", at=at(5)), heard) == ()
    assert (horizon(heard, _SLA), horizon(heard, _SCAN), horizon(heard, AlertEvent.PR_OPENED)) == (at(5), at(9), None)
