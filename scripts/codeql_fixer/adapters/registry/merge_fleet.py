"""What the file says about the whole fleet, in the values of the domain."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit
from codeql_fixer.domain.learning import Learning
from codeql_fixer.domain.objective import Objective
from codeql_fixer.domain.priority import Weights
from codeql_fixer.domain.registry import slug_of
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.triage import Triaging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.adapters.registry import wire_fleet

_PAUSED = "paused in the registry"


def reason_of(fleet: wire_fleet.Fleet) -> str:
    """Why nothing is dispatched, "" while nothing holds it."""
    if isinstance(fleet.paused, str):
        return fleet.paused
    return _PAUSED if fleet.paused else ""


def weights_of(fleet: wire_fleet.Fleet) -> Weights:
    """The shares of the score."""
    return Weights(**asdict(fleet.weights))


def learning_of(fleet: wire_fleet.Fleet) -> Learning:
    """What is learned from."""
    said = fleet.learning
    return Learning(probe_after=timedelta(days=said.probe_days), examples=said.examples)


def triage_of(fleet: wire_fleet.Fleet) -> Triaging:
    """Whether and how agents are asked about issues."""
    said = fleet.triage
    return Triaging(
        is_enabled=said.enabled,
        weight=said.weight,
        agent=said.agent,
        every=timedelta(hours=said.every_hours),
        most_issues=said.most_issues,
        max_acu=said.max_acu,
    )


def objective_of(objective: wire_fleet.Objective) -> Objective:
    """An objective."""
    return Objective(
        name=objective.name,
        target_severity=SeverityTier(objective.target_severity),
        description=objective.description,
        target_count=objective.target_count,
        target_reduction_pct=objective.target_reduction_pct,
        priority=objective.priority,
        tags=frozenset(objective.tags),
    )


def allowances_of(fleet: wire_fleet.Fleet, slugs: Mapping[str, str]) -> tuple[Allowance, ...]:
    """The budgets; one for an alias counts for the repository that `slugs` gives its name in lower case."""
    return tuple(_allowance(budget, slugs) for budget in fleet.budgets)


def _allowance(budget: wire_fleet.Budget, slugs: Mapping[str, str]) -> Allowance:
    kind, _, name = budget.scope.partition(":")
    if kind == ScopeKind.REPOSITORY and name:
        slug = slug_of(name).lower()
        name = slugs.get(slug, slug).lower()
    [(unit, limit)] = amounts(budget)
    return Allowance(kind=ScopeKind(kind), unit=unit, limit=limit, name=name, window=budget.per)


def amounts(budget: wire_fleet.Budget) -> list[tuple[Unit, int]]:
    """What a budget counts, and how much of it; a valid one counts one thing."""
    counted = (
        (Unit.SESSIONS, budget.sessions),
        (Unit.ACU, budget.acu),
        (Unit.OPEN_PULL_REQUESTS, budget.open_prs),
    )
    return [(unit, limit) for unit, limit in counted if limit is not None]
