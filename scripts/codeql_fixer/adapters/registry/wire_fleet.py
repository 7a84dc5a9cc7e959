"""The part of repo_registry.json that speaks of the whole fleet: limits, budgets, weights and objectives."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from codeql_fixer.domain import learning, priority
from codeql_fixer.domain.allowance import Window
from codeql_fixer.domain.learning import Sharing
from codeql_fixer.domain.registry import REPOSITORY
from codeql_fixer.domain.route import Label
from codeql_fixer.domain.schedule import Schedule
from codeql_fixer.domain.triage import MOST_ISSUES, Triaging

END = "$(?!\\n)"  # `$` alone lets one line break through
MOST = 100
_LINE = r"[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]"
_DEFAULT = priority.Weights()
_LEARNING = learning.Learning()
_TRIAGING = Triaging()

Hours = Annotated[int, Meta(ge=1, le=8760)]
Many = Annotated[int, Meta(ge=1, le=100_000)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Share = Annotated[float, Meta(ge=0, le=1)]
Labels = Annotated[tuple[Label, ...], Meta(max_length=MOST)]
Threshold = Literal["critical", "high", "medium", "low"]
Title = Annotated[str, Meta(pattern=f"^{_LINE}{{0,59}}{END}", description="a line of 60 characters at most")]
Remark = Annotated[str, Meta(pattern=f"^{_LINE}{{0,499}}{END}", description="a line of 500 characters at most")]
_NAME = "[a-z][a-z0-9-]{0,39}"
Scope = Annotated[
    str,
    Meta(
        pattern=f"^(?:fleet|tag(?::[A-Za-z0-9][A-Za-z0-9._:/-]{{0,63}})?|repo(?::{REPOSITORY})?"
        f"|family(?::{_NAME})?|agent(?::{_NAME})?){END}",
        description="fleet, tag:NAME, repo:OWNER/NAME, family:NAME or agent:NAME; without :NAME each tag, repo, family "
        "or agent has it on its own",
    ),
]


class Group(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Repositories that take turns together."""

    weight: Annotated[
        Annotated[int, Meta(ge=1, le=100)], Meta(description="turns for each one of a group of weight 1")
    ] = 1
    schedule: Annotated[
        Schedule | None, Meta(description="how often its repositories are scanned; tags and they themselves win")
    ] = None


class Objective(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be reached; what helps it is done sooner."""

    name: Annotated[Title, Meta(description="a line of 60 characters at most; each once")]
    target_severity: Annotated[Threshold, Meta(description="the tier whose open issues are counted")]
    description: Annotated[
        Annotated[str, Meta(pattern=f"^(?:{_LINE}{{0,499}})?{END}")], Meta(description="a line for people")
    ] = ""
    target_count: Annotated[
        Annotated[int, Meta(ge=0, le=10_000_000)] | None, Meta(description="so many open issues at most, or instead:")
    ] = None
    target_reduction_pct: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None, Meta(description="so many percent fewer than when it was set")
    ] = None
    priority: Annotated[
        Annotated[int, Meta(ge=1, le=100)], Meta(description="1 comes first; what helps it gains 0.15, of 2 half of it")
    ] = 1
    tags: Annotated[Labels, Meta(description="only repositories with one of these tags; all unless given")] = ()


class Weights(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Shares of the score that issues are sorted by; together they are 1."""

    importance: Annotated[Share, Meta(description="how much the repository matters")] = _DEFAULT.importance
    severity: Annotated[Share, Meta(description="how severe the issue is")] = _DEFAULT.severity
    sla: Annotated[Share, Meta(description="how near its deadline is")] = _DEFAULT.sla
    feasibility: Annotated[Share, Meta(description="how often its family was fixed")] = _DEFAULT.feasibility
    recurrence: Annotated[Share, Meta(description="in how many scans it was seen")] = _DEFAULT.recurrence


class Learning(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is learned from sessions that are over."""

    probe_days: Annotated[
        Annotated[int, Meta(ge=1, le=365)],
        Meta(description="a family or rule below `min_fix_rate_pct` gets one attempt so many days after its last one"),
    ] = _LEARNING.probe_after.days
    examples: Annotated[
        Sharing,
        Meta(description="whose sessions are shown a proved fix: those of its repository, of its owner, all, or none"),
    ] = _LEARNING.examples


class Triage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent says how much issues matter, beside the formula."""

    enabled: Annotated[bool, Meta(description="true asks; each time is a paid session")] = _TRIAGING.is_enabled
    weight: Annotated[Share, Meta(description="share of the agent's word in the score")] = _TRIAGING.weight
    agent: Annotated[
        Annotated[str, Meta(pattern=f"^(?:{_NAME})?{END}", description="a name of an agent, or empty")],
        Meta(description="who is asked; unless given the first that can be"),
    ] = _TRIAGING.agent
    every_hours: Annotated[Hours, Meta(description="hours between two triages at least")] = 24
    most_issues: Annotated[
        Annotated[int, Meta(ge=2, le=MOST_ISSUES)], Meta(description="issues of one triage, the most important ones")
    ] = _TRIAGING.most_issues
    max_acu: Annotated[Annotated[int, Meta(ge=1, le=100)], Meta(description="ACU of one triage at most")] = (
        _TRIAGING.max_acu
    )


class Budget(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much may be used by whom; exactly one of sessions, ACU and open pull requests."""

    scope: Scope
    sessions: Annotated[Many | None, Meta(description="sessions that start")] = None
    acu: Annotated[Many | None, Meta(description="ACU that they use or are promised")] = None
    open_prs: Annotated[Many | None, Meta(description="pull requests that are open at the same time")] = None
    per: Annotated[
        Window | None, Meta(description="in any window of this length; a month has 30 days; not for `open_prs`")
    ] = None


class Fleet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Limits and aims of the whole fleet."""

    paused: Annotated[
        bool | Remark, Meta(description="true, or the reason, starts no session anywhere until it is taken away")
    ] = False
    global_session_limit: Annotated[
        Many | None, Meta(description="most sessions that start in one period, in all repositories together")
    ] = None
    global_session_limit_period_hours: Annotated[Hours, Meta(description="length of the period; it slides")] = 24
    max_parallel_sessions: Annotated[Many | None, Meta(description="most sessions that are at work at once")] = None
    max_acu_per_period: Annotated[
        Many | None, Meta(description="most ACU that the sessions of one period may use or be promised")
    ] = None
    budgets: Annotated[
        tuple[Budget, ...], Meta(max_length=MOST, description="limits beside these; all that apply have to have room")
    ] = ()
    family_failure_limit: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(description="so many failed sessions in a row for a weakness family, and no more start for it"),
    ] = None
    min_fix_rate_pct: Annotated[
        Percent, Meta(description="families and rules that are fixed less often, in percent, are left to people")
    ] = 0
    learning: Annotated[Learning, Meta(description="what is learned from sessions that are over")] = Learning()
    triage: Annotated[Triage, Meta(description="whether an agent has a say in how much issues matter")] = Triage()
    weights: Annotated[Weights, Meta(description="what the score of an issue is made of")] = Weights()
    objectives: Annotated[tuple[Objective, ...], Meta(max_length=MOST, description="what is to be reached")] = ()
    uses_reach: Annotated[bool, Meta(description="true counts, too, how much code depends on the file")] = field(
        name="blast_radius", default=False
    )
    uses_clusters: Annotated[bool, Meta(description="true puts issues that stand near each other into one batch")] = (
        field(name="clusters", default=False)
    )
