"""Alerts are told once, whoever is killed and however many notice."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.alert import Alerter
from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.alert import Alert, AlertClaim, AlertEvent, AlertOutcome, DeliveryStatus
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.delivery import News
from codeql_fixer.domain.hearing import DEFAULT_EVENTS, AlertChoice
from codeql_fixer.errors import LedgerNotWrittenError, UpstreamError
from codeql_fixer.policy.alerting import MOST_ATTEMPTS
from codeql_fixer.ports.ledger import Conflict, Stored
from tests.records import PRODUCER
from tests.unit.app.fleets import Clock
from tests.unit.app.orchestrators import OtherLedger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.delivery import Delivery
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Landed

XSS = News(event=AlertEvent.FAMILY_STOPPED, key="xss", title="No more sessions for xss", text="5 failed")
_DEFAULT = AlertChoice()
SQLI = replace(XSS, key="sqli", title="No more sessions for sqli")


class Killed(Exception):  # noqa: N818 - what happens to a process
    """The process ends here."""


class _Heard:
    """A channel that remembers what it heard; `faults` are raised first, one by one. `said` is all that came to it."""

    def __init__(self, clock: Clock, *faults: Exception, takes: timedelta = timedelta()) -> None:
        self._clock, self.faults, self._takes = clock, [*faults], takes
        self.heard: list[str] = []
        self.said: list[Delivery] = []

    def tell(self, delivery: Delivery) -> str:
        self._clock.now += self._takes
        self.said.append(delivery)
        if self.faults and isinstance(self.faults[0], UpstreamError):
            raise self.faults.pop(0)
        self.heard.append(delivery.alert)
        if self.faults:
            raise self.faults.pop(0)
        return "https://chat.example/1"


class _House:
    """A ledger, and orchestrators that each have an index of their own."""

    def __init__(self) -> None:
        self.clock, self.ledger = Clock(), MemoryLedger()

    def alerter(
        self,
        ledger: MemoryLedger | OtherLedger | None = None,
        /,
        choice: AlertChoice = _DEFAULT,
        **channels: _Heard,
    ) -> Alerter:
        return Alerter(
            choice=choice,
            ledger=ledger or self.ledger,
            index=SqlIndex(SqliteDatabase(Path(":memory:"))),
            channels=channels,
            author=Author(producer=PRODUCER, run_id="7", clock=self.clock),
        )

    def records(self, kind: type[AnyRecord]) -> list[AnyRecord]:
        entries = self.ledger.read_since("").entries
        return [entry.record for entry in entries if isinstance(entry, Stored) and isinstance(entry.record, kind)]


def test_tell__tells_once_whoever_notices_again() -> None:
    house = _House()
    hook = _Heard(house.clock)

    told = house.alerter(hook=hook).tell([XSS, XSS, SQLI])
    again = house.alerter(hook=hook).tell([SQLI, XSS])

    assert (told.noticed, told.delivered, again.noticed, again.delivered) == (2, 2, 0, 0)
    assert hook.heard == [XSS.alert, SQLI.alert]
    [first, _] = house.records(AlertOutcome)
    assert isinstance(first, AlertOutcome)
    assert (first.status, first.url) == (DeliveryStatus.DELIVERED, "https://chat.example/1")


def test_tell__writes_nothing_when_there_is_nothing_to_tell() -> None:
    house = _House()
    hook = _Heard(house.clock)
    house.alerter(hook=hook).tell([XSS])
    before = house.ledger.read_since("").tip

    house.alerter(hook=hook).tell([XSS])
    house.alerter(hook=hook).tell([])

    assert house.ledger.read_since("").tip == before


def test_tell__without_channels_is_silent() -> None:
    house = _House()

    told = house.alerter().tell([XSS])

    assert (told.noticed, house.records(Alert)) == (0, [])


def test_tell__a_new_channel_does_not_hear_old_news() -> None:
    house = _House()
    hook, chat = _Heard(house.clock), _Heard(house.clock)
    house.alerter(hook=hook).tell([XSS])

    house.alerter(hook=hook, chat=chat).tell([XSS, SQLI])

    assert (hook.heard, chat.heard) == ([XSS.alert, SQLI.alert], [SQLI.alert])


def test_tell__tries_again_later_what_did_not_arrive() -> None:
    house = _House()
    hook = _Heard(house.clock, UpstreamError("busy"))

    first = house.alerter(hook=hook).tell([XSS])
    soon = house.alerter(hook=hook).tell([XSS])
    house.clock.now += timedelta(minutes=5)
    later = house.alerter(hook=hook).tell([])

    assert first.problems == ["alert 'No more sessions for xss' over hook: busy"]
    assert (first.delivered, soon.delivered, later.delivered, later.problems) == (0, 0, 1, [])
    assert hook.heard == [XSS.alert]


def test_tell__gives_up_and_says_so_once() -> None:
    house = _House()
    hook = _Heard(house.clock, *[UpstreamError("gone")] * (MOST_ATTEMPTS + 9))
    problems: list[str] = []
    for _ in range(MOST_ATTEMPTS + 3):
        problems += house.alerter(hook=hook).tell([XSS]).problems
        house.clock.now += timedelta(days=2)

    assert len(problems) == MOST_ATTEMPTS + 1
    assert problems[-1].endswith("over hook: given up after 8 attempts: gone")
    assert len(house.records(AlertClaim)) == MOST_ATTEMPTS


def test_tell__one_channel_does_not_wait_for_another() -> None:
    house = _House()
    chat, hook = _Heard(house.clock, UpstreamError("down")), _Heard(house.clock)

    told = house.alerter(chat=chat, hook=hook).tell([XSS])

    assert (told.delivered, hook.heard, chat.heard) == (1, [XSS.alert], [])


def test_tell__who_is_killed_after_telling_is_healed_under_the_same_id() -> None:
    house = _House()
    hook = _Heard(house.clock, Killed())
    with pytest.raises(Killed):
        house.alerter(hook=hook).tell([XSS])

    house.alerter(hook=hook).tell([XSS])
    assert hook.heard == [XSS.alert], "its claim has not lapsed"
    house.clock.now += timedelta(minutes=10)
    house.alerter(hook=hook).tell([XSS])
    house.clock.now += timedelta(days=1)
    house.alerter(hook=hook).tell([XSS])

    assert hook.heard == [XSS.alert] * 2
    assert len(house.records(Alert)) == 1


def test_tell__of_two_at_once_one_tells() -> None:
    house = _House()
    hook = _Heard(house.clock)

    class Meanwhile(OtherLedger):
        """Another orchestrator comes first, once."""

        is_first = True

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if records and self.is_first:
                self.is_first = False
                house.alerter(hook=hook).tell([XSS])
            return super().append(records, expected_tip=expected_tip)

    told = house.alerter(Meanwhile(house.ledger), hook=hook).tell([XSS, SQLI])

    assert (hook.heard, told.noticed) == ([XSS.alert, SQLI.alert], 1)


def test_tell__tells_nothing_that_is_not_on_record() -> None:
    house = _House()
    hook = _Heard(house.clock)

    class Busy(OtherLedger):
        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            return Conflict("other", ()) if records else super().append(records, expected_tip=expected_tip)

    with pytest.raises(LedgerNotWrittenError, match="others wrote"):
        house.alerter(Busy(house.ledger), hook=hook).tell([XSS])

    assert hook.heard == []


def test_tell__leaves_to_others_what_it_is_too_late_for() -> None:
    house = _House()
    hook = _Heard(house.clock, takes=timedelta(minutes=6))
    third = replace(XSS, key="third")

    told = house.alerter(hook=hook).tell([XSS, SQLI, third])

    assert (told.delivered, len(house.records(AlertOutcome))) == (2, 2)
    later = house.alerter(hook=hook).tell([])
    assert (later.delivered, sorted(hook.heard)) == (1, sorted([XSS.alert, SQLI.alert, third.alert]))


def test_tell__ends_when_the_time_is_over() -> None:
    house = _House()
    hook = _Heard(house.clock)

    house.alerter(hook=hook).tell([XSS], is_over=lambda: True)

    assert hook.heard == []


def test_tell__what_it_wrote_is_what_an_index_learns() -> None:
    house = _House()
    alerter = house.alerter(hook=_Heard(house.clock, UpstreamError("busy")))
    alerter.tell([replace(XSS, repository="acme/shop")])
    catch_up(house.ledger, alerter.index)

    [one] = alerter.index.undelivered("hook", house.clock.now + timedelta(minutes=5), most=5)

    assert (one.news.repository, one.attempts, one.reason, one.failed_at) == ("acme/shop", 1, "busy", house.clock.now)


def test_tell__what_waits_for_others_holds_nobody_up() -> None:
    """A channel that was taken away, and one that is stuck, with more than a cycle tells."""
    house = _House()
    many = [replace(XSS, key=str(number), event=event) for event in AlertEvent for number in range(5)]
    wanted = AlertChoice(events=frozenset(AlertEvent))
    for turn in range(5):
        house.alerter(choice=wanted, gone=_Heard(house.clock, *[UpstreamError("down")] * 99)).tell(
            [replace(one, key=f"{turn} {one.key}") for one in many], is_over=lambda: True
        )
    hook, stuck = _Heard(house.clock), _Heard(house.clock, *[UpstreamError("down")] * 999)
    house.alerter(choice=wanted, hook=hook, stuck=stuck).tell(many)

    told = house.alerter(choice=wanted, hook=hook, stuck=stuck).tell([SQLI])

    assert (told.delivered, hook.heard[-1]) == (1, SQLI.alert)


def test_tell__a_channel_that_fails_again_and_again_is_left_alone_for_now() -> None:
    house = _House()
    chat = _Heard(house.clock, *[UpstreamError("timed out")] * 99, takes=timedelta(seconds=25))
    hook = _Heard(house.clock)
    some = [replace(XSS, key=str(number), event=event) for event in DEFAULT_EVENTS for number in range(5)]

    told = house.alerter(chat=chat, hook=hook).tell(some)

    assert (told.delivered, len(hook.heard), 99 - len(chat.faults)) == (30, 30, 3)
    assert told.problems == [
        "3 alerts, 'No more sessions for xss' the first, over chat: timed out",
        "27 alerts, 'No more sessions for xss' the first, over chat: not tried, since 3 in a row failed",
    ]


def test_tell__many_of_an_event_are_one_alert_and_none_of_them_comes_again() -> None:
    house = _House()
    hook = _Heard(house.clock)
    late = [News(event=AlertEvent.SLA_BREACH, key=str(n), title=f"{n} is late", at=house.clock.now) for n in range(75)]

    first = house.alerter(hook=hook).tell(late)
    again = house.alerter(hook=hook).tell(late)
    more = house.alerter(hook=hook).tell([*late, replace(late[0], key="75")])

    assert (first.noticed, first.delivered, again.noticed, more.noticed) == (1, 1, 0, 1)
    [digest, single] = house.records(Alert)
    assert isinstance(digest, Alert)
    assert (digest.title, len(digest.covers), single.id) == ("75 issues missed their deadlines", 75, hook.heard[1])


def test_tell__a_channel_hears_what_it_wants_and_no_history() -> None:
    house = _House()
    hook, log = _Heard(house.clock), _Heard(house.clock)
    choice = AlertChoice(by_channel={"log": frozenset({AlertEvent.SCAN_COMPLETED})})
    now = house.clock.now
    scan = News(event=AlertEvent.SCAN_COMPLETED, key="1", title="scan", at=now)
    old = replace(scan, key="2", at=now - timedelta(days=2))
    pull = replace(scan, event=AlertEvent.PR_OPENED)

    told = house.alerter(choice=choice, hook=hook, log=log).tell([XSS, scan, old, pull])

    assert (told.noticed, hook.heard, log.heard) == (2, [XSS.alert], [scan.alert])


def test_tell__every_attempt_says_the_same() -> None:
    """Also of what is longer than a record can hold, and on a clock that goes on."""
    house = _House()
    ticks = count()
    ticking = Author(producer=PRODUCER, run_id="7", clock=lambda: house.clock() + timedelta(milliseconds=next(ticks)))
    hook = _Heard(house.clock, UpstreamError("busy"))
    long = replace(
        XSS, key="k" * 999, title="t" * 999, text="x" * 9999, fields={"b": "y" * 999, "a": ""}, repository="acme/shop"
    )
    replace(house.alerter(hook=hook), author=ticking).tell([long])
    house.clock.now += timedelta(minutes=6)

    replace(house.alerter(hook=hook), author=ticking).tell([long])

    first, second = (replace(one, attempts=0, act_before=None, failed_at=None, reason="") for one in hook.said)
    assert first == second
    assert first.alert == long.alert
    assert (len(first.news.title), len(first.news.text), len(first.news.fields["b"])) == (200, 2000, 500)


def test_tell__a_channel_is_on_record_from_its_first_cycle_on_news_or_not() -> None:
    """Else a fleet that runs once a week would never hear of what is older than a day."""
    house = _House()
    hook = _Heard(house.clock)
    house.alerter(hook=hook).tell([])
    house.alerter(hook=hook).tell([])
    house.clock.now += timedelta(days=7)
    late = News(event=AlertEvent.SLA_BREACH, key="1", title="late", at=house.clock.now - timedelta(days=6))

    house.alerter(hook=hook).tell([late])

    assert (hook.heard, len(house.records(Cycle))) == ([late.alert], 1)
