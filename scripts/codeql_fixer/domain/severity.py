"""Severity: the level a scanner gives, and the tier a person sorts by."""

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """SARIF 2.1.0 section 3.27.10: how serious a result is, when there is no score."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NONE = "none"


class SeverityTier(StrEnum):
    """The four tiers of CVSS v3.1 and `none` for what has no severity."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"

    @property
    def rank(self) -> int:
        """4 for critical down to 0 for none: larger is worse."""
        return _RANKS[self]


_RANKS = {tier: 4 - position for position, tier in enumerate(SeverityTier)}


class Severity(Struct, frozen=True, gc=False):
    """A score between 0.0 and 10.0 and the tier that contains it."""

    score: float
    tier: SeverityTier

    def __str__(self) -> str:
        """As people read it: `high 8.8`."""
        return f"{self.tier} {self.score:g}"
