"""The rows of alerts: what is to be told, over which channels, and what became of each attempt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from codeql_fixer.adapters.index.rows import FOREVER, micros, parse_time, text, time_of
from codeql_fixer.domain.alert import Alert, AlertClaim, AlertEvent, AlertOutcome, DeliveryStatus
from codeql_fixer.domain.delivery import Delivery, News
from codeql_fixer.domain.occurrence import Occurrence
from codeql_fixer.policy.alerting import retried_before

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from codeql_fixer.adapters.index.rows import Row
    from codeql_fixer.policy.sla import SlaLimits

_OVER = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.REFUSED})
# What is on record with the moment at which it happened; each has a query of its own.
_HAPPEN = frozenset(
    {
        AlertEvent.SCAN_STARTED,
        AlertEvent.SCAN_COMPLETED,
        AlertEvent.SESSION_CREATED,
        AlertEvent.SESSION_FINISHED,
        AlertEvent.PR_OPENED,
        AlertEvent.FIX_VERIFIED,
        AlertEvent.NEEDS_HUMAN,
    }
)


def add_to_outbox(
    queries: Any,  # noqa: ANN401 - aiosql makes its methods from a file
    connection: Any,  # noqa: ANN401 - drivers have no common type
    record: Alert | AlertClaim | AlertOutcome,
) -> None:
    """Add one of the three records, in whatever order they come."""
    if isinstance(record, Alert):
        queries.add_alert(
            connection,
            id=record.id,
            event=record.event.value,
            key=text(record.key),
            repository=record.target_repo,
            title=text(record.title),
            text=text(record.text),
            recorded_at=micros(record.recorded_at),
            fields=text(msgspec.json.encode(record.fields, order="sorted").decode()),
        )
        for channel in record.channels:
            queries.add_alert_recipient(connection, alert=record.id, channel=channel)
            queries.add_alert_channel(connection, channel=channel, at=micros(record.recorded_at))
        if record.covers:
            queries.add_alert_members(connection, [{"id": one, "alert": record.id} for one in record.covers])
        return
    place = {"alert": record.alert, "channel": record.channel}
    if isinstance(record, AlertClaim):
        queries.add_alert_claim(connection, **place, attempt=record.attempt, act_before=micros(record.act_before))
        return
    queries.add_alert_outcome(
        connection,
        **place,
        attempt=record.attempt,
        ended_at=micros(record.recorded_at),
        status=record.status.value,
        reason=text(record.reason),
    )
    if record.status in _OVER:
        queries.end_alert_recipient(connection, **place)


class SqlOutbox:
    """The part of an index that tells alerts and what is news."""

    def known_alerts(self, alerts: Collection[str]) -> frozenset[str]:
        """Those that are on record."""
        return frozenset(alert for alert in alerts if self._ask("alert_known", id=alert))

    def first_heard(self) -> dict[str, datetime]:
        """Since when each channel is on record."""
        return {str(channel): parse_time(at) for channel, at in self._ask("alert_channels")}

    def undelivered(self, channel: str, now: datetime, *, most: int) -> list[Delivery]:
        """What a channel has still to hear and may be told now."""
        waits = {f"failed_{number}": micros(at) for number, at in enumerate(retried_before(now), start=1)}
        rows = self._ask("undelivered", channel=channel, now=micros(now), most=most, **waits)
        return [parse_delivery(row) for row in rows]

    def occurrences(self, event: AlertEvent, since: datetime, *, most: int) -> list[Occurrence]:
        """What happened since a moment."""
        if event not in _HAPPEN:
            return []
        rows = self._ask(f"{event.value}_since", since=micros(since), most=most)
        return [parse_occurrence(row) for row in rows]

    def missed_deadlines(self, limit: SlaLimits, since: datetime, *, now: datetime, most: int) -> list[Occurrence]:
        """Open issues of a tier whose deadline passed since a moment."""
        allowed = timedelta(hours=limit.hours)
        rows = self._ask(
            "missed_deadlines",
            tier=limit.tier.value,
            allowed=allowed // timedelta(microseconds=1),
            opened_since=micros(since - allowed),
            opened_until=micros(limit.breached),
            now=micros(now),
            forever=micros(FOREVER),
            most=most,
        )
        return [parse_occurrence(row) for row in rows]

    def _ask(self, query: str, **parameters: object) -> list[Row]:
        raise NotImplementedError


def parse_delivery(row: Row) -> Delivery:
    """A row of the query `undelivered`."""
    alert, event, key, repository, title, words, at, fields, channel, attempts, act_before, ended_at, reason = row
    return Delivery(
        news=News(
            event=AlertEvent(event),
            key=key,
            title=title,
            text=words,
            repository=repository,
            fields=msgspec.json.decode(fields, type=dict[str, str]),
        ),
        alert=alert,
        noticed_at=parse_time(at),
        channel=channel,
        attempts=int(attempts),
        act_before=time_of(act_before),
        failed_at=time_of(ended_at),
        reason=reason,
    )


def parse_occurrence(row: Row) -> Occurrence:
    """A row of a query for what happened."""
    at, identity, repository, subject, place, tier, detail, url = row
    return Occurrence(
        at=parse_time(at),
        identity=identity,
        repository=repository,
        subject=subject,
        place=place,
        tier=tier,
        detail=detail,
        url=url,
    )
