"""The records of alerts: what is to be told, the claim to tell it over a channel, and what became of that."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, field

from codeql_fixer.domain.record import Name, Number, Record, RepositoryNameOrNone, Text, Time, Url

_ID = Meta(
    pattern="^[a-z0-9_]{1,40}-[0-9a-f]{20}$(?!\\n)", description="the event, and a hash of what makes it unlike others"
)
AlertId = Annotated[str, _ID]
Channel = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,30}$(?!\\n)", description="a channel's name")]
FieldName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$(?!\\n)")]
FieldValue = Annotated[str, Meta(max_length=500)]


class AlertEvent(StrEnum):
    """What somebody wants to hear of (docs/guides/alerts.md)."""

    SCAN_STARTED = "scan_started"
    SCAN_COMPLETED = "scan_completed"
    SESSION_CREATED = "session_created"
    SESSION_FINISHED = "session_finished"
    PR_OPENED = "pr_opened"
    FIX_VERIFIED = "fix_verified"
    OBJECTIVE_MET = "objective_met"
    SLA_BREACH = "sla_breach"
    FAMILY_STOPPED = "family_stopped"
    BUDGET_EXHAUSTED = "budget_exhausted"
    NEEDS_HUMAN = "needs_human"
    CYCLE_COMPLETED = "cycle_completed"


class Alert(Record, frozen=True, kw_only=True):
    """An event that is to be told, once. `id` is made from the event's key, so that two writers mean the same one.

    `key` says in words what tells it from others of its event; `channels` are those that there were when it came, since
    a new channel is not for old news; `target_repo` is "" where it is about the fleet. `fields` are what programs want
    to know, by name. `covers` are the ids of alerts that it stands for: none of them is told on its own any more.
    """

    schema_version: Literal[1]
    kind: Literal["alert"]
    id: AlertId
    event: AlertEvent
    key: Annotated[str, Meta(min_length=1, max_length=500)]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    channels: Annotated[tuple[Channel, ...], Meta(min_length=1)]
    text: Text = ""
    target_repo: RepositoryNameOrNone = ""
    fields: Annotated[dict[FieldName, FieldValue], Meta(max_length=20)] = field(default_factory=dict)
    covers: Annotated[tuple[AlertId, ...], Meta(max_length=5000)] = ()


class AlertClaim(Record, frozen=True, kw_only=True):
    """The right to tell an alert over a channel until `act_before`; `id` is `<alert>.<channel>.<attempt>`."""

    schema_version: Literal[1]
    kind: Literal["alert_claim"]
    id: Name
    alert: AlertId
    channel: Channel
    attempt: Number
    act_before: Time


class DeliveryStatus(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"  # it did not arrive, or nobody can tell; it is tried again
    REFUSED = "refused"  # the channel does not want it, whenever it comes


class AlertOutcome(Record, frozen=True, kw_only=True):
    """The end of an attempt. `id` is the claim's; `url` is where people can read the alert, "" for nowhere."""

    schema_version: Literal[1]
    kind: Literal["alert_outcome"]
    id: Name
    alert: AlertId
    channel: Channel
    attempt: Number
    status: DeliveryStatus
    url: Url = ""
    reason: Text = ""
