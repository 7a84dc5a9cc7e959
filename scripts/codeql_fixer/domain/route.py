"""Route: which agent gets a batch, how it works, how much it may use; and the rules that decide it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from codeql_fixer.domain.gate import Judging
from codeql_fixer.domain.severity import SeverityTier

AGENT_LABEL = "agent:"  # a label `agent:devin` forces that agent
COMPLEXITY_LABEL = "complexity:"  # a label `complexity:complex` forces that complexity

_END = "$(?!\\n)"  # `$` alone lets one line break through
AgentName = Annotated[str, Meta(pattern=f"^[a-z][a-z0-9-]{{0,39}}{_END}", description="the name of an agent")]
# Becomes an argument of a command line, so it never starts like an option.
ModeName = Annotated[
    str,
    Meta(
        pattern=f"^(?:[A-Za-z0-9][A-Za-z0-9._:/@+-]{{0,99}})?{_END}",
        description="the agent's own word for a model or way of working; empty for its default",
    ),
]
FamilyName = Annotated[str, Meta(pattern=f"^[a-z][a-z0-9-]{{0,39}}{_END}", description="a weakness family")]
LanguageName = Annotated[str, Meta(pattern=f"^[A-Za-z][A-Za-z+#-]{{0,39}}{_END}", description="a language")]
Label = Annotated[str, Meta(pattern=f"^[A-Za-z0-9][A-Za-z0-9._:/-]{{0,63}}{_END}", description="a label or tag")]
RuleName = Annotated[str, Meta(pattern=f"^[^\\x00-\\x1f\\x7f]{{0,60}}{_END}")]
Acus = Annotated[int, Meta(ge=1, le=10_000)]
MOST_RULES = 200
_MOST = 100


class Complexity(StrEnum):
    """How hard a batch probably is (policy/complexity.py)."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"


class ModeTable(Struct, frozen=True, kw_only=True):
    """One mode per complexity; empty is the agent's default."""

    simple: ModeName = ""
    medium: ModeName = ""
    complex: ModeName = ""


Modes = ModeName | ModeTable  # one for everything, or one per complexity


class AgentKind(StrEnum):
    """What an agent is. A codemodder gives the same answer to the same code, so it is never asked twice."""

    DEVIN = "devin"
    CODEMODDER = "codemodder"
    COMMAND = "command"


class Strategy(StrEnum):
    """Who comes first among the agents of a rule."""

    FIRST = "first"
    ROUND_ROBIN = "round-robin"


class AgentProfile(Struct, frozen=True, kw_only=True):
    """An agent as the operator set it up. Only the operator names commands, modes and limits.

    `command` is the argument vector of a command agent, `max_acu` the most agent compute units of one session (Devin
    counts them, nobody else does), None for no limit of ours. `sessions_at_once` and `judging` are for agents of this
    machine.
    """

    name: str
    kind: AgentKind
    is_paid: bool
    modes: Modes = ""
    max_acu: int | None = None
    command: tuple[str, ...] = ()
    time_limit_minutes: int | None = None
    sessions_at_once: int | None = None
    judging: Judging = Judging()


DEVIN = AgentProfile(name="devin", kind=AgentKind.DEVIN, is_paid=True)
CODEMODDER = AgentProfile(name="codemodder", kind=AgentKind.CODEMODDER, is_paid=False)


class Conditions(Struct, frozen=True, kw_only=True):
    """When a rule matches: every condition that is not empty has to hold."""

    families: Annotated[tuple[FamilyName, ...], Meta(max_length=_MOST, description="weakness families")] = ()
    tiers: Annotated[
        tuple[SeverityTier, ...], Meta(max_length=_MOST, description="severity tiers of the worst issue")
    ] = ()
    languages: Annotated[
        tuple[LanguageName, ...], Meta(max_length=_MOST, description="languages; every file has to be in one of them")
    ] = ()
    labels: Annotated[
        tuple[Label, ...], Meta(max_length=_MOST, description="labels; the repository has one of them")
    ] = ()
    tags: Annotated[tuple[Label, ...], Meta(max_length=_MOST, description="tags; the repository has one of them")] = ()
    complexities: Annotated[tuple[Complexity, ...], Meta(max_length=_MOST, description="how hard it probably is")] = ()


class RouteRule(Conditions, frozen=True, kw_only=True):
    """An operator's rule: who gets what matches."""

    name: Annotated[RuleName, Meta(description="a line of 60 characters at most; the reason on record has it")] = ""
    agents: Annotated[
        tuple[AgentName, ...], Meta(max_length=_MOST, description="agents, best first; none for the default ones")
    ] = ()
    modes: Annotated[
        dict[AgentName, Modes], Meta(description="modes by agent, instead of those of the agent's profile")
    ] = {}
    max_acu: Annotated[Acus | None, Meta(description="most ACU of a session, instead of the agent's limit")] = None
    strategy: Annotated[Strategy, Meta(description="who of the agents is asked first")] = Strategy.FIRST
    deterministic_first: Annotated[
        bool, Meta(description="whether a codemodder goes first where it has a codemod for every issue")
    ] = True


class TargetRule(Conditions, frozen=True, kw_only=True):
    """A target's rule: which of the agents that the operator offers it wants; none named means no choice."""

    agents: Annotated[tuple[AgentName, ...], Meta(max_length=_MOST)] = ()
    max_acu: Acus | None = None


class TargetAgents(Struct, frozen=True, kw_only=True):
    """What a target asks for in its own configuration. `never` always holds; the rest narrows what is offered."""

    never: Annotated[tuple[AgentName, ...], Meta(max_length=_MOST)] = ()
    max_acu: Acus | None = None
    rules: Annotated[tuple[TargetRule, ...], Meta(max_length=MOST_RULES)] = ()


class Routing(Struct, frozen=True, kw_only=True):
    """All that decides about the agents of one repository.

    `allow` names the agents that may work on it, None for all profiles; `default` those that get what no rule matches;
    `max_acu` caps every session; `target` is what the target's own configuration asks for.
    """

    profiles: tuple[AgentProfile, ...] = (DEVIN, CODEMODDER)
    rules: tuple[RouteRule, ...] = ()
    default: tuple[str, ...] = (DEVIN.name,)
    allow: tuple[str, ...] | None = None
    max_acu: int | None = None
    target: TargetAgents = TargetAgents()

    def offered(self) -> dict[str, AgentProfile]:
        """The agents that the operator lets work on this repository."""
        return {profile.name: profile for profile in self.profiles if self.allow is None or profile.name in self.allow}


class BatchFacts(Struct, frozen=True, kw_only=True):
    """What routing looks at.

    `family` is the batch's own, which the target may have named; `families`, never empty, are the built-in ones of its
    issues, and operators' rules look at those. `files` are repository-relative paths, `longest_flow` counts the steps
    of the longest data flow (0 when unknown), `labels` and `tags` are the repository's. `failed_agents` names the agent
    of every earlier attempt on any of the issues that did not end well, once per attempt.
    """

    family: str
    families: frozenset[str]
    tier: SeverityTier
    rule_ids: frozenset[str]
    files: frozenset[str]
    issues: int
    longest_flow: int = 0
    labels: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    failed_agents: tuple[str, ...] = ()


class Route(Struct, frozen=True, kw_only=True):
    """Who gets a batch. `reason` is one line of at most 200 characters; `fallbacks` come next, best first.

    `counts_acu` says that its sessions cost ACU.
    """

    agent: str
    mode: str
    max_acu: int | None
    complexity: Complexity
    reason: str
    fallbacks: tuple[str, ...] = ()
    counts_acu: bool = False


class NoRoute(Struct, frozen=True, kw_only=True):
    """Nobody gets it. `is_final` is False when waiting for an agent may help, else a person has to change something."""

    reason: str
    is_final: bool
