"""All that is said about a repository made one entry: the most special level that says something wins.

The levels: its overrides, itself, its tags in the order of the file, its group (which has a schedule only), the
defaults. Of several tags the most important one gives the importance. Only rules add up, in that order, and the fleet's
come last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from codeql_fixer.adapters.registry.merge_fleet import (
    allowances_of,
    learning_of,
    objective_of,
    reason_of,
    triage_of,
    weights_of,
)
from codeql_fixer.adapters.registry.wire import Settings
from codeql_fixer.adapters.registry.wire_alerts import choice_of
from codeql_fixer.domain.gate import Gate, Judging
from codeql_fixer.domain.registry import (
    BATCH_SIZE,
    COOLDOWN_HOURS,
    MAX_FOLLOW_UPS,
    MEDIUM_IMPORTANCE,
    STALE_PR_DAYS,
    Registry,
    RepositoryEntry,
    slug_of,
)
from codeql_fixer.domain.route import CODEMODDER, DEVIN, AgentKind, AgentProfile, RouteRule, Routing
from codeql_fixer.domain.schedule import ScanOptions, ScanSource, Schedule
from codeql_fixer.domain.severity import SeverityTier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.adapters.registry.wire import Agents, File, Profile, Repository, TaggedSettings

_SCORES = {"critical": 100, "high": 75, "medium": 50, "low": 25}


class _Level(NamedTuple):
    """Settings and whose they are. Of those with the same rank the most important one says how important."""

    settings: Settings
    owner: str
    rank: int


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
    slugs = _slugs(file)
    return Registry(
        repositories={slug_of(one.repo).lower(): _listed(one, file, fleet) for one in file.repos},
        others=replace(_entry([], file, fleet), auto_dispatch=False, auto_scan=False),
        global_session_limit=file.orchestrator.global_session_limit,
        global_session_limit_period_hours=file.orchestrator.global_session_limit_period_hours,
        max_parallel_sessions=file.orchestrator.max_parallel_sessions,
        max_acu_per_period=file.orchestrator.max_acu_per_period,
        allowances=allowances_of(file.orchestrator, slugs),
        group_weights={name: group.weight for name, group in file.groups.items()},
        objectives=tuple(map(objective_of, file.orchestrator.objectives)),
        weights=weights_of(file.orchestrator),
        paused=reason_of(file.orchestrator),
        family_failure_limit=file.orchestrator.family_failure_limit,
        min_fix_rate_pct=file.orchestrator.min_fix_rate_pct,
        learning=learning_of(file.orchestrator),
        uses_reach=file.orchestrator.uses_reach,
        uses_clusters=file.orchestrator.uses_clusters,
        alerts=choice_of(file.alerts),
        triage=triage_of(file.orchestrator),
        slugs=slugs,
    )


def tags_of(levels: Sequence[TaggedSettings]) -> frozenset[str]:
    """The tags of a repository of which the levels, the most special first, say so much."""
    return frozenset(_first(levels, "tags", otherwise=()))


def _slugs(file: File) -> dict[str, str]:
    """The own name of every repository by each of its names in lower case."""
    return {
        slug_of(name).lower(): slug_of(repository.repo)
        for repository in file.repos
        for name in (repository.repo, *repository.aliases)
    }


def _listed(repository: Repository, file: File, fleet: Routing) -> RepositoryEntry:
    entry = _entry([repository.overrides, repository], file, fleet)
    return replace(
        entry,
        repository=slug_of(repository.repo),
        is_listed=True,
        aliases=tuple(slug_of(alias).lower() for alias in repository.aliases),
        installation_id=repository.installation_id,
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


def _entry(own: Sequence[TaggedSettings], file: File, fleet: Routing) -> RepositoryEntry:
    """One entry. `own` are the levels that speak of this repository only, the most special first."""
    tags = tags_of([*own, file.defaults])
    levels = _levels(own, tags, file)
    said = [level.settings for level in levels]
    agents = [settings.agents for settings in said]
    is_enabled = _first(said, "enabled", otherwise=True)
    return RepositoryEntry(
        is_enabled=is_enabled,
        importance=_importance(levels),
        tags=tags,
        labels=frozenset(_first(said, "labels", otherwise=())),
        auto_dispatch=is_enabled and _first(said, "auto_dispatch", otherwise=True),
        max_sessions_per_cycle=_first(said, "max_sessions_per_cycle"),
        cooldown_hours=_first(said, "cooldown_hours", otherwise=COOLDOWN_HOURS),
        max_attempts=_first(said, "max_dispatch_attempts"),
        max_open_prs=_first(said, "max_open_prs"),
        stale_pr_days=_first(said, "stale_pr_days", otherwise=STALE_PR_DAYS),
        closes=frozenset(_first(said, "close_prs", otherwise=())),
        max_follow_ups=_first(said, "max_follow_ups", otherwise=MAX_FOLLOW_UPS),
        batch_size=_first(said, "batch_size", otherwise=BATCH_SIZE),
        routing=replace(
            fleet,
            rules=(*(rule for level in levels for rule in _rules(level.settings.agents, level.owner)), *fleet.rules),
            default=_first(agents, "default", otherwise=fleet.default),
            allow=_first(agents, "allow", otherwise=fleet.allow),
            max_acu=_first(said, "max_acu_per_session"),
        ),
        default_branch=_first(said, "default_branch", otherwise=""),
        group=_first(said, "group", otherwise=""),
        auto_scan=is_enabled and _first(said, "auto_scan", otherwise=True),
        schedule=_first(said, "schedule", otherwise=Schedule.WEEKLY),
        scan_source=_first(said, "scan_source", otherwise=ScanSource.WORKFLOW),
        scan=_scan(said),
        adaptive_commit_threshold=_first(said, "adaptive_commit_threshold"),
    )


def _levels(own: Sequence[TaggedSettings], tags: frozenset[str], file: File) -> list[_Level]:
    """All that is said about a repository, the most special first."""
    levels = [
        _Level(settings, owner, rank)
        for rank, (settings, owner) in enumerate(zip(own, ("of the overrides", "of the repository"), strict=False))
    ]
    levels += [_Level(file.tags[name], f"of the tag {name}", len(own)) for name in file.tags if name in tags]
    defaults = _Level(file.defaults, "of the defaults", len(own) + 1)
    group = file.groups.get(_first([level.settings for level in (*levels, defaults)], "group", otherwise=""))
    if group is not None:
        levels.append(_Level(Settings(schedule=group.schedule), "of the group", len(own)))
    return [*levels, defaults]


def _scan(said: Sequence[Settings]) -> ScanOptions:
    return ScanOptions(
        languages=_first(said, "languages", otherwise=""),
        queries=_first(said, "queries", otherwise=""),
        severity_threshold=SeverityTier(_first(said, "severity_threshold", otherwise=SeverityTier.LOW)),
        include_paths=_first(said, "include_paths", otherwise=""),
        exclude_paths=_first(said, "exclude_paths", otherwise=""),
    )


def _importance(levels: Sequence[_Level]) -> int:
    """What the first rank says that says something; of several the highest."""
    scores: dict[int, int] = {}
    for level in levels:
        score = level.settings.importance_score
        if score is None and level.settings.importance is not None:
            score = _SCORES[level.settings.importance]
        if score is not None:
            scores[level.rank] = max(score, scores.get(level.rank, 0))
    return scores[min(scores)] if scores else MEDIUM_IMPORTANCE


def _rules(agents: Agents, owner: str) -> tuple[RouteRule, ...]:
    """The rules, each with a name by which the record calls it."""
    return tuple(
        rule if rule.name else replace(rule, name=f"rule {number} {owner}")
        for number, rule in enumerate(agents.rules, start=1)
    )


def _first(levels: Sequence[Settings | Agents], name: str, *, otherwise: Any = None) -> Any:  # noqa: ANN401 - of a field
    """What the first level says that says something."""
    return next((value for level in levels if (value := getattr(level, name)) is not None), otherwise)
