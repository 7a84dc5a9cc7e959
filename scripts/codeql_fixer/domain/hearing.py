"""Who wants to hear what: the events of each channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from codeql_fixer.domain.alert import AlertEvent

# What somebody has to act on, or waits for. What every cycle brings is for those who ask for it.
DEFAULT_EVENTS = frozenset(
    {
        AlertEvent.FIX_VERIFIED,
        AlertEvent.OBJECTIVE_MET,
        AlertEvent.SLA_BREACH,
        AlertEvent.FAMILY_STOPPED,
        AlertEvent.BUDGET_EXHAUSTED,
        AlertEvent.NEEDS_HUMAN,
    }
)


class AlertChoice(Struct, frozen=True, kw_only=True):
    """The operator's choice of events: for all channels, and for some of them in its place."""

    events: frozenset[AlertEvent] = DEFAULT_EVENTS
    by_channel: Mapping[str, frozenset[AlertEvent]] = {}

    def of(self, channel: str) -> frozenset[AlertEvent]:
        """What one of them is to hear."""
        return self.by_channel.get(channel, self.events)


class Hearing(Struct, frozen=True, kw_only=True):
    """What a channel hears: these events, as far as they happened at `since` or later."""

    events: frozenset[AlertEvent]
    since: datetime
