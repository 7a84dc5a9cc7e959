"""Every documented key has its effect: a case for each key of the format."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct, inspect
from msgspec.structs import asdict

from codeql_fixer.adapters.registry.wire import File, Settings
from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit, Window
from codeql_fixer.domain.gate import GateKind
from codeql_fixer.domain.hearing import DEFAULT_EVENTS
from codeql_fixer.domain.learning import Sharing
from codeql_fixer.domain.objective import Objective
from codeql_fixer.domain.route import AgentKind, Complexity, ModeTable, Strategy
from codeql_fixer.domain.schedule import Schedule
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import ConfigError
from tests.unit.adapters.registry.files import registry_of
from tests.unit.adapters.registry.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codeql_fixer.domain.registry import Registry, RepositoryEntry
    from codeql_fixer.domain.route import AgentProfile, RouteRule

ABOUT_THE_FILE = {"File.$schema", "File.version"}  # these two are for editors and for versions to come
# What these do is what the keys in them do; test_levels.py shows which of them decides.
OF_KEYS = {
    *(f"File.{name}" for name in ("agents", "orchestrator", "defaults", "tags", "groups", "repos")),
    *("Agents.rules", "FleetAgents.rules", "FleetAgents.profiles", "Profile.gates", "Settings.agents"),
    *("Fleet.budgets", "Fleet.weights", "Fleet.objectives", "Fleet.learning", "Fleet.triage", "Repository.overrides"),
    *("File.alerts", "Alerts.channels"),
}


def _entry(registry: Registry) -> RepositoryEntry:
    return registry.entry("acme/shop")


def _coder(registry: Registry) -> AgentProfile:
    return next(profile for profile in registry.others.routing.profiles if profile.name == "coder")


def _rule(registry: Registry) -> RouteRule:
    return registry.others.routing.rules[0]


def _repo(**settings: object) -> dict[str, object]:
    return {"groups": {"g": {}, "h": {}}, "repos": [{"repo": "acme/shop", **settings}]}


def _profile(**settings: object) -> dict[str, object]:
    return {"agents": {"profiles": {"coder": {"kind": "command", "command": ["c"], **settings}}}}


def _gate(**settings: object) -> dict[str, object]:
    return _profile(gates=[{"kind": "tests", "command": ["t"], **settings}])


def _first_rule(**settings: object) -> dict[str, object]:
    return {"agents": {"rules": [settings]}}


def _fleet(**settings: object) -> dict[str, object]:
    return {"orchestrator": settings}


def _objective(**settings: object) -> dict[str, object]:
    return _fleet(objectives=[{"name": "n", "target_severity": "high", "target_count": 0, **settings}])


def _budget(**settings: object) -> dict[str, object]:
    return _fleet(budgets=[settings])


def _mode(complexity: str) -> tuple[dict[str, object], Callable[[Registry], object], object]:
    return (
        _profile(mode={complexity: "m"}),
        lambda registry: asdict(modes)[complexity] if isinstance(modes := _coder(registry).modes, ModeTable) else None,
        "m",
    )


def _weights(**shares: float) -> tuple[dict[str, object], Callable[[Registry], object], object]:
    [name, _] = shares
    return _fleet(weights=shares), lambda registry: getattr(registry.weights, name), shares[name]


# A file, where what it says is seen, and what is seen there.
CASES: dict[str, tuple[dict[str, Any], Callable[[Registry], object], object]] = {
    "Agents.allow": (_repo(agents={"allow": []}), lambda registry: _entry(registry).routing.allow, ()),
    "Agents.default": (
        _repo(agents={"default": ["codemodder"]}),
        lambda registry: _entry(registry).routing.default,
        ("codemodder",),
    ),
    "FleetAgents.allow": (
        {"agents": {"allow": ["devin"]}},
        lambda registry: registry.others.routing.allow,
        ("devin",),
    ),
    "FleetAgents.default": (
        {"agents": {"default": ["codemodder"]}},
        lambda registry: registry.others.routing.default,
        ("codemodder",),
    ),
    "Profile.kind": (_profile(), lambda registry: _coder(registry).kind, AgentKind.COMMAND),
    "Profile.mode": (_profile(mode="fast"), lambda registry: _coder(registry).modes, "fast"),
    "Profile.max_acu": (
        {"agents": {"profiles": {"coder": {"kind": "devin", "max_acu": 3}}}},
        lambda registry: _coder(registry).max_acu,
        3,
    ),
    "Profile.command": (_profile(), lambda registry: _coder(registry).command, ("c",)),
    "Profile.time_limit_minutes": (
        _profile(time_limit_minutes=5),
        lambda registry: _coder(registry).time_limit_minutes,
        5,
    ),
    "Profile.is_paid": (_profile(is_paid=False), lambda registry: _coder(registry).is_paid, False),
    "Profile.sessions_at_once": (_profile(sessions_at_once=9), lambda registry: _coder(registry).sessions_at_once, 9),
    "Profile.finds_gates": (_profile(finds_gates=False), lambda registry: _coder(registry).judging.finds, False),
    "Profile.needs_tests": (_profile(needs_tests=True), lambda registry: _coder(registry).judging.needs_tests, True),
    "Profile.coverage_floor": (
        _profile(coverage_floor=80),
        lambda registry: _coder(registry).judging.coverage_floor,
        80,
    ),
    "GateCommand.kind": (_gate(), lambda registry: _coder(registry).judging.gates[0].kind, GateKind.TESTS),
    "GateCommand.command": (_gate(), lambda registry: _coder(registry).judging.gates[0].command, ("t",)),
    "GateCommand.repair": (_gate(repair=["r"]), lambda registry: _coder(registry).judging.gates[0].repair, ("r",)),
    "RouteRule.families": (_first_rule(families=["xss"]), lambda registry: _rule(registry).families, ("xss",)),
    "RouteRule.tiers": (_first_rule(tiers=["low"]), lambda registry: _rule(registry).tiers, (SeverityTier.LOW,)),
    "RouteRule.languages": (_first_rule(languages=["go"]), lambda registry: _rule(registry).languages, ("go",)),
    "RouteRule.labels": (_first_rule(labels=["a"]), lambda registry: _rule(registry).labels, ("a",)),
    "RouteRule.tags": (_first_rule(tags=["a"]), lambda registry: _rule(registry).tags, ("a",)),
    "RouteRule.complexities": (
        _first_rule(complexities=["simple"]),
        lambda registry: _rule(registry).complexities,
        (Complexity.SIMPLE,),
    ),
    "RouteRule.name": (_first_rule(name="n"), lambda registry: _rule(registry).name, "n"),
    "RouteRule.agents": (
        _first_rule(agents=["devin"]),
        lambda registry: [rule.agents for rule in registry.others.routing.rules],
        [("devin",)],
    ),
    "RouteRule.modes": (_first_rule(modes={"devin": "m"}), lambda registry: _rule(registry).modes, {"devin": "m"}),
    "RouteRule.max_acu": (_first_rule(max_acu=2), lambda registry: _rule(registry).max_acu, 2),
    "RouteRule.strategy": (
        _first_rule(strategy="round-robin"),
        lambda registry: _rule(registry).strategy,
        Strategy.ROUND_ROBIN,
    ),
    "RouteRule.deterministic_first": (
        _first_rule(deterministic_first=False),
        lambda registry: _rule(registry).deterministic_first,
        False,
    ),
    **{f"ModeTable.{complexity}": _mode(complexity) for complexity in Complexity},
    "Group.weight": ({"groups": {"g": {"weight": 7}}}, lambda registry: registry.group_weights["g"], 7),
    "Group.schedule": (
        _repo(group="g") | {"groups": {"g": {"schedule": "daily"}}},
        lambda registry: _entry(registry).schedule,
        Schedule.DAILY,
    ),
    "Fleet.paused": (_fleet(paused="an audit"), lambda registry: registry.paused, "an audit"),
    "Fleet.global_session_limit": (_fleet(global_session_limit=3), lambda registry: registry.global_session_limit, 3),
    "Fleet.global_session_limit_period_hours": (
        _fleet(global_session_limit_period_hours=3),
        lambda registry: registry.global_session_limit_period_hours,
        3,
    ),
    "Fleet.max_parallel_sessions": (
        _fleet(max_parallel_sessions=3),
        lambda registry: registry.max_parallel_sessions,
        3,
    ),
    "Fleet.max_acu_per_period": (_fleet(max_acu_per_period=3), lambda registry: registry.max_acu_per_period, 3),
    "Fleet.family_failure_limit": (_fleet(family_failure_limit=3), lambda registry: registry.family_failure_limit, 3),
    "Fleet.min_fix_rate_pct": (_fleet(min_fix_rate_pct=30), lambda registry: registry.min_fix_rate_pct, 30),
    "Triage.enabled": (_fleet(triage={"enabled": True}), lambda registry: registry.triage.is_enabled, True),
    "Triage.weight": (_fleet(triage={"weight": 0.5}), lambda registry: registry.triage.weight, 0.5),
    "Triage.agent": (_fleet(triage={"agent": "devin"}), lambda registry: registry.triage.agent, "devin"),
    "Triage.every_hours": (
        _fleet(triage={"every_hours": 3}),
        lambda registry: registry.triage.every,
        timedelta(hours=3),
    ),
    "Triage.most_issues": (_fleet(triage={"most_issues": 9}), lambda registry: registry.triage.most_issues, 9),
    "Triage.max_acu": (_fleet(triage={"max_acu": 2}), lambda registry: registry.triage.max_acu, 2),
    "Learning.probe_days": (
        _fleet(learning={"probe_days": 3}),
        lambda registry: registry.learning.probe_after,
        timedelta(days=3),
    ),
    "Learning.examples": (
        _fleet(learning={"examples": "fleet"}),
        lambda registry: registry.learning.examples,
        Sharing.FLEET,
    ),
    "Fleet.blast_radius": (_fleet(blast_radius=True), lambda registry: registry.uses_reach, True),
    "Fleet.clusters": (_fleet(clusters=True), lambda registry: registry.uses_clusters, True),
    "Objective.name": (_objective(), lambda registry: registry.objectives[0].name, "n"),
    "Objective.target_severity": (
        _objective(),
        lambda registry: registry.objectives[0].target_severity,
        SeverityTier.HIGH,
    ),
    "Objective.description": (_objective(description="d"), lambda registry: registry.objectives[0].description, "d"),
    "Objective.target_count": (_objective(), lambda registry: registry.objectives[0].target_count, 0),
    "Objective.target_reduction_pct": (
        _fleet(objectives=[{"name": "n", "target_severity": "high", "target_reduction_pct": 50}]),
        lambda registry: registry.objectives[0],
        Objective(name="n", target_severity=SeverityTier.HIGH, target_reduction_pct=50),
    ),
    "Objective.priority": (_objective(priority=2), lambda registry: registry.objectives[0].priority, 2),
    "Objective.tags": (_objective(tags=["a"]), lambda registry: registry.objectives[0].tags, frozenset({"a"})),
    "Alerts.events": (
        {"alerts": {"events": ["sla_breach"]}},
        lambda registry: registry.alerts.of("webhook"),
        frozenset({AlertEvent.SLA_BREACH}),
    ),
    "ChannelAlerts.events": (
        {"alerts": {"channels": {"slack": {"events": []}, "webhook": {}}}},
        lambda registry: (registry.alerts.of("slack"), registry.alerts.of("webhook")),
        (frozenset(), DEFAULT_EVENTS),
    ),
    "Weights.importance": _weights(importance=0.25, severity=0.4),
    "Weights.severity": _weights(severity=0.4, importance=0.25),
    "Weights.sla": _weights(sla=0.25, importance=0.25),
    "Weights.feasibility": _weights(feasibility=0, importance=0.45),
    "Weights.recurrence": _weights(recurrence=0, importance=0.45),
    "Budget.scope": (
        _budget(scope="fleet", sessions=3, per="day"),
        lambda registry: registry.allowances[0].kind,
        ScopeKind.FLEET,
    ),
    "Budget.sessions": (
        _budget(scope="tag:pci", sessions=3, per="15m"),
        lambda registry: registry.allowances,
        (Allowance(kind=ScopeKind.TAG, unit=Unit.SESSIONS, limit=3, name="pci", window=Window.QUARTER),),
    ),
    "Budget.acu": (
        _budget(scope="family:xss", acu=4, per="hour"),
        lambda registry: registry.allowances,
        (Allowance(kind=ScopeKind.FAMILY, unit=Unit.ACU, limit=4, name="xss", window=Window.HOUR),),
    ),
    "Budget.open_prs": (
        _budget(scope="agent", open_prs=5),
        lambda registry: registry.allowances,
        (Allowance(kind=ScopeKind.AGENT, unit=Unit.OPEN_PULL_REQUESTS, limit=5),),
    ),
    "Budget.per": (
        _budget(scope="fleet", acu=5, per="month"),
        lambda registry: registry.allowances[0].window,
        Window.MONTH,
    ),
    "Repository.repo": (_repo(), lambda registry: list(registry.repositories), ["acme/shop"]),
    "Repository.aliases": (
        _repo(aliases=["forks/shop"]),
        lambda registry: registry.canonical("Forks/Shop"),
        "acme/shop",
    ),
    "Repository.installation_id": (_repo(installation_id=9), lambda registry: _entry(registry).installation_id, 9),
    "TaggedSettings.tags": (_repo(tags=["a"]), lambda registry: _entry(registry).tags, frozenset({"a"})),
    "Settings.importance": (_repo(importance="low"), lambda registry: _entry(registry).importance, 25),
    "Settings.importance_score": (_repo(importance_score=7), lambda registry: _entry(registry).importance, 7),
    **{
        f"Settings.{name}": (
            _repo(**{name: json.loads(text)}),
            lambda registry, look=key.look: look(_entry(registry)),  # type: ignore[misc]
            wanted,
        )
        for name, key in KEYS.items()
        for text, wanted in key.values.items()
        if wanted != key.otherwise
    },
}


def _keys(kind: inspect.Type) -> Iterator[tuple[str, bool]]:
    """Every key of the format as type and name, and whether it has to be there."""
    match kind:
        case inspect.Metadata():
            yield from _keys(kind.type)
        case inspect.UnionType():
            for one in kind.types:
                yield from _keys(one)
        case inspect.VarTupleType():
            yield from _keys(kind.item_type)
        case inspect.DictType():
            yield from _keys(kind.value_type)
        case inspect.StructType():
            for field in kind.fields:
                yield f"{_owner(kind.cls, field.name)}.{field.encode_name}", field.required
                yield from _keys(field.type)
        case _:
            pass


def _owner(kind: type[Struct], name: str) -> str:
    """The type of the format that brings the key in."""
    settings = [base for base in kind.__mro__ if base is not Struct and issubclass(base, Settings)]
    return next((base.__name__ for base in reversed(settings) if name in base.__struct_fields__), kind.__name__)


REQUIRED = dict(_keys(inspect.type_info(File)))


def test_cases__are_there_for_every_key_of_the_format() -> None:
    assert REQUIRED.keys() - ABOUT_THE_FILE - OF_KEYS == CASES.keys()
    assert set(Settings.__struct_fields__) == KEYS.keys() | {"importance", "importance_score", "agents"}


@pytest.mark.parametrize("name", CASES)
def test_key__has_its_effect(name: str) -> None:
    raw, look, wanted = CASES[name]
    key = name.partition(".")[2]

    assert look(registry_of(raw)) == wanted
    if not REQUIRED[name]:  # a key that may be left out makes a difference
        assert _seen_without(raw, key, look) != wanted


def _seen_without(raw: dict[str, Any], key: str, look: Callable[[Registry], object]) -> object:
    try:
        return look(registry_of(_without(raw, key)))
    except ConfigError as error:
        return error


def _without(value: Any, key: str) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _without(member, key) for name, member in value.items() if name != key}
    return [_without(member, key) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("paused", "reason"), [(True, "paused in the registry"), (False, ""), ("an audit runs", "an audit runs")]
)
def test_registry__says_why_it_is_paused(*, paused: object, reason: str) -> None:
    assert registry_of(_fleet(paused=paused)).paused == reason


@pytest.mark.parametrize(
    ("scope", "kind", "name"),
    [
        ("fleet", ScopeKind.FLEET, ""),
        ("tag", ScopeKind.TAG, ""),
        ("tag:team:web", ScopeKind.TAG, "team:web"),
        ("repo", ScopeKind.REPOSITORY, ""),
        ("repo:ACME/Shop", ScopeKind.REPOSITORY, "acme/shop"),
        ("repo:https://github.com/Forks/shop.git", ScopeKind.REPOSITORY, "acme/shop"),  # an alias
        ("repo:acme/Other", ScopeKind.REPOSITORY, "acme/other"),
        ("family", ScopeKind.FAMILY, ""),
        ("family:xss", ScopeKind.FAMILY, "xss"),
        ("agent", ScopeKind.AGENT, ""),
        ("agent:devin", ScopeKind.AGENT, "devin"),
    ],
)
def test_registry__knows_whose_budget_it_is(scope: str, kind: ScopeKind, name: str) -> None:
    raw = _repo(repo="Acme/Shop", aliases=["forks/shop"]) | _budget(scope=scope, open_prs=1)

    [allowance] = registry_of(raw).allowances

    assert allowance == Allowance(kind=kind, unit=Unit.OPEN_PULL_REQUESTS, limit=1, name=name)
