"""How the values of a registry fit together, where the schema cannot say it."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import astuple

from codeql_fixer.adapters.registry.merge import tags_of
from codeql_fixer.adapters.registry.merge_fleet import amounts
from codeql_fixer.domain.allowance import ScopeKind, Unit, Window
from codeql_fixer.domain.registry import slug_of
from codeql_fixer.domain.route import AGENT_LABEL, CODEMODDER, DEVIN, AgentKind
from codeql_fixer.errors import ConfigError
from codeql_fixer.policy.eligibility import compiled
from codeql_fixer.policy.languages import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.adapters.registry.places import Fault, Path
    from codeql_fixer.adapters.registry.wire import Agents, File, Settings

_NEAR = 1e-6
_NO_LANGUAGE = f"is not known; known are {', '.join(sorted(KNOWN))}"
_LOCAL_DEFAULTS: dict[str, Any] = {
    "sessions_at_once": None,
    "gates": (),
    "finds_gates": True,
    "needs_tests": False,
    "coverage_floor": None,
}


def faults_between(file: File) -> Iterator[Fault]:
    """What does not fit together in a file whose single values are all right."""
    yield from _faults_of_profiles(file)
    yield from _faults_of_repositories(file)
    yield from _faults_of_agent_names(file)
    yield from _faults_of_triage(file)
    yield from _faults_of_settings(file)
    yield from _faults_of_budgets(file)
    yield from _faults_of_objectives(file)
    total = fsum(astuple(file.orchestrator.weights))
    if abs(total - 1) > _NEAR:
        yield (
            ("orchestrator", "weights"),
            f"must be 1 together, and are {total:.9g} with defaults for those left out",
        )


def without_effect(file: File) -> Iterator[Fault]:
    """Tags that are spoken of and that no repository has."""
    had = tags_of([file.defaults]).union(*(tags_of([one.overrides, one, file.defaults]) for one in file.repos))
    spoken: list[tuple[Path, str]] = [(("tags", name), name) for name in file.tags]
    for number, objective in enumerate(file.orchestrator.objectives):
        path = ("orchestrator", "objectives", number, "tags")
        spoken += [((*path, position), name) for position, name in enumerate(objective.tags)]
    for number, budget in enumerate(file.orchestrator.budgets):
        kind, _, name = budget.scope.partition(":")
        if kind == ScopeKind.TAG and name:
            spoken.append((("orchestrator", "budgets", number, "scope"), name))
    return ((path, "no repository has this tag") for path, name in spoken if name not in had)


def _faults_of_profiles(file: File) -> Iterator[Fault]:
    for name, profile in file.agents.profiles.items():
        path = ("agents", "profiles", name)
        is_command, is_devin = profile.kind is AgentKind.COMMAND, profile.kind is AgentKind.DEVIN
        if is_command and not profile.command:
            yield path, "needs a command, a list of arguments such as ['coder', '{prompt_file}']"
        if profile.command and not is_command:
            yield (*path, "command"), "is for agents of kind command only"
        if profile.is_paid is not None and not is_command:
            yield (*path, "is_paid"), "is for agents of kind command only; what the others cost is known"
        if is_devin and msgspec.structs.replace(profile, **_LOCAL_DEFAULTS) != profile:
            yield path, "has gates or a number of sessions at once, which are for agents of this machine only"
        if profile.max_acu is not None and not is_devin:
            yield (*path, "max_acu"), "is for agents of kind devin only; nobody else counts ACU"


def _faults_of_repositories(file: File) -> Iterator[Fault]:
    """Every name belongs to one repository."""
    first: dict[str, int] = {}
    for position, repository in enumerate(file.repos):
        slug = slug_of(repository.repo).lower()
        if first.setdefault(slug, position) != position:
            yield ("repos", position, "repo"), f"is the same repository as repos[{first[slug]}]; merge the two"
    for position, repository in enumerate(file.repos):
        for number, alias in enumerate(repository.aliases):
            owner = first.setdefault(slug_of(alias).lower(), position)
            if owner != position:
                yield ("repos", position, "aliases", number), f"is a name of repos[{owner}] already; keep one of them"


def _faults_of_agent_names(file: File) -> Iterator[Fault]:
    known = {DEVIN.name, CODEMODDER.name, *file.agents.profiles}
    yield from _faults_of_agents(file.agents, ("agents",), known)
    for path, settings in _levels(file):
        yield from _faults_of_agents(settings.agents, (*path, "agents"), known)
        forced = [label for label in settings.labels or () if label.startswith(AGENT_LABEL)]
        if len(set(forced)) > 1:
            yield (*path, "labels"), "force several agents; keep one"
        for label in forced:
            if label.removeprefix(AGENT_LABEL) not in known:
                yield (*path, "labels"), _no_agent(label.removeprefix(AGENT_LABEL), known)


def _faults_of_triage(file: File) -> Iterator[Fault]:
    name = file.orchestrator.triage.agent
    kinds = {DEVIN.name: DEVIN.kind, CODEMODDER.name: CODEMODDER.kind}
    kinds |= {name: profile.kind for name, profile in file.agents.profiles.items()}
    path = ("orchestrator", "triage", "agent")
    if name and name not in kinds:
        yield path, _no_agent(name, set(kinds))
    elif name and kinds[name] is not AgentKind.DEVIN:
        yield path, "answers no questions; agents of kind devin do"


def _levels(file: File) -> Iterator[tuple[Path, Settings]]:
    yield ("defaults",), file.defaults
    for name, settings in file.tags.items():
        yield ("tags", name), settings
    for position, repository in enumerate(file.repos):
        yield ("repos", position), repository
        yield ("repos", position, "overrides"), repository.overrides


def _faults_of_settings(file: File) -> Iterator[Fault]:
    for path, settings in _levels(file):
        if settings.group is not None and settings.group not in file.groups:
            known = ", ".join(file.groups) or "none"
            yield (*path, "group"), f"is no group; known are {known}: add it to groups"
        for language in _parts(settings.languages):
            if language.lower() not in KNOWN:
                yield (*path, "languages"), _NO_LANGUAGE
        for key in ("include_paths", "exclude_paths"):
            if not _are_globs(_parts(getattr(settings, key))):
                yield (*path, key), "has what is no glob in gitignore syntax, or too many of them"


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _are_globs(globs: list[str]) -> bool:
    try:
        return not globs or bool(compiled(globs))
    except ConfigError:
        return False


def _faults_of_budgets(file: File) -> Iterator[Fault]:
    known = {DEVIN.name, CODEMODDER.name, *file.agents.profiles}
    for number, budget in enumerate(file.orchestrator.budgets):
        path = ("orchestrator", "budgets", number)
        kind, _, name = budget.scope.partition(":")
        if kind == ScopeKind.AGENT and name and name not in known:
            yield (*path, "scope"), _no_agent(name, known)
        units = [unit for unit, _ in amounts(budget)]
        if len(units) != 1:
            yield path, f"needs exactly one of {', '.join(Unit)}, and has {', '.join(units) or 'none'}"
        elif Unit.OPEN_PULL_REQUESTS in units and budget.per is not None:
            yield (*path, "per"), "is not for open_prs, which counts those that are open now"
        elif Unit.OPEN_PULL_REQUESTS not in units and budget.per is None:
            yield path, f"needs per, one of {', '.join(Window)}"


def _faults_of_objectives(file: File) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for number, objective in enumerate(file.orchestrator.objectives):
        path = ("orchestrator", "objectives", number)
        if (objective.target_count is None) == (objective.target_reduction_pct is None):
            yield path, "needs exactly one of target_count, target_reduction_pct"
        if first.setdefault(objective.name, number) != number:
            yield (*path, "name"), f"is the name of objectives[{first[objective.name]}] already"


def _faults_of_agents(agents: Agents, path: Path, known: set[str]) -> Iterator[Fault]:
    named: list[tuple[Path, tuple[str, ...]]] = [(("allow",), agents.allow or ()), (("default",), agents.default or ())]
    for number, rule in enumerate(agents.rules):
        named += [(("rules", number, "agents"), rule.agents), (("rules", number, "modes"), tuple(rule.modes))]
        for position, language in enumerate(rule.languages):
            if language.lower() not in KNOWN:
                place = (*path, "rules", number, "languages", position)
                yield place, _NO_LANGUAGE
    for steps, names in named:
        for name in names:
            if name not in known:
                yield (*path, *steps), _no_agent(name, known)


def _no_agent(name: str, known: set[str]) -> str:
    return f"{name} is no agent; known are {', '.join(sorted(known))}: add it to agents.profiles"
