"""Starts the sessions of claims, some at a time, and records what became of each as soon as it is known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author, outcome_on_record
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.errors import (
    AgentDeniedError,
    AgentUnavailableError,
    BudgetStopError,
    CodeqlFixerError,
    LedgerNotWrittenError,
    PlaceTakenError,
    SessionRefusedError,
    SessionUnsettledError,
    UserError,
)
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.ports.agent import Agent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.app.claiming import Claimed, Work
    from codeql_fixer.domain.session import SessionRequest

_ENOUGH = 4  # sessions; a share of fewer says nothing about the next ones
_AWAKE_SECONDS = 0.1
_GATHERED_SECONDS = 0.2  # what ends so close together is one push


class Results(Struct, kw_only=True):
    """What became of the claims of a run, filled on the way. A claim without an outcome is for others to settle.

    `failed` of `tried` sessions were refused. `stopped` says why no more are started, "" while nothing speaks against
    it; `is_denied` that only a person can mend that.
    """

    outcomes: list[DispatchOutcome] = []
    tried: int = 0
    failed: int = 0
    stopped: str = ""
    is_denied: bool = False

    def stop(self, reason: str, *, is_denied: bool = False) -> None:
        """Say why; the first reason stays."""
        if not self.stopped:
            self.stopped, self.is_denied = reason, is_denied

    def judge(self, max_failure_rate: int) -> None:
        """Stop when a larger share, in percent, was refused than is allowed."""
        if self.failed * 100 > max_failure_rate * self.tried:
            self.stop(f"{self.failed} of {counted(self.tried, 'session')} could not be started")


def described_outcome(intent: DispatchIntent, outcome: DispatchOutcome | None) -> str:
    """What became of a claim, for people; None while others have to settle it."""
    became = "nobody can tell yet, the next run looks" if outcome is None else outcome.status.value
    more = "" if outcome is None else outcome.session_url or outcome.reason
    return f"{intent.target_repo} {intent.batch_id} -> {intent.agent}: {became} {more}".rstrip()


class Starter(Struct, frozen=True, kw_only=True):
    """Starts sessions.

    Args:
        agents: by name.
        recorder: puts outcomes on the ledger, or keeps them.
        author: of the records.
        parallel: how many requests at a time.
        max_failure_rate: the share of sessions, in percent, that may fail to start before no more are.
        on_outcome: hears each, for people.
    """

    agents: Mapping[str, Agent]
    recorder: Recorder
    author: Author
    parallel: int
    max_failure_rate: int
    on_outcome: Callable[[DispatchIntent, DispatchOutcome | None], None]

    def start(self, claims: Sequence[Claimed], work: Work, results: Results) -> None:
        """Act on claims.

        Args:
            claims: what to act on.
            work: puts them into words.
            results: filled on the way, so that what was started is known when something fails.

        Raises:
            LedgerNotWrittenError: all sessions were started; outcomes are kept, and can be found by their tags.
        """
        run = _Run(self, results)
        # Signals interrupt the main thread only. So what pays and what records is never torn from the one who knows.
        conductor = threading.Thread(target=run.conduct, args=(claims, work), name="start")
        try:
            conductor.start()
            # Not by `join`, which CPython 3.11 takes for done when it is interrupted, and not for ever: a signal that
            # another thread was given is noticed only when this one wakes up.
            while not run.is_over.wait(_AWAKE_SECONDS):
                pass
        except BaseException:
            run.stop("the run was interrupted")
            if conductor.ident is not None:  # else it has not begun, and will start nothing
                run.is_over.wait()
            raise
        if run.failure:
            raise run.failure


class _Run:
    """One call of `start`: workers create, the conductor's thread writes prompts and records."""

    def __init__(self, starter: Starter, results: Results) -> None:
        self._starter, self._results = starter, results
        self._lock = threading.Lock()
        self.is_over = threading.Event()
        self.failure: BaseException | None = None

    def conduct(self, claims: Sequence[Claimed], work: Work) -> None:
        """Act on all claims, until something speaks against it, and record what became of each of them."""
        running: dict[Future[DispatchOutcome | None], DispatchIntent] = {}
        try:
            with ThreadPoolExecutor(max_workers=self._starter.parallel, thread_name_prefix="start") as pool:
                try:
                    for item in claims:  # prompts are written here: what they are made from is not for several threads
                        if self._results.stopped:
                            break
                        request = work.request(item.dispatch, item.intent)
                        running[pool.submit(self._create, item.intent, request)] = item.intent
                except BaseException:
                    self.stop("the run was broken off")
                    raise
                finally:
                    self._collect(running)
                    self._take([(item.intent, self._released(item.intent)) for item in claims[len(running) :]])
        except BaseException as error:  # noqa: BLE001 - raised again where `start` was called
            self.failure = error
        finally:
            self.is_over.set()

    def stop(self, reason: str, *, is_denied: bool = False) -> None:
        """Start no more."""
        with self._lock:
            self._results.stop(reason, is_denied=is_denied)

    def _create(self, intent: DispatchIntent, request: SessionRequest) -> DispatchOutcome | None:
        """Create one session; None where others have to settle what became of it."""
        author = self._starter.author
        if self._results.stopped:
            return self._released(intent)
        agent = self._starter.agents.get(intent.agent)
        if agent is None:
            return author.outcome(intent.id, DispatchStatus.RELEASED, reason=f"there is no agent {intent.agent} here")
        if intent.act_before is not None and author.clock() >= intent.act_before:
            return None  # from now on others may look at it
        outcome = self._asked(agent, intent, request)
        self._count(outcome)
        return outcome

    def _count(self, outcome: DispatchOutcome | None) -> None:
        """Stop when too many fail; counted where it happens, since the one who records may be behind."""
        with self._lock:
            self._results.tried += 1
            self._results.failed += outcome is not None and outcome.status is DispatchStatus.REFUSED
            if self._results.tried >= _ENOUGH:
                self._results.judge(self._starter.max_failure_rate)

    def _released(self, intent: DispatchIntent) -> DispatchOutcome:
        reason = f"not started: {self._results.stopped}"
        return self._starter.author.outcome(intent.id, DispatchStatus.RELEASED, reason=reason)

    def _asked(self, agent: Agent, intent: DispatchIntent, request: SessionRequest) -> DispatchOutcome | None:
        author = self._starter.author
        try:
            created = agent.create(request)
        except SessionUnsettledError:
            return None
        except AgentDeniedError as error:
            self.stop(str(error), is_denied=True)
            return author.outcome(intent.id, DispatchStatus.REFUSED, reason=str(error))
        except BudgetStopError as error:
            self.stop(f"the budget of {intent.agent} is used up, which a person has to see to: {error}")
            return author.outcome(intent.id, DispatchStatus.REFUSED, reason=str(error))
        except (SessionRefusedError, AgentUnavailableError, UserError) as error:
            return author.outcome(intent.id, DispatchStatus.REFUSED, reason=str(error))
        status = DispatchStatus.ADOPTED if created.was_there else DispatchStatus.CREATED
        return author.outcome(intent.id, status, session=(created.session_id, created.url))

    def _collect(self, running: Mapping[Future[DispatchOutcome | None], DispatchIntent]) -> None:
        """Record what has ended, all of it at once, until all have."""
        pending = set(running)
        while pending:
            done, pending = wait(pending, timeout=_GATHERED_SECONDS)
            self._take([(running[future], self._ended(future)) for future in done])

    def _ended(self, future: Future[DispatchOutcome | None]) -> DispatchOutcome | None:
        """What a worker returned; None where it failed in a way that nobody foresaw."""
        error = future.exception()
        if error is None:
            return future.result()
        self.failure = self.failure or error
        self.stop("a session could not be started for a reason that nobody foresaw")
        return None

    def _take(self, ended: Sequence[tuple[DispatchIntent, DispatchOutcome | None]]) -> None:
        self._results.outcomes += self._record([(intent, outcome) for intent, outcome in ended if outcome is not None])
        for intent, outcome in ended:
            self._starter.on_outcome(intent, outcome)

    def _record(self, ended: Sequence[tuple[DispatchIntent, DispatchOutcome]]) -> list[DispatchOutcome]:
        """Put outcomes on the ledger; returns what stands there."""
        outcomes = [outcome for _, outcome in ended]
        try:
            if outcomes:
                self._starter.recorder.record(outcomes)
        except LedgerNotWrittenError as error:
            self.failure = self.failure or error
        except PlaceTakenError:
            if len(ended) > 1:
                return [kept for item in ended for kept in self._record([item])]
            return [self._overtaken(*ended[0])]
        return outcomes

    def _overtaken(self, intent: DispatchIntent, ours: DispatchOutcome) -> DispatchOutcome:
        """Somebody settled this claim already. A session that is not the one on record is one too many: end it."""
        theirs = outcome_on_record(self._starter.recorder.ledger, ours)
        if ours.session_id and theirs.session_id != ours.session_id:
            try:
                self._starter.agents[intent.agent].stop(ours.session_id)
            except CodeqlFixerError as error:
                self.stop(f"session {ours.session_id} is one too many and could not be ended, end it by hand: {error}")
        return theirs
