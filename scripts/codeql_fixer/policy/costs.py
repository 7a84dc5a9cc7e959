"""What sessions cost, and what the next thirty days will take. All in agent compute units (ACU).

What is not known is never counted as 0: sessions whose cost nobody told are counted beside the others.
"""

from __future__ import annotations

import math
from datetime import timedelta
from enum import StrEnum
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from codeql_fixer.domain.cost import SessionCost

_MONTH = 30  # days, as in policy/allowances.py
_DAY = timedelta(days=1)
_TEN_PERCENT = 1.2816  # standard deviations from the mean to either end of an interval that holds 80 %
_FEWEST_DAYS = 3  # that a spread can be told from
_WEEK, _FOUR_WEEKS, _FEW_SESSIONS = 7, 28, 10


class Spent(Struct, frozen=True, kw_only=True):
    """What some sessions cost and came to.

    `acu` and `fixes` are of the `known` ones, which are over and whose cost was told. `unknown` are over, too, and
    nobody told theirs; `unknown_fixes` are what those fixed. Of those `at_work` the limits are `promised`.
    """

    sessions: int = 0
    known: int = 0
    unknown: int = 0
    at_work: int = 0
    acu: float = 0.0
    promised: float = 0.0
    fixes: int = 0
    unknown_fixes: int = 0

    @property
    def acu_per_session(self) -> float | None:
        """The mean, None where none is known."""
        return self.acu / self.known if self.known else None

    @property
    def acu_per_fix(self) -> float | None:
        """All that was spent, also in vain, by what was fixed for it; None where nothing was."""
        return self.acu / self.fixes if self.fixes else None


class Sureness(StrEnum):
    """How far a projection can be trusted."""

    HARDLY = "hardly"  # less than a week, or fewer than ten sessions
    FAIRLY = "fairly"
    WELL = "well"  # four weeks and more


class Projection(Struct, frozen=True, kw_only=True):
    """What the next thirty days will take: the mean, and the ends of an 80 % interval where there are enough days.

    It rests on `days` days. The costs of `assumed` sessions are not known and were taken for the mean of the others.
    """

    acu: float
    low: float | None
    high: float | None
    days: int
    assumed: int
    sureness: Sureness


def spent(costs: Iterable[SessionCost]) -> Spent:
    """What these sessions cost in all."""
    found = list(costs)
    known = [one for one in found if one.known_acu is not None]
    at_work = [one for one in found if one.is_at_work]
    unknown = [one for one in found if one.known_acu is None and not one.is_at_work]
    return Spent(
        sessions=len(found),
        known=len(known),
        unknown=len(unknown),
        at_work=len(at_work),
        acu=math.fsum(one.known_acu or 0 for one in known),
        promised=math.fsum(max(one.acu_used or 0, one.max_acu or 0) for one in at_work),
        fixes=sum(one.fixes for one in known),
        unknown_fixes=sum(one.fixes for one in unknown),
    )


def spent_by(costs: Iterable[SessionCost], key: Callable[[SessionCost], str]) -> dict[str, Spent]:
    """The same for each kind of session, those first that took most."""
    kinds: dict[str, list[SessionCost]] = {}
    for one in costs:
        kinds.setdefault(key(one), []).append(one)
    found = {kind: spent(some) for kind, some in kinds.items()}
    return dict(sorted(found.items(), key=lambda item: (-item[1].acu, -item[1].sessions, item[0])))


def projection(costs: Sequence[SessionCost], now: datetime) -> Projection | None:
    """What the next thirty days will take if they are like those since the first of these sessions.

    The sums of whole days, counted back from now, are taken as independent draws of one distribution with mean m and
    standard deviation s, of which n are known. Thirty further draws sum up to 30 m, give or take s (30 + 30^2 / n)^0.5:
    the first part is chance, the second that m is an estimate (a prediction interval for a sum). The rhythm of the week
    and a trend are not looked at. None where no cost is known.
    """
    known = [one.known_acu for one in costs if one.known_acu is not None]
    if not known:
        return None
    usual = fmean(known)
    days = max(1, math.ceil((now - min(one.claimed_at for one in costs)) / _DAY))
    sums = [0.0] * days
    for one in costs:
        day = min(days - 1, max(0, math.floor((now - one.claimed_at) / _DAY)))
        sums[day] += usual if one.known_acu is None else one.known_acu
    mean = fmean(sums)
    spread = None if days < _FEWEST_DAYS else _TEN_PERCENT * stdev(sums) * math.sqrt(_MONTH + _MONTH**2 / days)
    return Projection(
        acu=_MONTH * mean,
        low=None if spread is None else max(0.0, _MONTH * mean - spread),
        high=None if spread is None else _MONTH * mean + spread,
        days=days,
        assumed=len(costs) - len(known),
        sureness=_sureness(days, len(known)),
    )


def _sureness(days: int, sessions: int) -> Sureness:
    if days < _WEEK or sessions < _FEW_SESSIONS:
        return Sureness.HARDLY
    return Sureness.FAIRLY if days < _FOUR_WEEKS else Sureness.WELL
