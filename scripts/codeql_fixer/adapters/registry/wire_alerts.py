"""The part of repo_registry.json that speaks of alerts: which channel hears of what."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from codeql_fixer.adapters.registry.wire_fleet import END, MOST
from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.hearing import DEFAULT_EVENTS, AlertChoice

_DEFAULT = ", ".join(sorted(DEFAULT_EVENTS))

Events = Annotated[tuple[AlertEvent, ...], Meta(max_length=MOST)]
ChannelName = Annotated[
    str, Meta(pattern=f"^(?:webhook|slack|github|summary){END}", description="webhook, slack, github or summary")
]


class ChannelAlerts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one channel hears."""

    events: Annotated[Events | None, Meta(description="events for this channel; as all others unless given")] = None


class Alerts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What people and their programs hear of; where it goes is for secrets, and no business of this file."""

    events: Annotated[Events | None, Meta(description=f"events for every channel; {_DEFAULT} unless given")] = None
    channels: Annotated[
        dict[ChannelName, ChannelAlerts], Meta(max_length=MOST, description="channels that hear other events")
    ] = {}


def choice_of(alerts: Alerts) -> AlertChoice:
    """Who hears what."""
    return AlertChoice(
        events=DEFAULT_EVENTS if alerts.events is None else frozenset(alerts.events),
        by_channel={
            name: frozenset(channel.events) for name, channel in alerts.channels.items() if channel.events is not None
        },
    )
