"""What a session cost, and what it came to."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class SessionCost(Struct, frozen=True, kw_only=True):
    """One session as its costs are counted.

    `acu_used` is None where nobody told; a service that has not counted yet says 0, which is not known, either.
    `max_acu` is its limit, None for none. `fixes` are issues that it fixed as scans prove.
    """

    intent_id: str
    repository: str
    family: str
    agent: str
    claimed_at: datetime
    is_at_work: bool
    acu_used: float | None = None
    max_acu: int | None = None
    fixes: int = 0

    @property
    def known_acu(self) -> float | None:
        """What it took in all, None while it may take more or nobody told."""
        return self.acu_used if self.acu_used and not self.is_at_work else None


class FixTime(Struct, frozen=True, kw_only=True):
    """How long it took from the claim to the scan that proves the fix."""

    family: str
    rule_id: str
    agent: str
    hours: float
