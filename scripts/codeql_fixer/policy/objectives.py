"""How far the fleet is from what its operator wants to reach, and what that adds to a score (seed 000, section 9.2).

An objective is about all open issues that it counts, never about the one that is being scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.objective import Objective, Progress
from codeql_fixer.domain.severity import SeverityTier

if TYPE_CHECKING:
    from collections.abc import Iterable

_BOOST = 0.15  # of the objective that comes first; the second adds half of it, and so on


class OpenIssues(Struct, frozen=True):
    """How many issues of a tier are open in a repository with these tags: neither fixed nor dismissed."""

    tier: SeverityTier
    count: int
    tags: frozenset[str] = frozenset()


def is_about(objective: Objective, tier: SeverityTier, tags: frozenset[str]) -> bool:
    """True when the objective counts issues of this tier in a repository with these tags."""
    return objective.target_severity is tier and (not objective.tags or not objective.tags.isdisjoint(tags))


def progress(objective: Objective, counts: Iterable[OpenIssues], baseline: int | None) -> Progress:
    """An objective now.

    Args:
        objective: as the registry has it.
        counts: of the whole fleet.
        baseline: what was open when the objective was first seen; None while that is not on record. Only a reduction
            needs it: it is met at floor(baseline * (100 - percent) / 100) issues.
    """
    found = sum(item.count for item in counts if is_about(objective, item.tier, item.tags))
    return Progress(objective=objective, open_issues=found, baseline=baseline, target=_target(objective, baseline))


def boost_of(tier: SeverityTier, tags: frozenset[str], progresses: Iterable[Progress]) -> float:
    """What unmet objectives add to the score of such an issue: 0.15 / priority of the one that adds most, else 0.

    A reduction without a baseline adds as well. It is not met, as far as anybody knows, and its baseline comes with the
    first cycle: to hold the boost back would put just these issues last in that one.
    """
    about = (item.objective for item in progresses if not item.is_met and is_about(item.objective, tier, tags))
    return max((_BOOST / objective.priority for objective in about), default=0.0)


def _target(objective: Objective, baseline: int | None) -> int | None:
    if objective.target_count is not None:
        return objective.target_count
    if baseline is None or objective.target_reduction_pct is None:
        return None
    return baseline * (100 - objective.target_reduction_pct) // 100
