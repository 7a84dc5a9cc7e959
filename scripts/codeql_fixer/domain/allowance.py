"""Allowances: how much of what may be used by whom in which time. All that apply to a session have to have room."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct


class ScopeKind(StrEnum):
    """Whose sessions an allowance counts."""

    FLEET = "fleet"
    TAG = "tag"
    REPOSITORY = "repo"
    FAMILY = "family"
    AGENT = "agent"


class Unit(StrEnum):
    """What it counts. Open pull requests are of the moment, so they know no window."""

    SESSIONS = "sessions"
    ACU = "acu"
    OPEN_PULL_REQUESTS = "open_prs"


class Window(StrEnum):
    """A sliding stretch of time."""

    QUARTER = "15m"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"  # thirty days

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return _LENGTHS[self]


_LENGTHS = {
    Window.QUARTER: timedelta(minutes=15),
    Window.HOUR: timedelta(hours=1),
    Window.DAY: timedelta(days=1),
    Window.MONTH: timedelta(days=30),
}


class Allowance(Struct, frozen=True, kw_only=True):
    """At most `limit` units in any window for everything in the scope together.

    `name` is that of the tag, repository (owner/name, lower case), family or agent; where one could stand and "" does,
    each of them has this allowance on its own. `window` is None for open pull requests only.
    """

    kind: ScopeKind
    unit: Unit
    limit: int
    name: str = ""
    window: Window | None = None
