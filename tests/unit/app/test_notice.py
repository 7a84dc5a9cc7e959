"""News of a fleet: what happened, how it stands, and nothing that nobody wants or that is long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.app.alert import Alerter
from codeql_fixer.app.fleet_state import fleet_state
from codeql_fixer.app.notice import notice
from codeql_fixer.domain.alert import Alert, AlertEvent
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.hearing import AlertChoice, Hearing
from codeql_fixer.domain.objective import Objective
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from tests.records import (
    at,
    cycle,
    intent,
    issue_record,
    outcome,
    pull_request_seen,
    scan,
    session_seen,
)
from tests.unit.app.orchestrators import Orchestra, listed, registry

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery, News

SHOP = "acme/shop"
FEW = Objective(name="few", target_severity=SeverityTier.HIGH, target_count=99)
ALL = frozenset(AlertEvent)


class _Ear:
    """A channel that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Delivery] = []

    def tell(self, delivery: Delivery) -> str:
        self.heard.append(delivery)
        return ""


def _fleet() -> Orchestra:
    """Everything of which there is news happened until hour 90; the clock is at 100."""
    opened = replace(pull_request_seen(PullRequestState.OPEN, 90, intent_id="i-1"), url="https://forge.example/7")
    merged = pull_request_seen(PullRequestState.MERGED, 80, intent_id="i-2", number=8, session="s-2")
    fleet = Orchestra(
        registry(listed(SHOP), objectives=(FEW,), global_session_limit=2),
        scan("1", 10, 1, 2, 3),
        intent("i-1", 77, 1, family="injection"),
        outcome("i-1", 78),
        intent("i-2", 77, 2, family="injection"),
        outcome("i-2", 78, session="s-2"),
        cycle(
            "c",
            90,
            sessions=(session_seen(SessionState.FINISHED, 90), session_seen(SessionState.FINISHED, 80, "s-2")),
            pull_requests=(opened, replace(merged, merged_at=at(80))),
        ),
        scan("2", 85, 1, 3),
    )
    fleet.clock.now = at(100)
    return fleet


def _noticed(fleet: Orchestra, *events: AlertEvent, since: float = 0) -> list[News]:
    heard = {"ear": Hearing(events=frozenset(events), since=at(since))}
    state = fleet_state(fleet.planner, fleet.clock())
    return notice(fleet.planner, state, heard=heard, now=fleet.clock())


def test_notice__finds_news_of_every_event() -> None:
    found = {one.event: one.title for one in _noticed(_fleet(), *ALL)}

    assert found == {
        AlertEvent.SCAN_COMPLETED: "A scan of acme/shop has come in",
        AlertEvent.SESSION_CREATED: "A session of devin works on acme/shop",
        AlertEvent.SESSION_FINISHED: "The session for injection in acme/shop is finished",
        AlertEvent.PR_OPENED: "Pull request #7 is open in acme/shop",
        AlertEvent.FIX_VERIFIED: "The fix of py/sql-injection in acme/shop is verified",
        AlertEvent.OBJECTIVE_MET: "Objective few is met",
        AlertEvent.SLA_BREACH: "py/sql-injection in acme/shop missed its deadline",
        AlertEvent.BUDGET_EXHAUSTED: "Used up: sessions in 24 h",
    }


def test_notice__asks_for_what_is_wanted_and_as_far_back_as_that() -> None:
    late = _noticed(_fleet(), AlertEvent.SLA_BREACH, AlertEvent.SESSION_FINISHED, since=83)
    states = {AlertEvent.OBJECTIVE_MET, AlertEvent.BUDGET_EXHAUSTED}

    assert [one.key for one in late if one.event not in states] == ["s-1"]
    assert {one.event for one in _noticed(_fleet())} <= states


def test_notice__a_family_that_goes_on_failing_is_news_once() -> None:
    fleet = Orchestra(registry(listed(SHOP), family_failure_limit=3), scan("1", 0, *range(1, 20)))
    keys = []
    for number in range(1, 12):  # one after each rest, for longer than decisions look back
        hours, name = 24 * 7.5 * number, f"s-{number}"
        claim = intent(f"i-{number}", hours, number, family="injection")
        fleet.learn(claim, outcome(f"i-{number}", hours + 1, session=name))
        fleet.learn(cycle(f"c-{number}", hours + 2, sessions=(session_seen(SessionState.FAILED, hours + 2, name),)))
        fleet.clock.now = at(hours + 3)
        keys += [one.key for one in _noticed(fleet) if one.event is AlertEvent.FAMILY_STOPPED]

    assert (len(keys), len(set(keys))) == (9, 1)


def test_notice__the_oldest_come_first() -> None:
    times = [one.at for one in _noticed(_fleet(), AlertEvent.SCAN_COMPLETED)]

    assert times[-2:] == [at(10), at(85)]


def test_cycle__tells_what_happened_once_and_of_a_new_channel_no_history() -> None:
    fleet = _fleet()
    late = [issue_record(number, severity_tier=SeverityTier.CRITICAL) for number in range(10, 85)]
    fleet.learn(scan("3", 86, 1, 3, *late))  # 75 of them are late at hour 110
    ear, new = _Ear(), _Ear()

    def run(**channels: _Ear) -> list[str]:
        alerter = Alerter(
            ledger=fleet.ledger,
            index=fleet.index,
            channels=channels,
            author=replace(fleet.author, run_id=f"at-{fleet.clock.now:%d-%H}"),
            choice=AlertChoice(events=ALL - {AlertEvent.CYCLE_COMPLETED}),
        )
        runner = fleet.runner(alerter=alerter, scanner=None, dispatcher=None)
        before = len(ear.heard)
        assert runner.run(fleet.work()).problems == []
        return [one.news.title for one in ear.heard[before:]]

    first = run(ear=ear)
    assert "A scan of acme/shop has come in" in first
    assert "2 issues missed their deadlines" not in first
    assert run(ear=ear) == []
    fleet.clock.now = at(111)
    assert run(ear=ear, new=new) == ["75 issues missed their deadlines"]
    assert [one.news.title for one in new.heard] == ["75 issues missed their deadlines"]
    fleet.clock.now = at(112)
    assert run(ear=ear, new=new) == []
    [digest] = [one for one in fleet.records(Alert) if one.covers]
    assert (len(digest.covers), digest.fields) == (75, {"count": "75", "repositories": "1"})


def test_cycle__on_an_old_ledger_tells_of_the_last_day_only() -> None:
    fleet = _fleet()
    fleet.clock.now = at(10) + timedelta(days=400)
    ear = _Ear()
    alerter = Alerter(
        ledger=fleet.ledger,
        index=fleet.index,
        channels={"ear": ear},
        author=fleet.author,
        choice=AlertChoice(events=ALL),
    )

    fleet.runner(alerter=alerter, scanner=None, dispatcher=None).run(fleet.work())

    assert [one.news.title for one in ear.heard] == ["Objective few is met", "Cycle 7 is over"]
