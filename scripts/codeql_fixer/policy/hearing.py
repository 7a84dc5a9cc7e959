"""Which channel hears of what, and how far back news reach.

What happened is on the ledger for ever. Only its latest part is news: who sets up a channel does not hear the history
of years, and what happened while no cycle ran is told all the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.domain.hearing import Hearing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from codeql_fixer.domain.alert import AlertEvent
    from codeql_fixer.domain.delivery import News
    from codeql_fixer.domain.hearing import AlertChoice

FIRST_LOOK = timedelta(days=1)  # what a new channel hears of the time before it
MEMORY = timedelta(days=7)  # a fleet that runs once a week misses nothing


def hearings(
    channels: Iterable[str], choice: AlertChoice, *, first_heard: Mapping[str, datetime], now: datetime
) -> dict[str, Hearing]:
    """What each channel hears.

    Args:
        channels: that there are.
        choice: of the operator.
        first_heard: since when each is on record; those that are not are new.
        now: the time.
    """
    return {
        name: Hearing(events=choice.of(name), since=max(first_heard.get(name, now) - FIRST_LOOK, now - MEMORY))
        for name in channels
    }


def horizon(heard: Mapping[str, Hearing], event: AlertEvent) -> datetime | None:
    """Since when anybody wants to hear of an event; None when nobody does."""
    return min((one.since for one in heard.values() if event in one.events), default=None)


def recipients(news: News, heard: Mapping[str, Hearing]) -> tuple[str, ...]:
    """The channels that are to hear it, by name."""
    return tuple(
        sorted(
            name
            for name, one in heard.items()
            if news.event in one.events and (news.at is None or news.at >= one.since)
        )
    )
