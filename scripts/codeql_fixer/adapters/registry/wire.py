"""The format of repo_registry.json; its JSON Schema and docs/reference/registry.md are made from these types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from codeql_fixer.domain.gate import GateKind
from codeql_fixer.domain.registry import COOLDOWN_HOURS, REPOSITORY
from codeql_fixer.domain.route import MOST_RULES, Acus, AgentKind, AgentName, Label, Modes, RouteRule

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_END = "$(?!\\n)"  # `$` alone lets one line break through
_MOST_REPOSITORIES = 20_000
_MOST = 100

Argument = Annotated[str, Meta(min_length=1, max_length=4000, pattern=f"^[^\\x00]+{_END}")]
Address = Annotated[str, Meta(pattern=f"^{REPOSITORY}{_END}")]
Hours = Annotated[int, Meta(ge=1, le=8760)]
Many = Annotated[int, Meta(ge=1, le=100_000)]
Names = Annotated[tuple[AgentName, ...], Meta(max_length=_MOST)]
Labels = Annotated[tuple[Label, ...], Meta(max_length=_MOST)]
Importance = Literal["critical", "high", "medium", "low"]


class GateCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command that judges a fix."""

    kind: Annotated[GateKind, Meta(description="what it looks at; it takes the place of what the target has for that")]
    command: Annotated[
        tuple[Argument, ...],
        Meta(min_length=1, max_length=_MOST, description="argument by argument; {changed} stands for changed files"),
    ]
    repair: Annotated[
        tuple[Argument, ...], Meta(max_length=_MOST, description="what may make it pass, as formatters do")
    ] = ()


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent of yours."""

    kind: Annotated[AgentKind, Meta(description="what it is")]
    mode: Annotated[Modes, Meta(description="its word for a model or way of working, one or by complexity")] = ""
    max_acu: Annotated[Acus | None, Meta(description="most ACU of a session; Devin only")] = None
    command: Annotated[
        tuple[Argument, ...], Meta(max_length=_MOST, description="what a command agent runs, argument by argument")
    ] = ()
    time_limit_minutes: Annotated[
        Annotated[int, Meta(ge=1, le=1440)] | None, Meta(description="most minutes of a session")
    ] = None
    is_paid: Annotated[
        bool | None, Meta(description="whether a command agent costs money; it counts as paid unless you say no")
    ] = None
    sessions_at_once: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(description="most sessions at once here; 2 unless given"),
    ] = None
    gates: Annotated[
        tuple[GateCommand, ...],
        Meta(max_length=_MOST, description="commands that judge a fix before it is proposed"),
    ] = ()
    finds_gates: Annotated[bool, Meta(description="false looks for no commands in the target")] = True
    needs_tests: Annotated[bool, Meta(description="true proposes nothing where no tests ran")] = False
    coverage_floor: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None, Meta(description="percent of lines that tests have to reach")
    ] = None


class Agents(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who may work, and who gets what."""

    allow: Annotated[Names | None, Meta(description="agents that may work here; all of them unless given")] = None
    default: Annotated[
        Names | None, Meta(description="agents for what no rule matches, best first; devin unless given")
    ] = None
    rules: Annotated[
        tuple[RouteRule, ...], Meta(max_length=MOST_RULES, description="rules; the first that matches decides")
    ] = ()


class FleetAgents(Agents, frozen=True, kw_only=True, omit_defaults=True):
    """The agents of the whole fleet."""

    profiles: Annotated[
        dict[AgentName, Profile],
        Meta(max_length=_MOST, description="agents by name; devin and codemodder are there already"),
    ] = {}


class Fleet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Limits of the whole fleet."""

    global_session_limit: Annotated[
        Many | None, Meta(description="most sessions that start in one period, in all repositories together")
    ] = None
    global_session_limit_period_hours: Annotated[Hours, Meta(description="length of the period; it slides")] = 24
    max_parallel_sessions: Annotated[Many | None, Meta(description="most sessions that are at work at once")] = None
    max_acu_per_period: Annotated[
        Many | None, Meta(description="most ACU that the sessions of one period may use or be promised")
    ] = None


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What can be said about a repository, for one or for all."""

    enabled: Annotated[bool | None, Meta(description="false leaves the repository alone")] = None
    importance: Annotated[
        Importance | None, Meta(description="how much it matters: 100, 75, 50 or 25 of 100; medium unless given")
    ] = None
    importance_score: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None, Meta(description="the same as a number, which wins")
    ] = None
    tags: Annotated[Labels | None, Meta(description="groups; rules can ask for them")] = None
    labels: Annotated[
        Labels | None,
        Meta(description="the same, and `agent:NAME` and `complexity:LEVEL` force an agent or a complexity"),
    ] = None
    auto_dispatch: Annotated[
        bool | None, Meta(description="false starts sessions only where a person asks for them")
    ] = None
    max_sessions_per_cycle: Annotated[Many | None, Meta(description="most sessions that start in one run")] = None
    cooldown_hours: Annotated[
        Annotated[tuple[Hours, ...], Meta(max_length=10)] | None,
        Meta(description=f"rests after the first failure, the second and so on; {list(COOLDOWN_HOURS)} unless given"),
    ] = None
    max_attempts: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(description="most sessions for one issue, after which a person has to look"),
    ] = None
    max_acu_per_session: Annotated[Acus | None, Meta(description="most ACU of any session")] = None
    agents: Annotated[Agents, Meta(description="who works on it; its rules come before those of the fleet")] = Agents()


class Repository(Settings, frozen=True, kw_only=True, omit_defaults=True):
    """One repository."""

    repo: Annotated[Address, Meta(description="owner/name, or its address without a password")]
    overrides: Annotated[Settings, Meta(description="settings that win over those beside them")] = Settings()


class File(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The registry."""

    schema: Annotated[str, Meta(description="address of the schema, for editors")] = msgspec.field(
        name="$schema", default=""
    )
    version: Annotated[Literal["2.0"], Meta(description="of this format")] = "2.0"
    agents: Annotated[FleetAgents, Meta(description="agents and rules of the fleet")] = FleetAgents()
    orchestrator: Annotated[Fleet, Meta(description="limits of the fleet")] = Fleet()
    defaults: Annotated[Settings, Meta(description="settings of all repositories")] = Settings()
    repos: Annotated[
        tuple[Repository, ...], Meta(max_length=_MOST_REPOSITORIES, description="the repositories, each once")
    ] = ()


# Keys of the first generation and of what is still to come: accepted, told about, and without effect today.
LATER: dict[type[Struct], frozenset[str]] = {
    File: frozenset({"concurrency"}),
    Fleet: frozenset(
        {"objectives", "alert_on_verified_fix", "alert_severities", "alert_on_objective_met", "alert_webhook_url"}
        | {"dispatch_scoring_mode", "agent_score_weight"}
    ),
    Settings: frozenset(
        {"schedule", "auto_scan", "languages", "queries", "batch_size", "max_sessions", "max_sessions_per_run"}
        | {"severity_threshold", "default_branch", "persist_logs", "dry_run", "include_paths", "exclude_paths"}
        | {"adaptive_commit_threshold", "installation_id"}
    ),
}
LATER[Repository] = LATER[Settings]


def registry_schema() -> dict[str, Any]:
    """The JSON Schema of the file. Keys that it does not name are no fault; reading warns of them."""
    return {"$schema": _DIALECT, "title": "repo_registry.json", **msgspec.json.schema(File)}
