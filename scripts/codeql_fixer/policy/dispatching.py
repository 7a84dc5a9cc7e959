"""Decides what gets a session now: facts, limits and the time in, decisions with reasons out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.domain.allowance import Allowance
from codeql_fixer.domain.claim import Claim
from codeql_fixer.domain.cycle import DecisionAction
from codeql_fixer.domain.priority import Score
from codeql_fixer.domain.route import NoRoute, Route
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Attempt, Lifecycle, TrackedIssue
from codeql_fixer.policy.budget import session_budget
from codeql_fixer.policy.cooldown import DEFAULT_COOLDOWN
from codeql_fixer.policy.fix_rates import PROBE_AFTER, FixRate
from codeql_fixer.policy.monitoring import FailingFamily
from codeql_fixer.policy.readiness import DEFAULT_RULES, Context, Verdict
from codeql_fixer.policy.room import Full, Room


class RepositoryLimits(Struct, frozen=True, kw_only=True):
    """What holds for one repository: sessions of a run, attempts per issue, rests after failures, open pull requests.

    `max_open_prs` is None for no such limit. `tags` are what allowances may be for.
    """

    max_sessions: int = 25
    max_attempts: int = 3
    cooldown: tuple[timedelta, ...] = DEFAULT_COOLDOWN
    max_open_prs: int | None = None
    tags: frozenset[str] = frozenset()


class Limits(Struct, frozen=True, kw_only=True):
    """What the one who pays allows.

    `max_sessions` is of this decision, `max_in_period` of any `period`, `max_at_work` of one moment. `allowances` hold
    beside them. `max_acu_in_period` is None for no such limit. What is said of a repository is of the run, which may
    have decided before: `started` names the repository of each session that came of that. `each` holds for those that
    are not in `repositories`, which are by name in lower case; `aliases` lead from earlier names of repositories to
    their present ones, in lower case as well. `min_fix_rate_pct` and `family_failure_limit` are what families have to
    do, and `probe_after` how long after its last attempt one that does not gets another. `paused` says why the fleet is
    held, "" when it is not.

    A retry inside one run does not rest. With `keeps_files_apart` no two sessions work on one file. With
    `stops_when_full` no candidate is looked at when nothing can get a session any more; else each is told why not.
    """

    max_sessions: int = 25
    max_in_period: int = 100
    period: timedelta = timedelta(hours=24)
    max_at_work: int = 100
    max_acu_in_period: int | None = None
    allowances: tuple[Allowance, ...] = ()
    each: RepositoryLimits = RepositoryLimits()
    repositories: Mapping[str, RepositoryLimits] = {}
    aliases: Mapping[str, str] = {}
    min_fix_rate_pct: int = 0
    probe_after: timedelta = PROBE_AFTER
    family_failure_limit: int | None = None
    paused: str = ""
    keeps_files_apart: bool = False
    stops_when_full: bool = False
    is_retry: bool = False
    started: tuple[str, ...] = ()

    def of(self, repository: str) -> RepositoryLimits:
        """What holds for a repository."""
        return self.repositories.get(self.known_as(repository), self.each)

    def known_as(self, repository: str) -> str:
        """What a repository is called now, in lower case."""
        return self.aliases.get(repository.lower(), repository.lower())


class CandidateIssue(Struct, frozen=True, kw_only=True):
    """One issue with what the index knows of it; `tracked` is None for one that it does not know yet."""

    id: str
    fingerprint: str
    tracked: TrackedIssue | None = None
    lifecycle: Lifecycle = Lifecycle.NEW
    reason: str = ""
    dismissed_until: datetime | None = None
    attempts: tuple[Attempt, ...] = ()


class Candidate(Struct, frozen=True, kw_only=True):
    """Issues of one repository and family that would be one session; `key` names them for the caller.

    `score` is what the most important of them scores, None where nobody scored them.
    """

    key: str
    repository: str
    family: str
    tier: SeverityTier
    issues: tuple[CandidateIssue, ...]
    score: Score | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """What else is known.

    `claims` are of the longest window that a limit has, and all that are not over. `paused` says why the whole fleet is
    held, `note` what a person put on the ledger about that, `pauses` why a repository is. The others are by weakness
    family, by family and rule, by repository in lower case, or by claim.
    Repositories have their present names everywhere. `open_pull_requests` are those that are open or on the way.
    """

    now: datetime
    claims: tuple[Claim, ...]
    paused: str = ""
    note: str | None = None
    pauses: Mapping[str, str] = {}
    acu_by_family: Mapping[str, tuple[float, ...]] = {}
    fix_rates: Mapping[str, FixRate] = {}
    rule_rates: Mapping[tuple[str, str], FixRate] = {}
    failing: Mapping[str, FailingFamily] = {}
    busy_files: Mapping[str, frozenset[str]] = {}
    open_pull_requests: Mapping[str, int] = {}
    pull_requests_of_claims: Mapping[str, int] = {}


class Dispatch(Struct, frozen=True, kw_only=True):
    """These issues of a candidate get a session."""

    candidate: Candidate
    route: Route
    attempt: int
    max_acu: int | None


class Held(Struct, frozen=True, kw_only=True):
    """These issues get none now, and why: SKIP until something changes, WAIT for a time, ASK a person.

    `until` is the earliest time at which that could change, None when only an event does.
    """

    candidate: Candidate
    action: DecisionAction
    reason: str
    until: datetime | None = None


Router: TypeAlias = Callable[[Candidate, int], Route | NoRoute]


def decide(
    candidates: Iterable[Candidate], facts: Facts, limits: Limits, *, route: Router
) -> tuple[list[Dispatch], list[Held]]:
    """Decide in the order given, which is that of importance; every issue is in exactly one decision.

    Args:
        candidates: what could be fixed.
        facts: of the ledger's state on which the claims will rest.
        limits: what is allowed.
        route: which agent gets a candidate, given how many claims were made before it.
    """
    room = Room(facts, limits)
    dispatches: list[Dispatch] = []
    held: list[Held] = []
    for candidate in candidates:
        ready, not_ready = _split(candidate, facts, limits, room=room)
        held += not_ready
        if limits.stops_when_full and facts.paused:
            break
        if not ready:
            continue
        now = replace(candidate, issues=tuple(ready))
        found = _one(now, facts, room, route=lambda one: route(one, len(facts.claims) + len(dispatches)))
        if isinstance(found, Dispatch):
            dispatches.append(found)
            room.take(now, found.route.agent, found.max_acu)
        else:
            held.append(found)
        if limits.stops_when_full and room.for_any():
            break
    return dispatches, held


def _one(
    candidate: Candidate, facts: Facts, room: Room, *, route: Callable[[Candidate], Route | NoRoute]
) -> Dispatch | Held:
    """What becomes of a candidate that is ready."""
    full = room.for_any() or room.for_repository(candidate)
    if full:
        return _waits(candidate, full)
    found = route(candidate)
    if isinstance(found, NoRoute):
        action = DecisionAction.SKIP if found.is_final else DecisionAction.WAIT
        return Held(candidate=candidate, action=action, reason=found.reason)
    is_limited = found.counts_acu and room.limits_acu(candidate, found.agent)
    max_acu = session_budget(found.max_acu, facts.acu_by_family.get(candidate.family, ()), is_limited=is_limited)
    full = room.for_session(candidate, found.agent, max_acu)
    if full:
        return _waits(candidate, full)
    return Dispatch(candidate=candidate, route=found, attempt=_next_number(candidate.issues), max_acu=max_acu)


def _waits(candidate: Candidate, full: Full) -> Held:
    return Held(candidate=candidate, action=DecisionAction.WAIT, reason=full.reason, until=full.until)


def context_of(repository: str, family: str, facts: Facts, *, limits: Limits, room: Room | None = None) -> Context:
    """What the rules of readiness have to know beside an issue of this family, and what was decided before it."""
    own = limits.of(repository)
    return Context(
        now=facts.now,
        repository=repository.lower(),
        busy=room.busy if room else frozenset(),
        tried=room.tried if room else frozenset(),
        max_attempts=own.max_attempts,
        cooldown=own.cooldown,
        is_retry=limits.is_retry,
        fix_rate=facts.fix_rates.get(family),
        rule_rates=facts.rule_rates,
        min_fix_rate_pct=limits.min_fix_rate_pct,
        probe_after=limits.probe_after,
        failing=facts.failing.get(family),
    )


def _split(
    candidate: Candidate, facts: Facts, limits: Limits, *, room: Room
) -> tuple[list[CandidateIssue], list[Held]]:
    """The issues that are ready, and the others by reason."""
    pause = facts.paused or facts.pauses.get(candidate.repository.lower(), "")
    if pause:
        return [], [Held(candidate=candidate, action=DecisionAction.WAIT, reason=f"paused: {pause}")]
    context = context_of(candidate.repository, candidate.family, facts, limits=limits, room=room)
    ready: list[CandidateIssue] = []
    others: dict[Verdict, list[CandidateIssue]] = {}
    for issue in candidate.issues:
        verdict = DEFAULT_RULES(issue, context)
        if verdict is None:
            ready.append(issue)
        else:
            others.setdefault(verdict, []).append(issue)
    return ready, [
        Held(
            candidate=replace(candidate, issues=tuple(issues)),
            action=verdict.action,
            reason=verdict.reason,
            until=verdict.until,
        )
        for verdict, issues in others.items()
    ]


def _next_number(issues: Sequence[CandidateIssue]) -> int:
    return 1 + max((attempt.number for issue in issues for attempt in issue.attempts), default=0)
