"""Which agent gets a batch, and why.

In this order: an agent that a label forces; a deterministic fixer that has a codemod for every issue, unless the rule
forbids it; the agents of the first rule that matches; the default ones. Among those who may and can, whoever failed
least often on these issues is next, so that the same agent is not simply sent again. The target's own configuration
takes agents away and chooses among what is left; it adds none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.domain.route import (
    AGENT_LABEL,
    COMPLEXITY_LABEL,
    AgentKind,
    AgentProfile,
    BatchFacts,
    Complexity,
    NoRoute,
    Route,
    RouteRule,
    Strategy,
    TargetRule,
)
from codeql_fixer.policy.complexity import complexity_of
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.languages import expand, language_of
from codeql_fixer.policy.plain_text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from codeql_fixer.domain.batch import Batch
    from codeql_fixer.domain.route import Conditions, Modes, Routing, TargetAgents

_Rule = TypeVar("_Rule", bound="Conditions")
_REASON_LENGTH = 170  # the note that a text was cut needs up to 30 more
_DEFAULT = RouteRule(name="no rule matches")
_BUILT_IN = FamilyTable()
_NO_WISH = TargetRule()
_NOT_AVAILABLE = "is not available"


def facts_of(
    batch: Batch, *, labels: Collection[str] = (), tags: Collection[str] = (), failed_agents: Sequence[str] = ()
) -> BatchFacts:
    """What routing looks at of a batch; reads its data flows. The other arguments are as in BatchFacts."""
    return BatchFacts(
        family=batch.family,
        families=frozenset(
            issue.finding.family or _BUILT_IN.family_of(issue.finding.rule.cwes) for issue in batch.issues
        ),
        tier=batch.severity.tier,
        rule_ids=frozenset(issue.finding.rule.id for issue in batch.issues),
        files=frozenset(issue.finding.file for issue in batch.issues),
        issues=len(batch.issues),
        longest_flow=max((len(flow) for issue in batch.issues for flow in issue.trace().flows), default=0),
        labels=frozenset(labels),
        tags=frozenset(tags),
        failed_agents=tuple(failed_agents),
    )


def route(
    facts: BatchFacts,
    routing: Routing,
    *,
    available: Collection[str],
    has_codemod: Callable[[str], bool],
    turn: int = 0,
) -> Route | NoRoute:
    """Choose the agent of a batch; the same arguments give the same answer.

    Args:
        facts: about the batch.
        routing: what operator and target decided.
        available: names of the agents that can be asked now.
        has_codemod: tells whether the deterministic fixer has a codemod for a rule id.
        turn: whose turn it is where agents take turns; a number on record, such as how many claims there are so far.
    """
    complexity, measured = _complexity(facts)
    rules = [_first(routing.rules, facts, complexity, families={name}) or _DEFAULT for name in sorted(facts.families)]
    rule = rules[0]
    if any(other is not rule for other in rules):
        names = ", ".join(dict.fromkeys(_name(rule, routing) for rule in rules))
        return NoRoute(reason=_reason(f"its issues fall under several rules: {names}"), is_final=True)
    wish = _first(routing.target.rules, facts, complexity, families={facts.family, *facts.families}) or _NO_WISH
    forced = sorted(_after(AGENT_LABEL, facts))
    if len(forced) > 1:
        return NoRoute(reason=_reason(f"labels force several agents: {', '.join(forced)}"), is_final=True)
    wanted = _forced(forced[0]) if forced else _wanted(rule, routing, turn)
    wishes = () if forced else wish.agents
    offered = routing.offered()
    case = _Case(facts, offered, routing.target.never, wishes, frozenset(available), has_codemod)
    obstacles = {name: case.obstacle(name) for name in wanted.agents}
    passed = [f"{name} {obstacle}" for name, obstacle in obstacles.items() if obstacle and name not in wanted.silent]
    order = [name for name in wanted.agents if not obstacles[name]]
    if not order:
        is_final = _NOT_AVAILABLE not in obstacles.values()
        return NoRoute(reason=_reason(wanted.why, *(passed or ["no agent is named"])), is_final=is_final)
    failures = Counter(facts.failed_agents)
    order.sort(key=lambda name: (failures[name], wishes.index(name) if wishes else 0))
    chosen = offered[order[0]]
    why = [wanted.why]
    if chosen.kind is AgentKind.CODEMODDER:
        why.append("a codemod for every issue")
    if facts.failed_agents:
        why.append(f"after {counted(len(facts.failed_agents), 'failed attempt')}")
    return Route(
        agent=chosen.name,
        mode=_mode(rule.modes.get(chosen.name, chosen.modes), complexity),
        max_acu=_max_acu(chosen, rule, caps=(routing.max_acu, routing.target.max_acu, wish.max_acu)),
        complexity=complexity,
        reason=_reason(*why, *passed, f"{complexity}: {measured}"),
        fallbacks=tuple(order[1:]),
        counts_acu=chosen.kind is AgentKind.DEVIN,
    )


def narrowed(routing: Routing, wishes: TargetAgents) -> tuple[Routing, tuple[str, ...]]:
    """Routing with the target's wishes; the texts say which of them mean nothing here.

    What the operator does not offer is dropped, and what is left only takes away: `route` never gives an agent or a
    budget that it would not give without the target.
    """
    offered, cap = routing.offered(), routing.max_acu
    warnings = []
    if wishes.max_acu is not None and cap is not None and wishes.max_acu > cap:
        warnings.append(f"agents.max_acu {wishes.max_acu} ignored: the operator allows {cap}")
    for number, rule in enumerate(wishes.rules):
        if unknown := [name for name in dict.fromkeys(rule.agents) if name not in offered]:
            warnings.append(
                f"agents.rules.{number}.agents: {', '.join(unknown)[:200]} ignored: not offered for this repository"
            )
    rules = tuple(
        replace(rule, agents=tuple(name for name in dict.fromkeys(rule.agents) if name in offered))
        for rule in wishes.rules
    )
    return replace(routing, target=replace(wishes, rules=rules)), tuple(warnings)


class _Wanted(Struct, frozen=True):
    """Agents, best first, and why those. Nobody asked by name for the `silent` ones, so their absence says nothing."""

    why: str
    agents: tuple[str, ...]
    silent: frozenset[str] = frozenset()


def _forced(name: str) -> _Wanted:
    return _Wanted(f"label {AGENT_LABEL}{name}", (name,))


def _wanted(rule: RouteRule, routing: Routing, turn: int) -> _Wanted:
    named = tuple(dict.fromkeys(rule.agents or routing.default))
    first = [name for name, profile in routing.offered().items() if profile.kind is AgentKind.CODEMODDER]
    first = first if rule.deterministic_first else []
    rest = [name for name in named if name not in first]
    if rule.strategy is Strategy.ROUND_ROBIN and rest:
        start = turn % len(rest)
        rest = rest[start:] + rest[:start]
    return _Wanted(_name(rule, routing), (*first, *rest), frozenset(first) - frozenset(named))


class _Case(Struct, frozen=True):
    """What may keep an agent from a batch; `wishes` are the agents that the target chose, none for no choice."""

    facts: BatchFacts
    offered: dict[str, AgentProfile]
    never: tuple[str, ...]
    wishes: tuple[str, ...]
    available: frozenset[str]
    has_codemod: Callable[[str], bool]

    def obstacle(self, name: str) -> str:
        """Why this agent does not get it, "" when it may; what would not change by waiting comes first."""
        profile = self.offered.get(name)
        if profile is None:
            return "is not offered for this repository"
        if name in self.never:
            return "is refused by the target"
        if self.wishes and name not in self.wishes:
            return "is not what the target chose"
        if profile.kind is AgentKind.CODEMODDER and (problem := self._problem_of_codemods(name)):
            return problem
        return "" if name in self.available else _NOT_AVAILABLE

    def _problem_of_codemods(self, name: str) -> str:
        missing = sorted(rule_id for rule_id in self.facts.rule_ids if not self.has_codemod(rule_id))
        if missing:
            return f"has no codemod for {one_line(missing[0], 60)}"
        return "had its turn" if name in self.facts.failed_agents else ""


def _complexity(facts: BatchFacts) -> tuple[Complexity, str]:
    """As labels say, the hardest of them, else as measured."""
    said = _after(COMPLEXITY_LABEL, facts)
    if levels := [level for level in Complexity if level in said]:
        return levels[-1], "a label says so"
    return complexity_of(
        files=len(facts.files),
        steps=facts.longest_flow,
        issues=facts.issues,
        failed_attempts=len(facts.failed_agents),
    )


def _after(prefix: str, facts: BatchFacts) -> set[str]:
    """What labels with a prefix say."""
    return {label.removeprefix(prefix) for label in facts.labels if label.startswith(prefix)}


def _name(rule: RouteRule, routing: Routing) -> str:
    return rule.name or f"rule {routing.rules.index(rule) + 1}"


def _first(rules: Sequence[_Rule], facts: BatchFacts, complexity: Complexity, *, families: set[str]) -> _Rule | None:
    """The first rule that matches."""
    return next((rule for rule in rules if _matches(rule, facts, complexity, families=families)), None)


def _matches(rule: Conditions, facts: BatchFacts, complexity: Complexity, *, families: set[str]) -> bool:
    return (
        (not rule.families or not families.isdisjoint(rule.families))
        and (not rule.tiers or facts.tier in rule.tiers)
        and (not rule.complexities or complexity in rule.complexities)
        and (not rule.labels or not facts.labels.isdisjoint(rule.labels))
        and (not rule.tags or not facts.tags.isdisjoint(rule.tags))
        and (not rule.languages or {language_of(file) for file in facts.files} <= expand(rule.languages))
    )


def _mode(modes: Modes, complexity: Complexity) -> str:
    return modes if isinstance(modes, str) else getattr(modes, complexity)


def _max_acu(profile: AgentProfile, rule: RouteRule, *, caps: tuple[int | None, ...]) -> int | None:
    """The rule's limit, else the agent's own, and never more than a cap; agents that count no ACU have none."""
    if profile.kind is not AgentKind.DEVIN:
        return None
    own = rule.max_acu if rule.max_acu is not None else profile.max_acu
    return min((limit for limit in (own, *caps) if limit is not None), default=None)


def _reason(*parts: str) -> str:
    return one_line("; ".join(parts), _REASON_LENGTH)
