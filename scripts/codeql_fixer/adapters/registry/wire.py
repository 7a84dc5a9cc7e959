"""The format of repo_registry.json; its JSON Schema and docs/reference/registry.md are made from these types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from codeql_fixer.adapters.registry.wire_alerts import Alerts
from codeql_fixer.adapters.registry.wire_fleet import END, MOST, Fleet, Group, Hours, Labels, Many, Threshold
from codeql_fixer.domain.gate import GateKind
from codeql_fixer.domain.leftover import LeftoverKind
from codeql_fixer.domain.registry import BATCH_SIZE, COOLDOWN_HOURS, MAX_FOLLOW_UPS, REPOSITORY, STALE_PR_DAYS
from codeql_fixer.domain.route import MOST_RULES, Acus, AgentKind, AgentName, Label, Modes, RouteRule
from codeql_fixer.domain.schedule import ScanSource, Schedule
from codeql_fixer.options import BATCH_SIZES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOST_REPOSITORIES = 20_000
_MOST_INSTALLATION = 2**53 - 1  # what every reader of JSON tells apart

Argument = Annotated[str, Meta(min_length=1, max_length=4000, pattern=f"^[^\\x00]+{END}")]
Address = Annotated[
    str, Meta(pattern=f"^{REPOSITORY}{END}", description="owner/name, or its address without a password")
]
Names = Annotated[tuple[AgentName, ...], Meta(max_length=MOST)]
Addresses = Annotated[tuple[Address, ...], Meta(max_length=MOST)]
Importance = Literal["critical", "high", "medium", "low"]
# All of these are told to a workflow, so they never start like an option; "" means the workflow's own default.
Branch = Annotated[
    str, Meta(pattern=f"^(?:[A-Za-z0-9_][A-Za-z0-9_./-]{{0,199}})?{END}", description="the name of a branch")
]
LanguageList = Annotated[
    str, Meta(pattern=f"^(?:[A-Za-z][A-Za-z+#, -]{{0,399}})?{END}", description="languages with commas between them")
]
Queries = Annotated[
    str, Meta(pattern=f"^(?:[A-Za-z0-9+./][A-Za-z0-9_.:@/+, -]{{0,399}})?{END}", description="CodeQL query suites")
]
Globs = Annotated[
    str, Meta(pattern=f"^(?:[^\\x00-\\x1f\\x7f-][^\\x00-\\x1f\\x7f]{{0,3999}})?{END}", description="globs on one line")
]


class GateCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command that judges a fix."""

    kind: Annotated[GateKind, Meta(description="what it looks at; it takes the place of what the target has for that")]
    command: Annotated[
        tuple[Argument, ...],
        Meta(min_length=1, max_length=MOST, description="argument by argument; {changed} stands for changed files"),
    ]
    repair: Annotated[
        tuple[Argument, ...], Meta(max_length=MOST, description="what may make it pass, as formatters do")
    ] = ()


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent of yours."""

    kind: Annotated[AgentKind, Meta(description="what it is")]
    mode: Annotated[Modes, Meta(description="its word for a model or way of working, one or by complexity")] = ""
    max_acu: Annotated[Acus | None, Meta(description="most ACU of a session; Devin only")] = None
    command: Annotated[
        tuple[Argument, ...], Meta(max_length=MOST, description="what a command agent runs, argument by argument")
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
        Meta(max_length=MOST, description="commands that judge a fix before it is proposed"),
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
        Meta(max_length=MOST, description="agents by name; devin and codemodder are there already"),
    ] = {}


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What can be said about a repository, for one, for those with a tag, or for all."""

    enabled: Annotated[bool | None, Meta(description="false leaves the repository alone")] = None
    importance: Annotated[
        Importance | None, Meta(description="how much it matters: 100, 75, 50 or 25 of 100; medium unless given")
    ] = None
    importance_score: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None, Meta(description="the same as a number, which wins")
    ] = None
    labels: Annotated[
        Labels | None,
        Meta(description="like tags for rules, and `agent:NAME` and `complexity:LEVEL` force an agent or a complexity"),
    ] = None
    group: Annotated[Label | None, Meta(description="the one of `groups` in which it takes turns")] = None
    schedule: Annotated[Schedule | None, Meta(description="how often it is scanned; weekly unless given")] = None
    auto_scan: Annotated[
        bool | None, Meta(description="false scans only when a person asks; true unless given, for listed ones only")
    ] = None
    scan_source: Annotated[
        ScanSource | None,
        Meta(
            description="runs that we trigger, scans of the orchestrator's own checkout, analyses that GitHub has, or "
            "the target's own; workflow unless given"
        ),
    ] = None
    adaptive_commit_threshold: Annotated[
        Many | None, Meta(description="so many commits since the last scan make one due before its time")
    ] = None
    default_branch: Annotated[Branch | None, Meta(description="branch that is scanned and fixed")] = None
    languages: Annotated[LanguageList | None, Meta(description="languages to scan, with commas")] = None
    queries: Annotated[Queries | None, Meta(description="CodeQL query suites to scan with")] = None
    severity_threshold: Annotated[
        Threshold | None, Meta(description="least severe tier that is worked on; low unless given")
    ] = None
    include_paths: Annotated[Globs | None, Meta(description="only files that match these globs, with commas")] = None
    exclude_paths: Annotated[Globs | None, Meta(description="no files that match these globs, with commas")] = None
    batch_size: Annotated[
        Annotated[int, Meta(ge=BATCH_SIZES[0], le=BATCH_SIZES[-1])] | None,
        Meta(description=f"most issues of one session; {BATCH_SIZE} unless given"),
    ] = None
    auto_dispatch: Annotated[
        bool | None, Meta(description="false starts sessions only where a person asks for them")
    ] = None
    max_sessions_per_cycle: Annotated[Many | None, Meta(description="most sessions that start in one run")] = None
    max_open_prs: Annotated[
        Many | None, Meta(description="most pull requests of ours that are open or that sessions at work may open")
    ] = None
    max_follow_ups: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None,
        Meta(
            description="how often a session is sent back to its pull request by reviews and failed checks; "
            f"after that a person has to look; {MAX_FOLLOW_UPS} unless given"
        ),
    ] = None
    stale_pr_days: Annotated[
        Annotated[int, Meta(ge=1, le=365)] | None,
        Meta(description=f"days without movement that make a pull request of ours stale; {STALE_PR_DAYS} unless given"),
    ] = None
    close_prs: Annotated[
        Annotated[tuple[LeftoverKind, ...], Meta(max_length=len(LeftoverKind))] | None,
        Meta(description="pull requests of ours that are closed with a comment; none unless given, they are reported"),
    ] = None
    cooldown_hours: Annotated[
        Annotated[tuple[Hours, ...], Meta(max_length=10)] | None,
        Meta(description=f"rests after the first failure, the second and so on; {list(COOLDOWN_HOURS)} unless given"),
    ] = None
    max_dispatch_attempts: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(description="most sessions for one issue, after which a person has to look"),
    ] = None
    max_acu_per_session: Annotated[Acus | None, Meta(description="most ACU of any session")] = None
    agents: Annotated[Agents, Meta(description="who works on it; its rules come before those of the fleet")] = Agents()


class TaggedSettings(Settings, frozen=True, kw_only=True, omit_defaults=True):
    """Settings, and which tags they come with."""

    tags: Annotated[Labels | None, Meta(description="what rules, budgets and `--tag` can ask for")] = None


class Repository(TaggedSettings, frozen=True, kw_only=True, omit_defaults=True):
    """One repository."""

    repo: Address
    aliases: Annotated[Addresses, Meta(description="forks that are scanned for it, and its earlier names")] = ()
    installation_id: Annotated[
        Annotated[int, Meta(ge=1, le=_MOST_INSTALLATION)] | None,
        Meta(description="installation of the GitHub App that may write there"),
    ] = None
    overrides: Annotated[TaggedSettings, Meta(description="settings that win over those beside them")] = (
        TaggedSettings()
    )


class File(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The registry."""

    schema: Annotated[str, Meta(description="address of the schema, for editors")] = msgspec.field(
        name="$schema", default=""
    )
    version: Annotated[Literal["2.0"], Meta(description="of this format")] = "2.0"
    agents: Annotated[FleetAgents, Meta(description="agents and rules of the fleet")] = FleetAgents()
    orchestrator: Annotated[Fleet, Meta(description="limits and aims of the fleet")] = Fleet()
    alerts: Annotated[Alerts, Meta(description="who hears of what")] = Alerts()
    defaults: Annotated[TaggedSettings, Meta(description="settings of all repositories")] = TaggedSettings()
    tags: Annotated[
        dict[Label, Settings], Meta(max_length=MOST, description="settings of the repositories with a tag")
    ] = {}
    groups: Annotated[
        dict[Label, Group], Meta(max_length=MOST, description="groups of repositories, which take turns by weight")
    ] = {}
    repos: Annotated[
        tuple[Repository, ...], Meta(max_length=_MOST_REPOSITORIES, description="the repositories, each once")
    ] = ()


# Keys of the first generation and of what is still to come: accepted, told about, and without effect today.
LATER: dict[type[Struct], frozenset[str]] = {
    File: frozenset({"concurrency"}),
    Fleet: frozenset(
        {"alert_on_verified_fix", "alert_severities", "alert_on_objective_met", "alert_webhook_url"}
        | {"dispatch_scoring_mode", "agent_score_weight"}
    ),
    Settings: frozenset({"max_sessions", "max_sessions_per_run", "persist_logs", "dry_run"}),
}
LATER[TaggedSettings] = LATER[Repository] = LATER[Settings]


def registry_schema() -> dict[str, Any]:
    """The JSON Schema of the file. Keys that it does not name are no fault; reading warns of them."""
    return {"$schema": _DIALECT, "title": "repo_registry.json", **msgspec.json.schema(File)}
