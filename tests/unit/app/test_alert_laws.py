"""Laws of telling: whatever two who tell are told, fail at and die of, everything is heard, and once."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.alert import Alerter
from codeql_fixer.app.author import Author
from codeql_fixer.domain.alert import Alert, AlertEvent
from codeql_fixer.domain.delivery import News
from codeql_fixer.errors import UpstreamError
from codeql_fixer.ports.ledger import Stored
from tests.records import PRODUCER
from tests.unit.app.fleets import Clock

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery

_EVENTS = (AlertEvent.SLA_BREACH, AlertEvent.NEEDS_HUMAN)
_COUNT = 30


class _Killed(BaseException):
    """The process ends here."""


class _Step(Struct, frozen=True):
    """One tells: what it knows, when its channel fails and from which request on, and how long nothing happens then."""

    who: int
    known: range
    fault: str
    at: int
    minutes: int


class _Channel:
    """Hears; fails, or is the last thing that its process did, from the `at`th request on."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.in_doubt: Counter[str] = Counter()
        self.fault, self.at = "", 0
        self._now: list[str] = []

    def begin(self, step: _Step) -> None:
        """Somebody else, or the same one again, tells from now on."""
        self.fault, self.at, self._now = step.fault, step.at, []

    def tell(self, delivery: Delivery) -> str:
        self.at -= 1
        if self.fault == "down" and self.at < 0:
            raise UpstreamError("down")
        self.heard[delivery.alert] += 1
        self._now.append(delivery.alert)
        if self.fault == "kill" and self.at < 0:
            self.in_doubt.update(self._now)  # what arrived is recorded for some at once, and that did not happen
            raise _Killed
        return ""


_STEPS = st.builds(
    _Step,
    who=st.integers(0, 1),
    known=st.builds(range, st.integers(0, _COUNT - 1), st.integers(1, _COUNT)),
    fault=st.sampled_from(["", "", "down", "kill"]),
    at=st.integers(0, 4),
    minutes=st.sampled_from([0, 3, 11, 400]),
)


@settings(max_examples=25)
@given(st.lists(_STEPS, min_size=1, max_size=8))
def test_tell__everything_is_heard_once_but_for_what_is_in_doubt(steps: list[_Step]) -> None:
    clock, ledger, channel = Clock(), MemoryLedger(), _Channel()
    news = [
        News(event=_EVENTS[number % 2], key=str(number), title=f"{number}", at=clock.now) for number in range(_COUNT)
    ]
    alerters = [
        Alerter(
            ledger=ledger,
            index=SqlIndex(SqliteDatabase(Path(":memory:"))),
            channels={"hook": channel},
            author=Author(producer=PRODUCER, run_id=str(who), clock=clock),
        )
        for who in range(2)
    ]

    for step in [*steps, *[_Step(0, range(_COUNT), "", 0, 2000)] * 4]:
        channel.begin(step)
        with contextlib.suppress(_Killed):
            alerters[step.who].tell([news[number] for number in step.known])
        clock.now += timedelta(minutes=step.minutes)

    entries = ledger.read_since("").entries
    alerts = [one.record for one in entries if isinstance(one, Stored) and isinstance(one.record, Alert)]
    meant = Counter(name for alert in alerts for name in (alert.covers or (alert.id,)))
    assert meant == Counter(one.alert for one in news)
    assert channel.heard.keys() == {alert.id for alert in alerts}
    assert all(times <= 1 + channel.in_doubt[name] for name, times in channel.heard.items())
