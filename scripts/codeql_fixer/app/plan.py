"""What the next cycle would start, and why the rest waits: the same decision, and nothing is claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.facts import facts_of
from codeql_fixer.app.planner import Plan
from codeql_fixer.policy.dispatching import Dispatch, Held, decide

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.app.claiming import Work
    from codeql_fixer.app.planner import Planner
    from codeql_fixer.policy.dispatching import Limits


class Planned(Struct, frozen=True, kw_only=True):
    """A plan: what would get sessions, in that order, and what would not and why, as far as it was looked at."""

    plan: Plan
    dispatches: tuple[Dispatch, ...]
    held: tuple[Held, ...]


def plan(planner: Planner, work: Work, limits: Limits, *, now: datetime, note: str | None = None) -> Planned:
    """Decide on the state that the index reflects.

    Args:
        planner: what the operator wants.
        work: what could be fixed.
        limits: what is allowed.
        now: the time of the decision.
        note: what `Ledger.pause` gave.
    """
    facts = facts_of(planner.index, limits, now, note=note)
    dispatches, held = decide(work.candidates(facts, limits), facts, limits, route=work.route)
    return Planned(plan=planner.plan(facts, limits), dispatches=tuple(dispatches), held=tuple(held))
