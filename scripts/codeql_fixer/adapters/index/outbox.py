"""The rows of alerts: what is to be told, over which channels, and what became of each attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codeql_fixer.adapters.index.rows import micros, parse_time, text, time_of
from codeql_fixer.domain.alert import Alert, AlertClaim, AlertEvent, AlertOutcome, DeliveryStatus
from codeql_fixer.domain.delivery import Delivery, News

if TYPE_CHECKING:
    from codeql_fixer.adapters.index.rows import Row

_OVER = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.REFUSED})


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
        )
        for channel in record.channels:
            queries.add_alert_recipient(connection, alert=record.id, channel=channel)
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


def parse_delivery(row: Row) -> Delivery:
    """A row of the query `undelivered`."""
    alert, event, key, repository, title, words, at, channel, attempts, act_before, ended_at, reason = row
    return Delivery(
        news=News(
            event=AlertEvent(event),
            key=key,
            title=title,
            text=words,
            repository=repository,
        ),
        alert=alert,
        noticed_at=parse_time(at),
        channel=channel,
        attempts=int(attempts),
        act_before=time_of(act_before),
        failed_at=time_of(ended_at),
        reason=reason,
    )
