"""How much an issue matters: the formula of seed 000, section 7.1, term by term.

| term | value | from |
|---|---|---|
| importance | the repository's importance / 100 | the operator |
| severity | 1.0, 0.75, 0.5, 0.25, and 0.1 for no severity | the tier |
| sla | 0.4 when breached, 0.2 when at risk, else 0 | the deadline |
| feasibility | the fix rate of the family, 0.5 when it is not known | policy/fix_rates.py |
| recurrence | 0.05 for each scan that reported it, 0.3 at most | the scans |

The formula reads a fix rate of 0 as "no data" and makes it 0.5. Here None says that nothing is known, so a rate that
was measured as 0 counts as 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.priority import Score
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.sla import SlaState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.priority import Weights

TIER_WEIGHTS: Mapping[SeverityTier, float] = {
    SeverityTier.CRITICAL: 1.0,
    SeverityTier.HIGH: 0.75,
    SeverityTier.MEDIUM: 0.5,
    SeverityTier.LOW: 0.25,
    SeverityTier.NONE: 0.1,
}
# From here on further sightings change nothing, so a score depends on few values and can be kept by them.
APPEARANCES_THAT_COUNT = 6
_URGENCY: Mapping[SlaState, float] = {SlaState.BREACHED: 0.4, SlaState.AT_RISK: 0.2}
_UNKNOWN_FEASIBILITY = 0.5
_BONUS_PER_APPEARANCE, _MOST_BONUS = 0.05, 0.3


class ScoreFacts(Struct, frozen=True, kw_only=True):
    """All that a score depends on beside weights and what is added to it.

    `importance` is of the repository, 0 to 100; `fix_rate` of the family, None when it is not known; `appearances` are
    the scans that reported the issue.
    """

    tier: SeverityTier
    importance: int
    sla: SlaState
    fix_rate: float | None
    appearances: int


def score(facts: ScoreFacts, *, weights: Weights, boost: float = 0.0, reach: float = 0.0) -> Score:
    """The score of an issue, every term weighted.

    Args:
        facts: of the issue.
        weights: of the terms; together 1.
        boost: what objectives add, as policy/objectives.py gives it.
        reach: what the files that depend on the issue's add, as policy/reach.py gives it.
    """
    feasibility = _UNKNOWN_FEASIBILITY if facts.fix_rate is None else facts.fix_rate
    recurrence = min(facts.appearances * _BONUS_PER_APPEARANCE, _MOST_BONUS)
    return Score(
        importance=facts.importance / 100.0 * weights.importance,
        severity=TIER_WEIGHTS[facts.tier] * weights.severity,
        sla=_URGENCY.get(facts.sla, 0.0) * weights.sla,
        feasibility=feasibility * weights.feasibility,
        recurrence=recurrence * weights.recurrence,
        boost=boost,
        reach=reach,
    )
