"""One repository for tests of dispatching: a ledger, an index and an agent in memory, and a time that moves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.dispatch import Dispatcher, Waves
from codeql_fixer.app.follow import Follower
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Starter
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.domain.session import SessionRequest, SessionState
from codeql_fixer.policy.dispatching import CandidateIssue, Limits
from codeql_fixer.ports.ledger import Stored
from tests.agents import MemoryAgent
from tests.dispatching import REPOSITORY, candidate, route
from tests.records import PRODUCER, at, fingerprint, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.route import Route
    from codeql_fixer.policy.dispatching import Candidate, Dispatch, Facts


class Clock:
    """A time that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = at(10)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.now.timestamp()


class Fleet:
    """A ledger with one repository, an index, an agent, and issues in batches of one."""

    def __init__(
        self, folder: Path, issues: int = 3, ends: Callable[[SessionRequest], SessionState] | None = None
    ) -> None:
        self.clock = Clock()
        self.ledger = MemoryLedger()
        self.ledger.append([scan("1", 0, *range(1, issues + 1))])
        self.index = SqlIndex(SqliteDatabase(folder / "index.sqlite"))
        catch_up(self.ledger, self.index)
        self.kept = MemoryLedger()
        self.agent = MemoryAgent(self.clock, ends)
        self.numbers = range(1, issues + 1)
        self.told: list[str] = []

    def candidates(self, facts: Facts, limits: Limits) -> Sequence[Candidate]:
        del facts, limits
        attempts = self.index.attempts(REPOSITORY)
        rows = {number: self.index.issues(fingerprint(number), REPOSITORY)[0] for number in self.numbers}
        return [
            candidate(
                f"B{number}",
                CandidateIssue(
                    id=f"CQLF-R1-{number:04}",
                    fingerprint=fingerprint(number),
                    tracked=row.issue,
                    lifecycle=row.lifecycle,
                    dismissed_until=row.dismissed_until,
                    attempts=attempts.get(fingerprint(number), ()),
                ),
            )
            for number, row in rows.items()
        ]

    def route(self, candidate: Candidate, number: int) -> Route:
        del candidate, number
        return route()

    def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
        return self.request_for(intent.id, dispatch.candidate.key)

    def request_for(self, intent_id: str, prompt: str = "") -> SessionRequest:
        return SessionRequest(
            intent_id=intent_id, target_repo=REPOSITORY, title="t", prompt=prompt, family="injection", targets=()
        )

    def dispatcher(self, limits: Limits | None = None, waves: Waves | None = None, **members: Any) -> Dispatcher:  # noqa: ANN401 - passed on
        author = Author(producer=PRODUCER, run_id="7", clock=self.clock)
        ledger = members.pop("ledger", self.ledger)
        agents = members.pop("agents", {"devin": self.agent})
        recorder = Recorder(ledger=members.pop("outcomes", ledger), kept=self.kept, replay="replay it")
        starting = {"parallel": 2, "max_failure_rate": 50, **members}
        return Dispatcher(
            settler=Settler(ledger=ledger, index=self.index, agents=agents, author=author, tell=self.told.append),
            watchers=(
                Observer(index=self.index, agents=agents, recorder=recorder, author=author, tell=self.told.append),
            ),
            claimer=Claimer(
                ledger=ledger, index=self.index, agents=agents, author=author, monotonic=self.clock.monotonic
            ),
            starter=Starter(agents=agents, recorder=recorder, author=author, on_outcome=lambda *_: None, **starting),
            follower=Follower(
                agents=agents,
                recorder=recorder,
                author=author,
                sleep=self.clock.sleep,
                poll_seconds=30,
                time_limit=timedelta(hours=2),
                on_session=lambda _: None,
            ),
            limits=limits or Limits(),
            waves=waves,
            on_step=lambda _: None,
        )

    def records(self, kind: type[AnyRecord]) -> list[Any]:
        entries = [entry for entry in self.ledger.read_since("").entries if isinstance(entry, Stored)]
        return [entry.record for entry in entries if isinstance(entry.record, kind)]

    def statuses(self) -> list[str]:
        return sorted(record.status for record in self.records(DispatchOutcome))
