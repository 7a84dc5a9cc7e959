"""How much an issue matters: the weights that the operator sets, and a score with every term of it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import asdict


class Weights(Struct, frozen=True, kw_only=True):
    """Shares of a score; together they are 1. The defaults and what they mean are those of seed 000, section 7.1."""

    importance: float = 0.35
    severity: float = 0.30
    sla: float = 0.15
    feasibility: float = 0.10
    recurrence: float = 0.10


class Score(Struct, frozen=True, kw_only=True):
    """A score with its terms, each weighted already. `boost` is what objectives add, `reach` what others hang on it.

    `triage` is what an agent's word adds or takes, None where it has said nothing.
    """

    importance: float
    severity: float
    sla: float
    feasibility: float
    recurrence: float
    boost: float = 0.0
    reach: float = 0.0
    triage: float | None = None

    @property
    def total(self) -> float:
        """What issues are sorted by; four digits, as everybody sees it."""
        terms = (self.importance, self.severity, self.sla, self.feasibility, self.recurrence, self.boost, self.reach)
        return round(sum(terms) + (self.triage or 0.0), 4)

    def terms(self) -> dict[str, float]:
        """What it is the sum of, by name."""
        return {name: round(value, 6) for name, value in asdict(self).items() if value is not None}
