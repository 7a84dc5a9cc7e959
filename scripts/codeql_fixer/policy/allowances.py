"""Allowances: whether there is room for one more session, whose room is lacking, and when there may be some again.

Each allowance counts uses in a window that slides with them: (t - length, t] for every t. So no stretch of that length
ever holds more than the limit, wherever it begins, which refills by the clock could not promise. Uses are rebuilt from
the claims on the ledger: a crash forgets nothing, and what a claim may cost at most is held until its cost is known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit
from codeql_fixer.policy.budget import committed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from codeql_fixer.domain.claim import Claim

_EXACT = 1000  # amounts are whole thousandths: sums of floats drift
_EVER = datetime.min.replace(tzinfo=UTC)
_WORDS = {Unit.SESSIONS: "sessions", Unit.ACU: "ACU", Unit.OPEN_PULL_REQUESTS: "open pull requests"}
_BY_EVENT = datetime.max.replace(tzinfo=UTC)


class Use(Struct, frozen=True, kw_only=True):
    """One session as allowances count it.

    `at` is when it was claimed, `acu` what it cost or may still cost, `open_prs` how many pull requests it has open or
    may still open. A use of which the window is over matters only while it has some.
    """

    at: datetime
    repository: str
    tags: frozenset[str] = frozenset()
    family: str = ""
    agent: str = ""
    acu: float = 0.0
    open_prs: int = 1


class Refusal(Struct, frozen=True, kw_only=True):
    """The allowance that has no room; of several the one that will have none for longest.

    `name` is whose it is: the repository, tag and so on, "" for the fleet. `free_at` is when there is room if nothing
    else happens, None when only an event makes some: a pull request is closed, a limit raised.
    """

    allowance: Allowance
    name: str
    used: float
    free_at: datetime | None

    @property
    def reason(self) -> str:
        """As people read it: `repo acme/shop: 3 of 3 sessions per hour are used`."""
        unit, window = self.allowance.unit, self.allowance.window
        per = f" per {window}" if window else ""
        whose = f"{self.allowance.kind} {self.name}" if self.name else str(self.allowance.kind)
        return f"{whose}: {self.used:g} of {self.allowance.limit} {_WORDS[unit]}{per} are used or promised"


def uses_of(
    claims: Iterable[Claim], *, tags_of: Callable[[str], frozenset[str]], open_prs: Mapping[str, int]
) -> Iterator[Use]:
    """What claims use: none where no session can be, the whole of what they may cost until that is known.

    A session without a limit counts nothing until its cost is known. Where ACU are limited, every session that costs
    some has a limit (policy/dispatching.py), unless it began before they were.

    Args:
        claims: of the longest window, and all that have a session at work or a pull request open.
        tags_of: the tags of a repository.
        open_prs: open pull requests by intent id.
    """
    for claim in claims:
        if claim.has_session:
            yield Use(
                at=claim.claimed_at,
                repository=claim.repository,
                tags=tags_of(claim.repository),
                family=claim.family,
                agent=claim.agent,
                acu=committed([claim]),
                open_prs=max(open_prs.get(claim.intent_id, 0), int(claim.is_at_work)),
            )


class Allowances:
    """All allowances with what was used of them; a question and a take cost a binary search for each that applies.

    Args:
        allowances: all of them have to have room.
        uses: what was used before, in any order.
        now: the earliest time that will be asked about.
    """

    def __init__(self, allowances: Sequence[Allowance], uses: Iterable[Use] = (), *, now: datetime) -> None:
        self._now = now
        self._buckets: list[tuple[Allowance, dict[str, _Bucket]]] = [(allowance, {}) for allowance in allowances]
        ordered = sorted(uses, key=lambda use: use.at)
        times = [use.at for use in ordered]
        for allowance, buckets in self._buckets:
            for use in ordered[bisect_right(times, _start_of(allowance, now)) :]:
                _enter(allowance, buckets, use)

    def problem(self, use: Use) -> Refusal | None:
        """What has no room for a use at its time; None when it may be taken.

        Uses at later times count as well, as another one's clock may be ahead.

        Raises:
            ValueError: it asks about a time before `now`, of which nothing is kept.
        """
        if use.at < self._now:
            msg = f"asked about {use.at}, and nothing before {self._now} is kept"
            raise ValueError(msg)
        found = [refusal for allowance, buckets in self._buckets for refusal in _refusals(allowance, buckets, use)]
        return max(found, key=lambda refusal: refusal.free_at or _BY_EVENT, default=None)

    def used(self, allowance: Allowance, now: datetime, *, whose: Use | None = None) -> float | None:
        """How much of one of the allowances is used; where each has its own, what the one has that has used most.

        Args:
            allowance: one of them.
            now: the end of its window.
            whose: only what counts for such a use; None comes back where the allowance is not for it.
        """
        start = _start_of(allowance, now)
        buckets = next(buckets for one, buckets in self._buckets if one == allowance)
        names = buckets.keys() if whose is None else _names(allowance, whose)
        if whose is not None and not names:
            return None
        return max((buckets[name].used_after(start) for name in names if name in buckets), default=0) / _EXACT

    def take(self, use: Use) -> None:
        """Count a use from now on."""
        for allowance, buckets in self._buckets:
            _enter(allowance, buckets, use)


class _Bucket:
    """The uses of one allowance by one key in the order of time, and how much was used up to each of them."""

    def __init__(self) -> None:
        self._times: list[datetime] = []
        self._sums = [0]

    def add(self, at: datetime, amount: int) -> None:
        if not self._times or at >= self._times[-1]:
            self._times.append(at)
            self._sums.append(self._sums[-1] + amount)
            return
        place = bisect_right(self._times, at)
        self._times.insert(place, at)
        self._sums.insert(place + 1, self._sums[place])
        for later in range(place + 1, len(self._sums)):
            self._sums[later] += amount

    def used_after(self, at: datetime) -> int:
        return self._sums[-1] - self._sums[bisect_right(self._times, at)]

    def shrinks_at(self, room: int) -> datetime:
        """The time of the use with which all but `room` has been used; more than that was used since ever."""
        return self._times[bisect_left(self._sums, self._sums[-1] - room) - 1]


def _refusals(allowance: Allowance, buckets: dict[str, _Bucket], use: Use) -> Iterator[Refusal]:
    amount, limit = _amount(allowance.unit, use), allowance.limit * _EXACT
    for name in _names(allowance, use) if amount else ():
        bucket = buckets.get(name)
        used = bucket.used_after(_start_of(allowance, use.at)) if bucket else 0
        if used + amount > limit:
            free_at = None
            if bucket and allowance.window and amount <= limit:
                free_at = bucket.shrinks_at(limit - amount) + allowance.window.length
            yield Refusal(allowance=allowance, name=name, used=used / _EXACT, free_at=free_at)


def _enter(allowance: Allowance, buckets: dict[str, _Bucket], use: Use) -> None:
    amount = _amount(allowance.unit, use)
    for name in _names(allowance, use) if amount else ():
        buckets.setdefault(name, _Bucket()).add(use.at, amount)


def _start_of(allowance: Allowance, at: datetime) -> datetime:
    """Uses up to here do not count any more."""
    return at - allowance.window.length if allowance.window else _EVER


def _names(allowance: Allowance, use: Use) -> Sequence[str]:
    """Whose buckets of an allowance a use goes into: none when it is not in its scope."""
    match allowance.kind:
        case ScopeKind.FLEET:
            names: Sequence[str] = ("",)
        case ScopeKind.TAG:
            names = sorted(use.tags)
        case ScopeKind.REPOSITORY:
            names = (use.repository.lower(),)
        case ScopeKind.FAMILY:
            names = (use.family,)
        case ScopeKind.AGENT:
            names = (use.agent,)
        case _:
            assert_never(allowance.kind)
    return [name for name in names if name == allowance.name] if allowance.name else names


def _amount(unit: Unit, use: Use) -> int:
    match unit:
        case Unit.SESSIONS:
            return _EXACT
        case Unit.ACU:
            return round(use.acu * _EXACT)
        case Unit.OPEN_PULL_REQUESTS:
            return use.open_prs * _EXACT
        case _:
            assert_never(unit)
