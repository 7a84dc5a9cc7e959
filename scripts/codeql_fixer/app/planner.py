"""Brings together what a plan for the fleet rests on: what the operator wants, and what the index knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from codeql_fixer.domain.cycle import ObjectiveObservation
from codeql_fixer.domain.registry import Registry
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.triage import TriagedIssue
from codeql_fixer.policy.dispatching import Facts, Limits
from codeql_fixer.policy.fleet_limits import MOST_SESSIONS, fleet_limits
from codeql_fixer.policy.objectives import OpenIssues, progress
from codeql_fixer.policy.priority import ScoreFacts
from codeql_fixer.policy.ranking import Stand, importance_of, score_of, standing_of
from codeql_fixer.policy.sla import limits as sla_limits
from codeql_fixer.policy.sla import sla_of
from codeql_fixer.policy.triage import FRESH, merged
from codeql_fixer.ports.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from codeql_fixer.domain.objective import Objective, Progress
    from codeql_fixer.domain.priority import Score
    from codeql_fixer.domain.tracked import TrackedIssue


class Plan(Struct, frozen=True, kw_only=True):
    """What one decision rests on. `triaged` are the issues by key that an agent said something about lately."""

    registry: Registry
    facts: Facts
    limits: Limits
    stand: Stand
    triaged: Mapping[int, TriagedIssue] = {}

    def score(self, standing: str, issue: TrackedIssue) -> Score:
        """What an issue scores, with what an agent said of it."""
        formula, said = self.formula(standing, issue), self.triaged.get(issue.key or 0)
        return formula if said is None else merged(formula, said.points, self.registry.triage.weight)

    def formula(self, standing: str, issue: TrackedIssue) -> Score:
        """What an issue scores by the formula alone."""
        limit = next((one for one in self.stand.limits if one.tier is issue.tier), None)
        facts = ScoreFacts(
            tier=issue.tier,
            importance=importance_of(standing),
            sla=sla_of(issue.tier, issue.opened_at, None, limit=limit),
            fix_rate=self.stand.rate_of(issue.family),
            appearances=issue.appearances,
        )
        return score_of(standing, facts, self.stand, reach=issue.reach)


class Planner(Struct, frozen=True, kw_only=True):
    """Makes plans.

    Args:
        index: what is known.
        registry: what the operator wants.
        sla_hours: deadlines by tier.
        only: the repositories that are meant, in lower case; None for all.
    """

    index: Index
    registry: Registry
    sla_hours: Mapping[SeverityTier, int]
    only: frozenset[str] | None = None

    def means(self, repository: str) -> bool:
        """True for a repository that the plan is about."""
        return self.only is None or repository in self.only

    def line_up(self) -> dict[str, str]:
        """Put every repository where the operator's words put it; the next plan finds its issues in their lines.

        Returns:
            What every known repository is worth by this registry. Another process may go by another one, in the same
            index, and that must not decide who gets a session here.
        """
        known = self.index.standings()
        wanted = {name: self._standing(name) for name in known}
        changed = {name: standing for name, standing in wanted.items() if standing != known[name]}
        if changed:
            self.index.set_standings(changed)
        return wanted

    def _standing(self, name: str) -> str:
        """Nothing under an earlier name: its issues are those of the present one, and would be paid twice."""
        return standing_of(self.registry.entry(name), self.registry.objectives) if self._is_present(name) else ""

    def _is_present(self, name: str) -> bool:
        return self.registry.canonical(name).lower() == name

    def plan(self, facts: Facts, limits: Limits) -> Plan:
        """What a decision on these facts rests on."""
        stand = Stand(
            weights=self.registry.weights,
            uses_reach=self.registry.uses_reach,
            limits=sla_limits(facts.now, self.sla_hours),
            progresses=tuple(self.progresses(facts.now)),
            fix_rates=tuple(facts.fix_rates.values()),
        )
        return Plan(registry=self.registry, facts=facts, limits=limits, stand=stand, triaged=self._triaged(facts.now))

    def _triaged(self, now: datetime) -> dict[int, TriagedIssue]:
        """What agents said lately, and nothing while their word has no weight."""
        triage = self.registry.triage
        if not triage.is_enabled or not triage.weight:
            return {}
        return {one.key: one for one in self.index.triaged_issues(now - FRESH)}

    def limits(self, *, max_sessions: int = MOST_SESSIONS) -> Limits:
        """What the registry allows."""
        return fleet_limits(self.registry, max_sessions=max_sessions)

    def progresses(self, now: datetime) -> list[Progress]:
        """How far objectives are."""
        if not self.registry.objectives:
            return []
        counts = [
            OpenIssues(tier, count, self.registry.entry(name).tags)
            for name, tiers in self.index.open_counts(now).items()
            if self._is_present(name)
            for tier, count in tiers.items()
        ]
        baselines = self.index.baselines()
        return [
            progress(objective, counts, baselines.get(definition_of(objective)))
            for objective in self.registry.objectives
        ]


def observed(progresses: Iterable[Progress]) -> tuple[ObjectiveObservation, ...]:
    """How far objectives are, for the record."""
    return tuple(
        ObjectiveObservation(
            name=one.objective.name, definition=definition_of(one.objective), open_issues=one.open_issues
        )
        for one in progresses
    )


def definition_of(objective: Objective) -> str:
    """What an objective asks for, in one word: one that asks for something else has a baseline of its own."""
    what = [objective.target_severity, objective.target_count, objective.target_reduction_pct, sorted(objective.tags)]
    return msgspec.json.encode(what).decode()
