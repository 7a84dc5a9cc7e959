"""From work to sessions: settle what is open, claim, start, and where waves are asked for follow and judge each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.follow import Follower, Watched
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Results, Starter
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.session import Session, SessionState
from codeql_fixer.domain.sessions import HeldSummary, SessionsSummary, SessionSummary
from codeql_fixer.policy.dispatching import Held, Limits
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.session_end import ended_well, state_of
from codeql_fixer.policy.waves import gate, waves_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.app.claiming import Claimed, Work
    from codeql_fixer.domain.route import NoRoute, Route
    from codeql_fixer.domain.session import SessionRequest
    from codeql_fixer.policy.dispatching import Candidate, Dispatch, Facts

_HAS_SESSION = frozenset({DispatchStatus.CREATED, DispatchStatus.ADOPTED})


class Waves(Struct, frozen=True, kw_only=True):
    """How a run goes in waves: pieces of work in each, retries of those that failed, percent that have to end well."""

    size: int
    retries: int
    threshold: int


class Started(Struct, frozen=True, kw_only=True):
    """A claim of this run with its outcome; None while others have to settle it."""

    intent: DispatchIntent
    outcome: DispatchOutcome | None

    @property
    def has_session(self) -> bool:
        """True when a session exists."""
        return self.outcome is not None and self.outcome.status in _HAS_SESSION

    @property
    def may_have_session(self) -> bool:
        """True when a session exists, or nobody can tell."""
        return self.outcome is None or self.has_session


class DispatchReport(Struct, kw_only=True):
    """What a run came to. `sessions` has the last word about those that were followed, by session id.

    `paused` says why the next wave did not start, "" when nothing held it.
    """

    settled: list[DispatchOutcome] = []
    started: list[Started] = []
    held: list[Held] = []
    sessions: dict[str, Session] = {}
    results: Results = field(default_factory=Results)
    paused: str = ""

    @property
    def stopped(self) -> str:
        """Why no more were started, "" when nothing held it."""
        return self.results.stopped

    def summary(self) -> SessionsSummary:
        """The same for those who are told."""
        held: dict[tuple[str, str], int] = {}
        for item in self.held:
            key = (item.action.value, item.reason)
            held[key] = held.get(key, 0) + len(item.candidate.issues)
        return SessionsSummary(
            sessions=tuple(_summary(item, self.sessions) for item in self.started),
            held=tuple(
                HeldSummary(action=action, reason=reason, issues=count) for (action, reason), count in held.items()
            ),
            settled=len(self.settled),
            stopped=self.results.stopped,
            is_denied=self.results.is_denied,
            paused=self.paused,
        )


class Watcher(Protocol):
    """Looks at what was started."""

    def observe(self) -> int:
        """Record what has changed; returns how much that is."""
        ...


class Dispatcher(Struct, frozen=True, kw_only=True):
    """Runs dispatches.

    Args:
        settler: of claims that others left.
        watchers: of sessions that are at work, and of what came of them.
        claimer: makes claims.
        starter: starts sessions.
        follower: follows them; only waves need it.
        limits: what is allowed.
        waves: None starts everything at once and waits for nothing.
        on_step: hears what is being done, for people.
    """

    settler: Settler
    watchers: tuple[Watcher, ...]
    claimer: Claimer
    starter: Starter
    follower: Follower
    limits: Limits
    waves: Waves | None
    on_step: Callable[[str], None]

    def run(self, work: Work, report: DispatchReport | None = None) -> DispatchReport:
        """Do it.

        Args:
            work: what could be fixed.
            report: filled on the way, so that what was done is known when something fails.

        Raises:
            LedgerNotWrittenError: nothing was claimed, or outcomes are kept and can be replayed.
            UpstreamError: the ledger cannot be read.
        """
        report = report or DispatchReport()
        self.look(report)
        self.start(work, report)
        return report

    def look(self, report: DispatchReport) -> None:
        """The first half of `run`: what became of claims and sessions; nothing is paid for."""
        self.on_step("Settling claims that were left open")
        report.settled = self.settler.settle()
        self.on_step("Looking at sessions")
        for watcher in self.watchers:
            watcher.observe()

    def start(self, work: Work, report: DispatchReport) -> None:
        """The second half: claims and sessions."""
        if self.waves is None:
            self._start(work, self.limits, report)
        else:
            self._in_waves(work, self.waves, report)
        report.results.judge(self.starter.max_failure_rate)

    def _start(self, work: Work, limits: Limits, report: DispatchReport) -> list[Claimed]:
        self.on_step("Claiming issues")
        started = tuple(item.intent.target_repo.lower() for item in report.started if item.may_have_session)
        limits = replace(limits, started=started)
        claimed, held = self.claimer.claim(work, limits)
        report.held += held
        if claimed:
            self.on_step(f"Starting {counted(len(claimed), 'session')}")
            try:
                self.starter.start(claimed, work, report.results)
            finally:
                outcome_of = {outcome.id: outcome for outcome in report.results.outcomes}.get
                report.started += [Started(intent=item.intent, outcome=outcome_of(item.intent.id)) for item in claimed]
        return claimed

    def _in_waves(self, work: Work, waves: Waves, report: DispatchReport) -> None:
        parts = waves_of([*work.candidates(self.claimer.facts(self.limits), self.limits)], waves.size)
        for number, wave in enumerate(parts, start=1):
            self.on_step(f"Wave {number} of {len(parts)}")
            keys = frozenset(candidate.key for candidate in wave)
            first = len(report.started)
            well = self._wave(_Part(work, keys), waves, report)
            # What was refused did not end badly: it is for `max_failure_rate` to judge.
            tried = {item.intent.batch_id for item in report.started[first:] if item.has_session}
            report.paused = gate(len(well), len(tried), waves.threshold)
            if report.paused:
                reason = f"wave {number}: {report.paused}"
                repositories = sorted({item.intent.target_repo for item in report.started})
                self.follower.record([], {}, [_stop(repository, reason) for repository in repositories])
            if report.paused or report.stopped:
                break

    def _wave(self, work: Work, waves: Waves, report: DispatchReport) -> set[str]:
        """One wave with its retries; returns the keys of what ended well."""
        wanted: set[str] = set()
        well: set[str] = set()
        limits = self.limits
        for retry in range(waves.retries + 1):
            before = len(report.started)
            part = work if not retry else _Part(work, frozenset(wanted - well))
            claimed = self._start(part, limits, report)
            if not claimed:
                break
            wanted |= {item.dispatch.candidate.key for item in claimed}
            well |= self._follow(report, report.started[before:])
            if wanted == well or report.stopped:
                break
            limits = replace(self.limits, is_retry=True)
        return well

    def _follow(self, report: DispatchReport, started: Sequence[Started]) -> set[str]:
        """Follow sessions to their end; returns the keys of those that ended well."""
        watched = [_watched(item) for item in started if item.has_session]
        self.on_step(f"Following {counted(len(watched), 'session')}")
        sessions = self.follower.follow(watched, report.sessions)
        keys = {item.intent.id: item.intent.batch_id for item in started}
        ends = {item.intent_id: sessions.get(item.session_id) for item in watched}
        if any(session.state is SessionState.BUDGET_STOP for session in sessions.values()):
            report.results.stop("a session stopped for want of budget")
        repositories = {item.intent_id: item.repository for item in watched}
        return {
            keys[intent]
            for intent, session in ends.items()
            if session is not None and ended_well(session, repositories[intent], self.follower.hosts)
        }


class _Part:
    """Some of the candidates of a piece of work."""

    def __init__(self, work: Work, keys: frozenset[str]) -> None:
        self._work, self._keys = work, keys

    def candidates(self, facts: Facts, limits: Limits) -> Sequence[Candidate]:
        return [candidate for candidate in self._work.candidates(facts, limits) if candidate.key in self._keys]

    def route(self, candidate: Candidate, number: int) -> Route | NoRoute:
        return self._work.route(candidate, number)

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        return self._work.request(dispatch, intent)


def _summary(item: Started, sessions: dict[str, Session]) -> SessionSummary:
    intent, outcome = item.intent, item.outcome
    session = sessions.get(outcome.session_id) if outcome else None
    return SessionSummary(
        batch_id=intent.batch_id,
        intent_id=intent.id,
        agent=intent.agent,
        reason=intent.reason,
        issues=len(intent.fingerprints),
        status=outcome.status if outcome else None,
        problem=(outcome.reason if outcome else "") or (_last_words(session) if session else ""),
        session_id=outcome.session_id if outcome else "",
        session_url=outcome.session_url if outcome else "",
        state=state_of(session).value if session else "",
        pull_requests=tuple(link.url for link in session.pull_requests) if session else (),
    )


def _last_words(session: Session) -> str:
    """What was said at the end of a session that did not end well by its own account."""
    if state_of(session) is SessionState.FINISHED and session.pull_requests:
        return ""
    return session.detail or (session.report.error if session.report else "")


def _watched(item: Started) -> Watched:
    assert item.outcome is not None  # noqa: S101 - it has a session
    return Watched(
        session_id=item.outcome.session_id,
        agent=item.intent.agent,
        intent_id=item.intent.id,
        repository=item.intent.target_repo,
        started_at=item.outcome.recorded_at,
    )


def _stop(repository: str, reason: str) -> Decision:
    return Decision(action=DecisionAction.STOP, reason=reason, target_repo=repository)
