"""Watches sessions: which take longer than their family does, and which families fail again and again."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Half a working day: what a session may take while nobody knows what its family does.
DEFAULT_LIMIT = timedelta(hours=4)
# As long as an issue rests after its third failure (policy/cooldown.py); somebody should have looked by then.
FAMILY_REST = timedelta(days=7)
FAILURE_MEMORY = timedelta(days=30)  # what a family did before says little about what it does now
_ENOUGH = 5  # sessions; the 90th percentile of fewer is the longest of them, whatever happened to it
_SHARE, _ROOM = 0.9, 2


class Ended(Struct, frozen=True):
    """One session of a family that is over: when, and whether it came to something."""

    at: datetime
    is_success: bool


class FailingFamily(Struct, frozen=True, kw_only=True):
    """A family whose sessions fail: no more of them start until `until`, and then one more failure stops it again.

    `since` is the first of the failures in a row that were looked at; `row_began` knows where the row itself begins.
    """

    family: str
    failures: int
    since: datetime
    until: datetime

    @property
    def reason(self) -> str:
        """As people read it."""
        failed = counted(self.failures, "session")
        return f"{failed} in a row failed for {self.family}: no more before {self.until:%Y-%m-%d}"


def limit_of(durations: Sequence[timedelta]) -> timedelta:
    """How long a session may take before it is worth a warning: twice the 90th percentile (nearest rank) of its family.

    Args:
        durations: of sessions of the family that are over.
    """
    if len(durations) < _ENOUGH:
        return DEFAULT_LIMIT
    return _ROOM * sorted(durations)[math.ceil(_SHARE * len(durations)) - 1]


def is_overdue(age: timedelta, durations: Sequence[timedelta]) -> bool:
    """True when a session at work is older than `limit_of` its family."""
    return age > limit_of(durations)


def failing_families(outcomes: Mapping[str, Iterable[Ended]], limit: int | None) -> dict[str, FailingFamily]:
    """The families with so many failures since their last success.

    A stop ends by itself after `FAMILY_REST`: a family that nobody tries could never show that it works again.

    Args:
        outcomes: sessions that are over, by family and in any order; those that nobody asked about are none of them.
        limit: how many failures in a row stop a family; None for no such limit.
    """
    if limit is None:
        return {}
    found = {}
    for family, ended in outcomes.items():
        failures = _failures_in_a_row(ended)
        if len(failures) >= limit:
            until = max(failures) + FAMILY_REST
            found[family] = FailingFamily(family=family, failures=len(failures), since=min(failures), until=until)
    return found


def row_began(ended: Iterable[Ended]) -> datetime | None:
    """The first failure of the row that a family is in: nothing came to something since, and no pause is too long.

    It stays the same as long as the row lasts, however many of its failures are forgotten meanwhile.

    Args:
        ended: all sessions of the family that are over, in any order.

    Returns:
        None for a family whose last session came to something, and for one without sessions.
    """
    began: datetime | None = None
    for at in sorted(_failures_in_a_row(ended), reverse=True):
        if began is not None and began - at > FAILURE_MEMORY:
            break
        began = at
    return began


def _failures_in_a_row(ended: Iterable[Ended]) -> list[datetime]:
    outcomes = list(ended)
    last = max((item.at for item in outcomes if item.is_success), default=None)
    return [item.at for item in outcomes if not item.is_success and (last is None or item.at > last)]
