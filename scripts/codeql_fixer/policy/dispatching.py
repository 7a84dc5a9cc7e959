"""Decides what gets a session now: facts, limits and the time in, decisions with reasons out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.domain.claim import Claim
from codeql_fixer.domain.cycle import DecisionAction
from codeql_fixer.domain.route import NoRoute, Route
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Attempt, Lifecycle, TrackedIssue
from codeql_fixer.policy.budget import committed, session_budget
from codeql_fixer.policy.cooldown import DEFAULT_COOLDOWN
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.readiness import DEFAULT_RULES, Context


class Limits(Struct, frozen=True, kw_only=True):
    """What the one who pays allows.

    `max_sessions` is of this decision, `max_per_repository` of the run, which may have decided before: `started` names
    the repository of each session that came of that. `max_in_period` is of any `period`, `max_at_work` of one moment,
    `max_attempts` per issue. `max_acu_in_period` is None for no such limit. A retry inside one run does not rest.
    """

    max_sessions: int = 25
    max_per_repository: int = 25
    max_in_period: int = 100
    period: timedelta = timedelta(hours=24)
    max_at_work: int = 100
    max_attempts: int = 3
    cooldown: tuple[timedelta, ...] = DEFAULT_COOLDOWN
    max_acu_in_period: int | None = None
    is_retry: bool = False
    started: tuple[str, ...] = ()


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
    """Issues of one repository and family that would be one session; `key` names them for the caller."""

    key: str
    repository: str
    family: str
    tier: SeverityTier
    issues: tuple[CandidateIssue, ...]


class Facts(Struct, frozen=True, kw_only=True):
    """What else is known: claims of the last period and all that are not over, pauses by repository, ACU by family."""

    now: datetime
    claims: tuple[Claim, ...]
    pauses: Mapping[str, str] = {}
    acu_by_family: Mapping[str, tuple[float, ...]] = {}


class Dispatch(Struct, frozen=True, kw_only=True):
    """These issues of a candidate get a session."""

    candidate: Candidate
    route: Route
    attempt: int
    max_acu: int | None


class Held(Struct, frozen=True, kw_only=True):
    """These issues get none now, and why: SKIP until something changes, WAIT for a time, ASK a person."""

    candidate: Candidate
    action: DecisionAction
    reason: str


Router: TypeAlias = Callable[[Candidate, int], Route | NoRoute]


def decide(
    candidates: Sequence[Candidate], facts: Facts, limits: Limits, *, route: Router
) -> tuple[list[Dispatch], list[Held]]:
    """Decide in the order given, which is that of importance; every issue is in exactly one decision.

    Args:
        candidates: what could be fixed.
        facts: of the ledger's state on which the claims will rest.
        limits: what is allowed.
        route: which agent gets a candidate, given how many claims were made before it.
    """
    room = _Room(facts, limits)
    dispatches: list[Dispatch] = []
    held: list[Held] = []
    for candidate in candidates:
        ready, not_ready = _split(candidate, facts, limits, room=room)
        held += not_ready
        if not ready:
            continue
        now = replace(candidate, issues=tuple(ready))
        problem = room.problem(now)
        if problem:
            held.append(Held(candidate=now, action=DecisionAction.WAIT, reason=problem))
            continue
        found = route(now, len(facts.claims) + len(dispatches))
        if isinstance(found, NoRoute):
            action = DecisionAction.SKIP if found.is_final else DecisionAction.WAIT
            held.append(Held(candidate=now, action=action, reason=found.reason))
            continue
        max_acu = session_budget(found.max_acu, facts.acu_by_family.get(now.family, ()))
        problem = room.acu_problem(max_acu)
        if problem:
            held.append(Held(candidate=now, action=DecisionAction.WAIT, reason=problem))
            continue
        dispatches.append(Dispatch(candidate=now, route=found, attempt=_next_number(ready), max_acu=max_acu))
        room.take(now, max_acu)
    return dispatches, held


class _Room:
    """How much the limits leave, as decisions are made."""

    def __init__(self, facts: Facts, limits: Limits) -> None:
        self._limits = limits
        recent = [claim for claim in facts.claims if claim.has_session and claim.claimed_at > facts.now - limits.period]
        self._in_period, self._acu = len(recent), committed(recent)
        self._at_work = sum(claim.is_at_work for claim in facts.claims)
        self._sessions = 0
        self._by_repository = Counter(limits.started)
        self.busy = {
            (claim.repository.lower(), name)
            for claim in facts.claims
            if claim.is_at_work
            for name in claim.fingerprints
        }

    def problem(self, candidate: Candidate) -> str:
        limits, mine = self._limits, self._by_repository[candidate.repository.lower()]
        if self._sessions >= limits.max_sessions:
            return f"this run has its {counted(limits.max_sessions, 'session')}"
        if mine >= limits.max_per_repository:
            return f"the repository has its {counted(limits.max_per_repository, 'session')} of this run"
        if self._in_period >= limits.max_in_period:
            hours = limits.period.total_seconds() / 3600
            return f"{counted(limits.max_in_period, 'session')} in {hours:g} h are the limit, and were started"
        if self._at_work >= limits.max_at_work:
            return f"{counted(limits.max_at_work, 'session')} at the same time are the limit, and are at work"
        return ""

    def acu_problem(self, max_acu: int | None) -> str:
        most = self._limits.max_acu_in_period
        if most is None or self._acu + (max_acu or 0) <= most:
            return ""
        return f"{self._acu:g} of {most} ACU are spent or promised"

    def take(self, candidate: Candidate, max_acu: int | None) -> None:
        repository = candidate.repository.lower()
        self._sessions += 1
        self._in_period += 1
        self._at_work += 1
        self._acu += max_acu or 0
        self._by_repository[repository] += 1
        self.busy |= {(repository, issue.fingerprint) for issue in candidate.issues}


def _split(
    candidate: Candidate, facts: Facts, limits: Limits, *, room: _Room
) -> tuple[list[CandidateIssue], list[Held]]:
    """The issues that are ready, and the others by reason."""
    pause = facts.pauses.get(candidate.repository.lower(), "")
    if pause:
        return [], [Held(candidate=candidate, action=DecisionAction.WAIT, reason=f"paused: {pause}")]
    context = Context(
        now=facts.now,
        repository=candidate.repository.lower(),
        busy=room.busy,
        max_attempts=limits.max_attempts,
        cooldown=limits.cooldown,
        is_retry=limits.is_retry,
    )
    ready: list[CandidateIssue] = []
    others: dict[tuple[DecisionAction, str], list[CandidateIssue]] = {}
    for issue in candidate.issues:
        verdict = DEFAULT_RULES(issue, context)
        if verdict is None:
            ready.append(issue)
        else:
            others.setdefault((verdict.action, verdict.reason), []).append(issue)
    return ready, [
        Held(candidate=replace(candidate, issues=tuple(issues)), action=action, reason=reason)
        for (action, reason), issues in others.items()
    ]


def _next_number(issues: Sequence[CandidateIssue]) -> int:
    return 1 + max((attempt.number for issue in issues for attempt in issue.attempts), default=0)
