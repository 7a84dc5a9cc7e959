"""When news that did not arrive are told again, and when nobody tries any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery

# After the first failure, the second, ...: two days in all, since a weekend is as long.
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720, 1440))
MOST_ATTEMPTS = len(_WAITS) + 1
# News of another season are none: a channel that was away so long does not hear all that happened meanwhile.
MOST_AGE = timedelta(days=30)


class Tell(Struct, frozen=True):
    """Try now, as the `attempt`th time."""

    attempt: int


class NotYet(Struct, frozen=True):
    """Nothing to do before `until`."""

    until: datetime


class GiveUp(Struct, frozen=True):
    """It was tried often enough."""

    reason: str


NextStep: TypeAlias = Tell | NotYet | GiveUp


def next_step(delivery: Delivery, now: datetime) -> NextStep:
    """What to do about news that did not arrive yet.

    Whoever claimed an attempt is left alone until its claim lapses; one that nobody reported on counts as failed then,
    and the receiver tells by the alert's id that it had it already.
    """
    attempts = delivery.attempts
    if attempts == 0:
        return (
            Tell(1) if now - delivery.noticed_at <= MOST_AGE else GiveUp(f"given up: older than {MOST_AGE.days} days")
        )
    if delivery.failed_at is None:
        since = delivery.act_before
        if since is None or now < since:
            return NotYet(since or now)
    else:
        since = delivery.failed_at
    if attempts >= MOST_ATTEMPTS:
        return GiveUp(
            f"given up after {attempts} attempts: {delivery.reason or 'nobody knows what became of the last'}"
        )
    # A claim that lapsed was a wait already.
    until = since + _WAITS[attempts - 1] if delivery.failed_at else since
    return NotYet(until) if now < until else Tell(attempts + 1)


def retried_before(now: datetime) -> tuple[datetime, ...]:
    """For each number of attempts, when the last of them failed at the latest if the next may be made now.

    An index leaves out by it what has to wait, however much that is.
    """
    return tuple(now - wait for wait in _WAITS)
