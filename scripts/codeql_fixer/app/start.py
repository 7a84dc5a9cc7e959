"""Starts the sessions of claims, some at a time, and records what became of each as soon as it is known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author, outcome_on_record
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.errors import (
    AgentDeniedError,
    AgentUnavailableError,
    BudgetStopError,
    LedgerNotWrittenError,
    PlaceTakenError,
    SessionRefusedError,
    SessionUnsettledError,
    UserError,
)
from codeql_fixer.ports.agent import Agent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.app.claiming import Claimed, Work
    from codeql_fixer.domain.session import SessionRequest

_ENOUGH = 4  # sessions; a share of fewer says nothing


class Results(Struct, frozen=True, kw_only=True):
    """What became of claims: outcomes on record, claims that others have to settle, and why no more were started."""

    outcomes: tuple[DispatchOutcome, ...] = ()
    unsettled: tuple[DispatchIntent, ...] = ()
    stopped: str = ""


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

    def start(self, claims: Sequence[Claimed], work: Work) -> Results:
        """Act on claims.

        Raises:
            LedgerNotWrittenError: all sessions were started; outcomes are kept, and can be found by their tags.
        """
        run = _Run(self)
        pool = ThreadPoolExecutor(max_workers=self.parallel, thread_name_prefix="start")
        running: dict[Future[DispatchOutcome | None], Claimed] = {}
        try:
            for item in claims:  # prompts are written here: what they are made from is not for several threads
                request = work.request(item.dispatch, item.intent)
                running[pool.submit(run.create, item.intent, request)] = item
            run.collect(running)
        except BaseException:
            run.stop("the run was interrupted")
            pool.shutdown(wait=True)  # a request on its way may have started a session already
            run.collect({future: item for future, item in running.items() if future not in run.seen})
            raise
        finally:
            pool.shutdown(wait=True)
        if run.unwritten:
            raise run.unwritten
        return Results(outcomes=tuple(run.outcomes), unsettled=tuple(run.unsettled), stopped=run.stopped)


class _Run:
    """One call of `start`: workers create, the caller's own thread records."""

    def __init__(self, starter: Starter) -> None:
        self._starter = starter
        self._is_stopped = threading.Event()
        self._lock = threading.Lock()
        self._tried = self._failed = 0
        self.stopped = ""
        self.outcomes: list[DispatchOutcome] = []
        self.unsettled: list[DispatchIntent] = []
        self.seen: set[Future[DispatchOutcome | None]] = set()
        self.unwritten: LedgerNotWrittenError | None = None

    def stop(self, reason: str) -> None:
        """Start no more."""
        self.stopped = self.stopped or reason
        self._is_stopped.set()

    def create(self, intent: DispatchIntent, request: SessionRequest) -> DispatchOutcome | None:
        """Create one session; None where others have to settle what became of it."""
        author = self._starter.author
        if self._is_stopped.is_set():
            return author.outcome(intent.id, DispatchStatus.RELEASED, reason=f"not started: {self.stopped}")
        agent = self._starter.agents.get(intent.agent)
        if agent is None:
            return author.outcome(intent.id, DispatchStatus.RELEASED, reason=f"there is no agent {intent.agent} here")
        if intent.act_before is not None and author.clock() >= intent.act_before:
            return None  # from now on others may look at it
        outcome = self._create(agent, intent, request)
        self._count(outcome)
        return outcome

    def _count(self, outcome: DispatchOutcome | None) -> None:
        """Stop when too many fail; counted where it happens, since the one who records may be behind."""
        with self._lock:
            self._tried += 1
            self._failed += outcome is not None and outcome.status is DispatchStatus.REFUSED
            if self._tried >= _ENOUGH and self._failed * 100 > self._starter.max_failure_rate * self._tried:
                self.stop(f"{self._failed} of {self._tried} sessions could not be started")

    def _create(self, agent: Agent, intent: DispatchIntent, request: SessionRequest) -> DispatchOutcome | None:
        author = self._starter.author
        try:
            created = agent.create(request)
        except SessionUnsettledError:
            return None
        except (AgentDeniedError, BudgetStopError) as error:
            self.stop(str(error))
            return author.outcome(intent.id, DispatchStatus.REFUSED, reason=str(error))
        except (SessionRefusedError, AgentUnavailableError, UserError) as error:
            return author.outcome(intent.id, DispatchStatus.REFUSED, reason=str(error))
        status = DispatchStatus.ADOPTED if created.was_there else DispatchStatus.CREATED
        return author.outcome(intent.id, status, session=(created.session_id, created.url))

    def collect(self, running: Mapping[Future[DispatchOutcome | None], Claimed]) -> None:
        """Record what has ended, all of it at once, until all have."""
        pending = set(running)
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            self.seen |= done
            self._take([(running[future].intent, future.result()) for future in done])

    def _take(self, ended: Sequence[tuple[DispatchIntent, DispatchOutcome | None]]) -> None:
        self.unsettled += [intent for intent, outcome in ended if outcome is None]
        self.outcomes += self._record([(intent, outcome) for intent, outcome in ended if outcome is not None])
        for intent, outcome in ended:
            self._starter.on_outcome(intent, outcome)

    def _record(self, ended: Sequence[tuple[DispatchIntent, DispatchOutcome]]) -> list[DispatchOutcome]:
        """Put outcomes on the ledger; returns what stands there."""
        outcomes = [outcome for _, outcome in ended]
        try:
            if outcomes:
                self._starter.recorder.record(outcomes)
        except LedgerNotWrittenError as error:
            self.unwritten = error
        except PlaceTakenError:
            if len(ended) > 1:
                return [kept for item in ended for kept in self._record([item])]
            return [self._overtaken(*ended[0])]
        return outcomes

    def _overtaken(self, intent: DispatchIntent, ours: DispatchOutcome) -> DispatchOutcome:
        """Somebody settled this claim already. A session that is not the one on record is one too many: end it."""
        theirs = outcome_on_record(self._starter.recorder.ledger, ours)
        if ours.session_id and theirs.session_id != ours.session_id:
            self._starter.agents[intent.agent].stop(ours.session_id)
        return theirs
