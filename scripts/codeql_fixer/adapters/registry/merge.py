"""Defaults, a repository's settings and its overrides made one entry: the most special that says something wins.

Only rules add up: those of the overrides come first, then the repository's, the defaults' and the fleet's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.domain.gate import Gate, Judging
from codeql_fixer.domain.registry import COOLDOWN_HOURS, MEDIUM_IMPORTANCE, Registry, RepositoryEntry, slug_of
from codeql_fixer.domain.route import CODEMODDER, DEVIN, AgentKind, AgentProfile, RouteRule, Routing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.adapters.registry.wire import Agents, File, Profile, Settings

_SCORES = {"critical": 100, "high": 75, "medium": 50, "low": 25}


def registry_of(file: File) -> Registry:
    """The fleet; the file has to be without fault."""
    agents = {profile.name: profile for profile in (DEVIN, CODEMODDER)}
    agents |= {name: _profile(name, profile) for name, profile in file.agents.profiles.items()}
    fleet = Routing(
        profiles=tuple(agents.values()),
        rules=_rules(file.agents, "of the fleet"),
        default=(DEVIN.name,) if file.agents.default is None else file.agents.default,
        allow=file.agents.allow,
    )
    repositories = {}
    for repository in file.repos:
        slug = slug_of(repository.repo)
        entry = _entry([repository.overrides, repository, file.defaults], fleet)
        repositories[slug.lower()] = replace(entry, repository=slug, is_listed=True)
    return Registry(
        repositories=repositories,
        others=replace(_entry([file.defaults], fleet), auto_dispatch=False),
        global_session_limit=file.orchestrator.global_session_limit,
        global_session_limit_period_hours=file.orchestrator.global_session_limit_period_hours,
        max_parallel_sessions=file.orchestrator.max_parallel_sessions,
        max_acu_per_period=file.orchestrator.max_acu_per_period,
    )


def _profile(name: str, profile: Profile) -> AgentProfile:
    is_paid = {AgentKind.DEVIN: True, AgentKind.CODEMODDER: False}.get(profile.kind, profile.is_paid is not False)
    return AgentProfile(
        name=name,
        kind=profile.kind,
        is_paid=is_paid,
        modes=profile.mode,
        max_acu=profile.max_acu,
        command=profile.command,
        time_limit_minutes=profile.time_limit_minutes,
        sessions_at_once=profile.sessions_at_once,
        judging=Judging(
            gates=tuple(Gate(kind=gate.kind, command=gate.command, repair=gate.repair) for gate in profile.gates),
            finds=profile.finds_gates,
            needs_tests=profile.needs_tests,
            coverage_floor=profile.coverage_floor,
        ),
    )


def _entry(levels: Sequence[Settings], fleet: Routing) -> RepositoryEntry:
    """One entry of levels, the most special first."""
    is_enabled = _first(levels, "enabled", otherwise=True)
    owners = ("of the overrides", "of the repository", "of the defaults")[-len(levels) :]
    rules = [rule for level, owner in zip(levels, owners, strict=True) for rule in _rules(level.agents, owner)]
    agents = [level.agents for level in levels]
    return RepositoryEntry(
        is_enabled=is_enabled,
        importance=_importance(levels),
        tags=frozenset(_first(levels, "tags", otherwise=())),
        labels=frozenset(_first(levels, "labels", otherwise=())),
        auto_dispatch=is_enabled and _first(levels, "auto_dispatch", otherwise=True),
        max_sessions_per_cycle=_first(levels, "max_sessions_per_cycle"),
        cooldown_hours=_first(levels, "cooldown_hours", otherwise=COOLDOWN_HOURS),
        max_attempts=_first(levels, "max_attempts"),
        routing=replace(
            fleet,
            rules=(*rules, *fleet.rules),
            default=_first(agents, "default", otherwise=fleet.default),
            allow=_first(agents, "allow", otherwise=fleet.allow),
            max_acu=_first(levels, "max_acu_per_session"),
        ),
    )


def _importance(levels: Sequence[Settings]) -> int:
    for level in levels:
        if level.importance_score is not None:
            return level.importance_score
        if level.importance is not None:
            return _SCORES[level.importance]
    return MEDIUM_IMPORTANCE


def _rules(agents: Agents, owner: str) -> tuple[RouteRule, ...]:
    """The rules, each with a name by which the record calls it."""
    return tuple(
        rule if rule.name else replace(rule, name=f"rule {number} {owner}")
        for number, rule in enumerate(agents.rules, start=1)
    )


def _first(levels: Sequence[Settings | Agents], name: str, *, otherwise: Any = None) -> Any:  # noqa: ANN401 - of a field
    """What the first level says that says something."""
    return next((value for level in levels if (value := getattr(level, name)) is not None), otherwise)
