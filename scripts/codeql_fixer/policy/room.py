"""How much every limit leaves, as decisions are made one after the other."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.allowance import ScopeKind, Unit
from codeql_fixer.policy.allowances import Allowances, Use, uses_of
from codeql_fixer.policy.budget import committed
from codeql_fixer.policy.overlaps import WorkInProgress
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.policy.dispatching import Candidate, Facts, Limits

_OF_SESSIONS = frozenset({ScopeKind.FAMILY, ScopeKind.AGENT})  # not told by the repository
_NOTHING: frozenset[str] = frozenset()


class Full(Struct, frozen=True, kw_only=True):
    """There is no room, and the earliest time at which there could be some; None when only an event makes some.

    `for_all` says that it is the whole fleet's: nothing else would find room, either.
    """

    reason: str
    until: datetime | None = None
    for_all: bool = False


class Spent(Struct, frozen=True, kw_only=True):
    """A limit of the whole fleet over a stretch of time, and what is used of it."""

    name: str
    used: float
    limit: int
    period: timedelta


class Room:
    """What limits leave. `busy` are repository and issue of what somebody is at, `tried` family and rule of what began.

    Args:
        facts: what is used already.
        limits: of everything.
    """

    def __init__(self, facts: Facts, limits: Limits) -> None:
        self._facts, self._limits = facts, limits
        recent = [claim for claim in facts.claims if claim.has_session and claim.claimed_at > facts.now - limits.period]
        self._recent = sorted(claim.claimed_at for claim in recent)
        self._in_period, self._acu = len(recent), committed(recent)
        self._at_work = sum(claim.is_at_work for claim in facts.claims)
        self._sessions = 0
        self._by_repository = Counter(limits.started)
        self._allowances = Allowances(
            limits.allowances,
            uses_of(facts.claims, tags_of=self._tags_of, open_prs=facts.pull_requests_of_claims),
            now=facts.now,
        )
        self._in_progress = WorkInProgress(facts.busy_files, facts.open_pull_requests)
        self.tried: set[tuple[str, str]] = set()
        self.busy = {
            (claim.repository.lower(), name)
            for claim in facts.claims
            if claim.is_at_work
            for name in claim.fingerprints
        }

    def for_any(self) -> Full | None:
        """What keeps everything from a session."""
        limits = self._limits
        if self._sessions >= limits.max_sessions:
            return Full(reason=f"this run has its {counted(limits.max_sessions, 'session')}", for_all=True)
        if self._in_period >= limits.max_in_period:
            hours = limits.period.total_seconds() / 3600
            reason = f"{counted(limits.max_in_period, 'session')} in {hours:g} h are the limit, and were started"
            return Full(reason=reason, until=self._end_of_period(), for_all=True)
        if self._at_work >= limits.max_at_work:
            reason = f"{counted(limits.max_at_work, 'session')} at the same time are the limit, and are at work"
            return Full(reason=reason, for_all=True)
        return None

    def for_repository(self, candidate: Candidate) -> Full | None:
        """What keeps anything of its repository from one."""
        own = self._limits.of(candidate.repository)
        if self._by_repository[candidate.repository.lower()] >= own.max_sessions:
            return Full(reason=f"the repository has its {counted(own.max_sessions, 'session')} of this run")
        files = _files_of(candidate) if self._limits.keeps_files_apart else _NOTHING
        problem = self._in_progress.problem(candidate.repository, files, own.max_open_prs)
        return Full(reason=problem) if problem else None

    def for_session(self, candidate: Candidate, agent: str, max_acu: int | None) -> Full | None:
        """What keeps this session of this agent from starting."""
        most = self._limits.max_acu_in_period
        if most is not None and self._acu + (max_acu or 0) > most:
            return Full(reason=f"{self._acu:g} of {most} ACU are spent or promised", until=self._end_of_period())
        refusal = self._allowances.problem(self._use(candidate, agent, max_acu))
        return Full(reason=refusal.reason, until=refusal.free_at) if refusal else None

    def limits_acu(self, candidate: Candidate, agent: str) -> bool:
        """True when there is a limit for the ACU of this session and others together."""
        use = self._use(candidate, agent, None)
        return self._limits.max_acu_in_period is not None or any(
            allowance.unit is Unit.ACU and self._allowances.used(allowance, use.at, whose=use) is not None
            for allowance in self._limits.allowances
        )

    def take(self, candidate: Candidate, agent: str, max_acu: int | None) -> None:
        """A session starts."""
        repository = candidate.repository.lower()
        self._sessions += 1
        self._in_period += 1
        self._recent.append(self._facts.now)
        self._at_work += 1
        self._acu += max_acu or 0
        self._by_repository[repository] += 1
        self._allowances.take(self._use(candidate, agent, max_acu))
        self._in_progress.take(repository, _files_of(candidate))
        self.tried |= {(issue.tracked.family, issue.tracked.rule_id) for issue in candidate.issues if issue.tracked}
        self.tried.add((candidate.family, ""))
        self.busy |= {(repository, issue.fingerprint) for issue in candidate.issues}

    def used(self, repository: str) -> Iterator[tuple[str, float, int]]:
        """Every limit that holds for a repository, with what is used of it and how much that may be."""
        own = self._limits.of(repository)
        yield "sessions of this run", self._sessions, self._limits.max_sessions
        yield from self._of_fleet()
        yield from self._of_allowances(repository)
        yield "sessions of the repository", self._by_repository[repository.lower()], own.max_sessions
        if own.max_open_prs is not None:
            open_prs = self._facts.open_pull_requests.get(repository.lower(), 0)
            yield "pull requests of the repository, open or on the way", open_prs, own.max_open_prs

    def fleet(self) -> Iterator[tuple[str, float, int]]:
        """The same for the limits of the whole fleet; of what each has for itself the one that has used most."""
        yield from self._of_fleet()
        yield from self._of_allowances(None)

    def spent(self) -> Iterator[Spent]:
        """Those limits of the fleet that are over a stretch of time; of what each has for itself the most used one."""
        limits, now = self._limits, self._facts.now
        hours = f"{limits.period.total_seconds() / 3600:g} h"
        yield Spent(name=f"sessions in {hours}", used=self._in_period, limit=limits.max_in_period, period=limits.period)
        if limits.max_acu_in_period is not None:
            yield Spent(name=f"ACU in {hours}", used=self._acu, limit=limits.max_acu_in_period, period=limits.period)
        for allowance in limits.allowances:
            used = self._allowances.used(allowance, now)
            if used is not None and allowance.window:
                name = f"{allowance.kind} {allowance.name}".rstrip()
                yield Spent(
                    name=f"{name}: {allowance.unit} per {allowance.window}",
                    used=used,
                    limit=allowance.limit,
                    period=allowance.window.length,
                )

    def _of_fleet(self) -> Iterator[tuple[str, float, int]]:
        limits = self._limits
        hours = f"{limits.period.total_seconds() / 3600:g} h"
        yield f"sessions in {hours}", self._in_period, limits.max_in_period
        yield "sessions at work", self._at_work, limits.max_at_work
        if limits.max_acu_in_period is not None:
            yield f"ACU in {hours}", self._acu, limits.max_acu_in_period

    def _of_allowances(self, repository: str | None) -> Iterator[tuple[str, float, int]]:
        now = self._facts.now
        for allowance in self._limits.allowances:
            whose = None
            if repository is not None and allowance.kind not in _OF_SESSIONS:
                whose = Use(at=now, repository=repository, tags=self._tags_of(repository))
            used = self._allowances.used(allowance, now, whose=whose)
            if used is not None:
                name = f"{allowance.kind} {allowance.name}".rstrip()
                per = f" per {allowance.window}" if allowance.window else ""
                yield f"{name}: {allowance.unit}{per}", used, allowance.limit

    def _end_of_period(self) -> datetime | None:
        """When the oldest session leaves the period."""
        return self._recent[0] + self._limits.period if self._recent else None

    def _use(self, candidate: Candidate, agent: str, max_acu: int | None) -> Use:
        return Use(
            at=self._facts.now,
            repository=candidate.repository,
            tags=self._tags_of(candidate.repository),
            family=candidate.family,
            agent=agent,
            acu=float(max_acu or 0),
        )

    def _tags_of(self, repository: str) -> frozenset[str]:
        return self._limits.of(repository).tags


def _files_of(candidate: Candidate) -> frozenset[str]:
    return frozenset(issue.tracked.file for issue in candidate.issues if issue.tracked)


def longest_window(limits: Limits) -> timedelta:
    """How far back claims count."""
    lengths = [allowance.window.length for allowance in limits.allowances if allowance.window]
    return max([limits.period, *lengths])
