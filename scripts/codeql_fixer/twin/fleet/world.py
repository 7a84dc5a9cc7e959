"""The fleet's world on a virtual clock: what is in the code, what comes, what goes, and who is out of order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from codeql_fixer.twin.fleet.flaws import Flaw, FlawMaker
from codeql_fixer.twin.fleet.luck import exponential
from codeql_fixer.twin.fleet.start import BEGINNING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from codeql_fixer.twin.fleet.luck import Luck
    from codeql_fixer.twin.fleet.start import Start, StartRepository

_MONTH = timedelta(days=30)
Happening: TypeAlias = Callable[[], None]


class World:
    """Repositories and their findings.

    Args:
        start: what there is at first.
        luck: of the seed.
    """

    def __init__(self, start: Start, luck: Luck) -> None:
        self.now, self.luck, self.assumptions = BEGINNING, luck, start.assumptions
        self._events: list[tuple[datetime, int, Happening]] = []
        self._order = count()
        self._outages = {who: _Outages(luck.stream("outages", who), self) for who in ("agent", "host")}
        self.repositories = {one.name.lower(): Repository(one, self) for one in start.repositories}

    def clock(self) -> datetime:
        """The present moment."""
        return self.now

    def at(self, when: datetime, happening: Happening) -> None:
        """Let something happen; what is past happens at once when time goes on."""
        heappush(self._events, (when, next(self._order), happening))

    def advance(self, until: datetime) -> None:
        """Let time go on, and everything happen on the way."""
        while self._events and self._events[0][0] <= until:
            when, _, happening = heappop(self._events)
            self.now = max(self.now, when)
            happening()
        self.now = until

    def is_out(self, who: str) -> bool:
        """True while the agent's or the host's service does not answer."""
        return self._outages[who].is_out(self.now)


class Repository:
    """One repository: the findings in its code by fingerprint, also those that are gone."""

    def __init__(self, start: StartRepository, world: World) -> None:
        self.name, self._world = start.name, world
        assumptions, luck = world.assumptions, world.luck
        self._arrivals = luck.stream("arrivals", start.name)
        self._maker = FlawMaker(f"new/{start.name}", start.size, assumptions, luck=self._arrivals)
        self._rate = start.size * assumptions.arrivals_per_day
        self.flaws: dict[str, Flaw] = {}
        for flaw in start.flaws:
            self._add(replace(flaw))
        self._next_arrival()

    def present(self) -> list[Flaw]:
        """The findings that are in the code now."""
        return [flaw for flaw in self.flaws.values() if flaw.is_present]

    def fix(self, fingerprints: Iterable[str]) -> None:
        """A merged change removes some findings; some of them come back later."""
        world = self._world
        for name in fingerprints:
            flaw = self.flaws.get(name)
            if flaw is None or not flaw.is_present:
                continue
            self._remove(flaw)
            stream = world.luck.stream("regression", self.name, name, flaw.fixes)
            if stream.random() < world.assumptions.regression_probability:
                after = exponential(stream, timedelta(days=world.assumptions.regression_days))
                world.at(world.now + after, lambda flaw=flaw: self._return(flaw))  # type: ignore[misc]

    def _add(self, flaw: Flaw) -> None:
        self.flaws[flaw.fingerprint] = flaw
        gone_at = self._maker.removal(self._world.now)
        if gone_at is not None:
            self._world.at(gone_at, lambda: self._remove(flaw))

    def _remove(self, flaw: Flaw) -> None:
        if flaw.is_present:
            flaw.is_present = False
            flaw.fixes += 1

    def _return(self, flaw: Flaw) -> None:
        if not flaw.is_present:
            flaw.is_present, flaw.present_since = True, self._world.now

    def _next_arrival(self) -> None:
        if self._rate:
            after = exponential(self._arrivals, timedelta(days=1 / self._rate))
            self._world.at(self._world.now + after, self._arrive)

    def _arrive(self) -> None:
        self._add(self._maker.make(self._world.now))
        self._next_arrival()


class _Outages:
    """When a service is out of order, one outage after the other."""

    def __init__(self, stream: random.Random, world: World) -> None:
        self._stream, self._often = stream, world.assumptions.outages_per_month
        self._length = timedelta(hours=world.assumptions.outage_hours)
        self._begin = world.now
        self._follow(world.now)

    def is_out(self, now: datetime) -> bool:
        while self._often and now >= self._begin + self._length:
            self._follow(self._begin + self._length)
        return bool(self._often) and now >= self._begin

    def _follow(self, since: datetime) -> None:
        if self._often:
            self._begin = since + exponential(self._stream, _MONTH / self._often)
