"""The outbox of every index: who has still to hear what, in whatever order its records came."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.alert import AlertEvent, DeliveryStatus
from codeql_fixer.domain.cycle import Decision, DecisionAction, PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.sla import limits
from tests.records import (
    alert,
    alert_claim,
    alert_id,
    alert_outcome,
    at,
    cycle,
    dismissal,
    fingerprint,
    intent,
    issue_record,
    outcome,
    pull_request_seen,
    scan,
    session_seen,
)

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect


@pytest.fixture
def index(connect: Connect) -> SqlIndex:
    """An empty index."""
    return SqlIndex(connect())


def _learn(index: SqlIndex, *records: AnyRecord) -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.append(records)
    catch_up(ledger, index)
    return ledger


def test_undelivered__is_what_nobody_heard_yet_oldest_first(index: SqlIndex) -> None:
    _learn(index, alert(2, 3), alert(1, 2, "mail", "hook"), alert(3, 1), alert_outcome(3, 4))

    found = index.undelivered("hook", at(9), most=10)

    assert [(one.alert, one.channel) for one in found] == [(alert_id(1), "hook"), (alert_id(2), "hook")]
    assert [one.alert for one in index.undelivered("mail", at(9), most=10)] == [alert_id(1)]
    assert (found[0].news.title, found[0].noticed_at, found[0].attempts) == ("Family 1 is stopped", at(2), 0)
    assert len(index.undelivered("hook", at(9), most=1)) == 1


def test_undelivered__tells_how_the_last_attempt_stands(index: SqlIndex) -> None:
    failed = alert_outcome(1, 2, status=DeliveryStatus.FAILED)
    _learn(index, alert(1, 1), alert_claim(1, 1), failed, alert_claim(1, 5, attempt=2))

    [found] = index.undelivered("hook", at(9), most=10)

    assert (found.attempts, found.act_before, found.failed_at, found.reason) == (2, at(6), None, "")


def test_undelivered__knows_why_the_last_attempt_failed(index: SqlIndex) -> None:
    _learn(index, alert(1, 1), alert_claim(1, 1), alert_outcome(1, 2, status=DeliveryStatus.FAILED))

    [found] = index.undelivered("hook", at(9), most=10)

    assert (found.attempts, found.act_before, found.failed_at, found.reason) == (1, at(2), at(2), "busy")


@pytest.mark.parametrize("status", [DeliveryStatus.DELIVERED, DeliveryStatus.REFUSED])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_undelivered__what_is_over_stays_so_in_any_order(
    index: SqlIndex, order: tuple[int, ...], status: DeliveryStatus
) -> None:
    records = (alert(1, 1), alert_claim(1, 1), alert_outcome(1, 2, status=status))
    with index.writing() as writer:
        for place in order:
            writer.add_fact(records[place])

    assert index.undelivered("hook", at(9), most=10) == []


def test_known_alerts__also_when_it_was_delivered(index: SqlIndex) -> None:
    _learn(index, alert(1, 1), alert_outcome(1, 2))

    assert index.known_alerts([alert_id(1), alert_id(2)]) == {alert_id(1)}


def test_undelivered__is_empty_when_the_index_is_built_anew(index: SqlIndex) -> None:
    _learn(index, alert(1, 1))
    with index.writing() as writer:
        writer.clear()

    assert index.undelivered("hook", at(9), most=10) == []
    assert (index.known_alerts([alert_id(1)]), index.first_heard()) == (frozenset(), {})


def test_undelivered__leaves_out_what_has_to_wait_however_much_that_is(index: SqlIndex) -> None:
    failed = [replace(alert(n, 1), id=alert_id(n)) for n in range(1, 8)]
    attempts: list[AnyRecord] = []
    for number in range(1, 8):
        for attempt in range(1, number + 1):
            attempts += [
                alert_claim(number, 2, attempt=attempt),
                alert_outcome(number, 2, attempt=attempt, status=DeliveryStatus.FAILED),
            ]
    _learn(index, *failed, *attempts, alert(8, 3), alert_claim(8, 3), alert(9, 3))

    def ready(hours: float) -> list[str]:
        return [one.alert for one in index.undelivered("hook", at(hours), most=99)]

    assert ready(2.01) == [alert_id(9)]  # a claim that is not on record yet does not lapse
    assert ready(2 + 5 / 60) == [alert_id(1), alert_id(9)]
    assert ready(2.25) == [alert_id(1), alert_id(2), alert_id(9)]
    assert ready(5) == [*map(alert_id, (1, 2, 3, 4, 8, 9))]
    assert len(ready(2 + 24)) == 9


def test_undelivered__what_failed_for_good_is_there_to_be_given_up(index: SqlIndex) -> None:
    attempts = [alert_outcome(1, 2, attempt=number, status=DeliveryStatus.FAILED) for number in range(1, 9)]
    _learn(index, alert(1, 1), *attempts)

    assert [one.attempts for one in index.undelivered("hook", at(2), most=9)] == [8]


def test_known_alerts__those_that_another_one_covers_are_known(index: SqlIndex) -> None:
    _learn(index, replace(alert(1, 1), covers=(alert_id(2), alert_id(3))))

    assert index.known_alerts([alert_id(2), alert_id(4)]) == {alert_id(2)}


def test_first_heard__is_the_first_alert_of_each_channel_in_any_order(index: SqlIndex) -> None:
    _learn(index, alert(1, 5), alert(2, 3, "hook", "mail"), alert(3, 4))

    assert index.first_heard() == {"hook": at(3), "mail": at(3)}


def test_first_heard__is_when_somebody_saw_the_channel_if_that_was_before(index: SqlIndex) -> None:
    seen = replace(cycle("c", 2), channels=("hook", "chat"))
    _learn(index, alert(1, 5), seen, replace(cycle("d", 4), channels=("chat",)))

    assert index.first_heard() == {"hook": at(2), "chat": at(2)}


def test_undelivered__knows_the_fields(index: SqlIndex) -> None:
    _learn(index, replace(alert(1, 1), fields={"tier": "high", "at": "é\u2028"}))

    [found] = index.undelivered("hook", at(2), most=9)

    assert found.news.fields == {"tier": "high", "at": "é\u2028"}


def _happened(index: SqlIndex, event: AlertEvent, since: float) -> list[tuple[str, str, str, str, str]]:
    found = index.occurrences(event, at(since), most=9)
    assert found == sorted(found, key=lambda one: one.at, reverse=True)
    return [(one.identity, one.repository, one.subject, one.place, one.detail) for one in found]


def test_occurrences__scans_and_requests(index: SqlIndex) -> None:
    asked = Decision(action=DecisionAction.SCAN, reason="due", target_repo="Acme/Shop")
    _learn(index, scan("1", 1, 1), scan("2", 3, 1, 2), cycle("c", 5, decisions=(asked,)))

    path = "telemetry/runs/acme/shop/2026/03/01-2.json"
    assert _happened(index, AlertEvent.SCAN_COMPLETED, 2) == [(path, "acme/shop", "", "", "2")]
    assert len(_happened(index, AlertEvent.SCAN_COMPLETED, 1)) == 2
    [(_, name, *_)] = _happened(index, AlertEvent.SCAN_STARTED, 5)
    assert (name, _happened(index, AlertEvent.SCAN_STARTED, 5.1)) == ("acme/shop", [])


def test_occurrences__sessions_and_pull_requests(index: SqlIndex) -> None:
    seen = cycle(
        "c",
        9,
        sessions=(session_seen(SessionState.FAILED, 9), session_seen(SessionState.WORKING, 9, "s-2")),
        pull_requests=(
            pull_request_seen(PullRequestState.OPEN, 8, intent_id="i-1"),
            pull_request_seen(PullRequestState.MERGED, 8, intent_id="i-1", number=8),
        ),
    )
    _learn(
        index,
        intent("i-1", 1, family="xss"),
        outcome("i-1", 2),
        intent("i-2", 3),
        outcome("i-2", 4, status=DispatchStatus.REFUSED, session=""),
        seen,
    )

    assert _happened(index, AlertEvent.SESSION_CREATED, 0) == [("i-1", "acme/shop", "devin", "xss", "")]
    assert _happened(index, AlertEvent.SESSION_CREATED, 2.1) == []
    assert _happened(index, AlertEvent.SESSION_FINISHED, 9) == [("s-1", "acme/shop", "xss", "", "failed")]
    assert _happened(index, AlertEvent.SESSION_FINISHED, 9.1) == []
    assert _happened(index, AlertEvent.PR_OPENED, 8) == [("acme/shop#7", "acme/shop", "", "7", "")]


def test_occurrences__fixes_that_scans_prove(index: SqlIndex) -> None:
    merged = replace(pull_request_seen(PullRequestState.MERGED, 3, intent_id="i-1"), merged_at=at(3))
    claim = (intent("i-1", 1, 1), outcome("i-1", 2), cycle("c", 3, pull_requests=(merged,)))
    ledger = _learn(index, scan("1", 0, 1, 2), *claim)
    assert _happened(index, AlertEvent.FIX_VERIFIED, 0) == []

    ledger.append([scan("2", 4)])
    catch_up(ledger, index)

    found = _happened(index, AlertEvent.FIX_VERIFIED, 4)
    by = f"{fingerprint(1)} by telemetry/runs/acme/shop/2026/03/01-2.json"
    assert found == [(by, "acme/shop", "py/sql-injection", "shop/app.py", "")]
    assert _happened(index, AlertEvent.FIX_VERIFIED, 4.1) == []


def test_occurrences__events_of_states_are_none(index: SqlIndex) -> None:
    assert index.occurrences(AlertEvent.OBJECTIVE_MET, at(0), most=9) == []


def test_missed_deadlines__are_those_that_passed_since(index: SqlIndex) -> None:
    low = issue_record(5, severity_tier=SeverityTier.LOW)
    _learn(index, scan("1", 0, 1, 2, low), scan("2", 10, 1, 2, 3, low), dismissal("d", 11, number=2, expires=200))
    [high] = limits(at(75), {SeverityTier.HIGH: 72})

    def missed(now: float, since: float) -> list[str]:
        [limit] = limits(at(now), {SeverityTier.HIGH: 72})
        return [one.identity for one in index.missed_deadlines(limit, at(since), now=at(now), most=9)]

    def name(number: int, opened: float) -> str:
        micros = int(at(opened).timestamp()) * 1_000_000
        return f"acme/shop {fingerprint(number)} {micros}"

    assert missed(71.9, 0) == []
    assert missed(75, 51) == [name(1, 0)]  # 2 is dismissed, 3 has time, 5 is of another tier
    assert missed(75, 72.1) == []  # its deadline passed before anybody wanted to hear of it
    assert missed(82, 60) == [name(3, 10), name(1, 0)]
    assert missed(201, 0) == [name(3, 10), *sorted([name(1, 0), name(2, 0)])]
    [found] = index.missed_deadlines(high, at(51), now=at(75), most=9)
    assert (found.at, found.tier) == (at(72), "high")


def test_missed_deadlines__not_of_what_is_fixed(index: SqlIndex) -> None:
    _learn(index, scan("1", 0, 1), scan("2", 1))
    [limit] = limits(at(75), {SeverityTier.HIGH: 72})

    assert index.missed_deadlines(limit, at(0), now=at(75), most=9) == []


def _tried(*, merged: bool = False) -> list[AnyRecord]:
    """Four attempts that failed, the last one at hour 40."""
    records: list[AnyRecord] = [scan("1", 0, 1)]
    for number in range(1, 5):
        name, session, hours = f"i-{number}", f"s-{number}", 10 * number
        seen = cycle(f"c-{number}", hours, sessions=(session_seen(SessionState.FAILED, hours, session),))
        if merged and number == 4:
            pull = pull_request_seen(PullRequestState.MERGED, hours, intent_id=name, session=session)
            seen = replace(seen, pull_requests=(replace(pull, merged_at=at(hours)),))
        records += [intent(name, hours - 2, 1, attempt=number), outcome(name, hours - 1, session=session), seen]
    return records


def test_occurrences__who_needs_a_person_since_the_last_attempt_failed(index: SqlIndex) -> None:
    _learn(index, *_tried())

    found = index.occurrences(AlertEvent.NEEDS_HUMAN, at(40), most=9)

    assert [(one.at, one.identity, one.detail) for one in found] == [
        (at(40), f"{fingerprint(1)} after i-4", "4 attempts failed")
    ]
    assert index.occurrences(AlertEvent.NEEDS_HUMAN, at(40) + timedelta(seconds=1), most=9) == []


def test_occurrences__who_needs_a_person_since_a_scan_found_it_after_the_merge(index: SqlIndex) -> None:
    _learn(index, *_tried(merged=True), scan("2", 300, 1), scan("3", 400, 1))

    [found] = index.occurrences(AlertEvent.NEEDS_HUMAN, at(299), most=9)

    assert (found.at, found.identity) == (at(300), f"{fingerprint(1)} after i-4")
