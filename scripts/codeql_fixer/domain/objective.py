"""What the operator wants to reach, and how far the fleet has come."""

from __future__ import annotations

from msgspec import Struct

from codeql_fixer.domain.severity import SeverityTier


class Objective(Struct, frozen=True, kw_only=True):
    """So many open issues of a tier, or so many percent fewer than when it was set; exactly one of the two is given.

    `priority` orders objectives, 1 first. `tags` bound it to repositories that have one of them, () to none.
    """

    name: str
    target_severity: SeverityTier
    description: str = ""
    target_count: int | None = None
    target_reduction_pct: int | None = None
    priority: int = 1
    tags: frozenset[str] = frozenset()


class Progress(Struct, frozen=True, kw_only=True):
    """An objective now. `target` is the count to reach; None while the baseline of a reduction is not on record."""

    objective: Objective
    open_issues: int
    baseline: int | None
    target: int | None

    @property
    def is_met(self) -> bool:
        """True when the count is reached."""
        return self.target is not None and self.open_issues <= self.target
