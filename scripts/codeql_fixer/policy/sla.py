"""Deadlines for fixes, by tier, counted from when the present trouble began."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.severity import SeverityTier

if TYPE_CHECKING:
    from collections.abc import Mapping

# Hours per tier, as the first generation promised in its README; `none` has no deadline.
DEFAULT_HOURS: Mapping[SeverityTier, int] = {
    SeverityTier.CRITICAL: 24,
    SeverityTier.HIGH: 72,
    SeverityTier.MEDIUM: 168,
    SeverityTier.LOW: 720,
}
AT_RISK_SHARE = 0.75


class SlaState(StrEnum):
    """How an issue stands against its deadline."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    MET = "met"
    NONE = "none"  # its tier has no deadline


class SlaLimits(Struct, frozen=True):
    """Open issues that began before `breached` have missed their deadline, those before `at_risk` are close to it."""

    tier: SeverityTier
    hours: int
    at_risk: datetime
    breached: datetime


def limits(now: datetime, hours: Mapping[SeverityTier, int]) -> tuple[SlaLimits, ...]:
    """The limits of every tier with a deadline, at this moment."""
    return tuple(
        SlaLimits(tier, allowed, now - timedelta(hours=allowed * AT_RISK_SHARE), now - timedelta(hours=allowed))
        for tier, allowed in hours.items()
    )


def sla_of(tier: SeverityTier, opened_at: datetime, fixed_at: datetime | None, *, limit: SlaLimits | None) -> SlaState:
    """The state of one issue; `limit` is its tier's, None when there is none.

    A fix counts from the scan that proves it, so a slow scan never makes a late fix look punctual.
    """
    if limit is None or limit.tier is not tier:
        return SlaState.NONE
    if fixed_at is not None:
        return SlaState.MET if fixed_at - opened_at < timedelta(hours=limit.hours) else SlaState.BREACHED
    if opened_at <= limit.breached:
        return SlaState.BREACHED
    return SlaState.AT_RISK if opened_at <= limit.at_risk else SlaState.ON_TRACK
