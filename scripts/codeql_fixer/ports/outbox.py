"""Port of the outbox: which alerts are on record, and which of them somebody has still to hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from codeql_fixer.domain.alert import AlertEvent
    from codeql_fixer.domain.delivery import Delivery
    from codeql_fixer.domain.occurrence import Occurrence
    from codeql_fixer.policy.sla import SlaLimits


class Outbox(Protocol):
    """Answers what telling alerts asks."""

    def known_alerts(self, alerts: Collection[str]) -> frozenset[str]:
        """Those of the ids that are on record, delivered or not, on their own or as part of another alert."""
        ...

    def first_heard(self) -> Mapping[str, datetime]:
        """When somebody first recorded that there is a channel, or an alert for it, by channel."""
        ...

    def undelivered(self, channel: str, now: datetime, *, most: int) -> list[Delivery]:
        """What a channel has still to hear and may be told now, the oldest alerts first.

        What somebody else may tell at the moment is left out, and what has to wait for its next attempt
        (policy/alerting.py), however much that is.
        """
        ...

    def occurrences(self, event: AlertEvent, since: datetime, *, most: int) -> list[Occurrence]:
        """What happened since a moment that is an event of that kind, the latest first; none for events of states.

        Deadlines are no occurrences: `missed_deadlines` has them.
        """
        ...

    def missed_deadlines(self, limit: SlaLimits, since: datetime, *, now: datetime, most: int) -> list[Occurrence]:
        """Issues of a tier that are open and whose deadline passed since a moment, the latest first.

        What is dismissed now has none. `at` is when the deadline passed.
        """
        ...
