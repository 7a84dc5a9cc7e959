"""The use case around money: what is on the ledger, and what the agent was asked for, after every kind of run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.dispatch import Dispatcher, DispatchReport, Waves
from codeql_fixer.app.follow import Follower
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Starter
from codeql_fixer.domain.cycle import Cycle, DecisionAction
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.session import SessionRequest, SessionState
from codeql_fixer.errors import (
    AgentDeniedError,
    AgentUnavailableError,
    BudgetStopError,
    LedgerNotWrittenError,
    SessionRefusedError,
    SessionUnsettledError,
)
from codeql_fixer.policy.claims import GRACE, LEASE, PATIENCE
from codeql_fixer.policy.dispatching import CandidateIssue, Limits
from codeql_fixer.ports.ledger import Stored
from tests.agents import MemoryAgent
from tests.dispatching import REPOSITORY, candidate, route
from tests.records import PRODUCER, at, fingerprint, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.route import Route
    from codeql_fixer.domain.session import Session
    from codeql_fixer.policy.dispatching import Candidate, Dispatch
    from codeql_fixer.ports.ledger import Conflict, Landed

FAILED = SessionState.FAILED


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

    def candidates(self) -> Sequence[Candidate]:
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
            observer=Observer(index=self.index, agents=agents, recorder=recorder, author=author, tell=self.told.append),
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


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Three issues that nobody has tried to fix."""
    return Fleet(tmp_path)


# --- one run


def test_dispatch__claims_and_starts_once(fleet: Fleet) -> None:
    report = fleet.dispatcher().run(fleet)
    again = fleet.dispatcher().run(fleet)

    assert [item.has_session for item in report.started] == [True] * 3
    assert (again.started, {item.reason for item in again.held}) == ([], {"a claim for it is open"})
    assert len(fleet.agent.sessions) == len(fleet.records(DispatchIntent)) == 3
    assert fleet.statuses() == ["created"] * 3
    [cycle] = [record for record in fleet.records(Cycle) if record.decisions]
    assert {decision.action for decision in cycle.decisions} == {DecisionAction.DISPATCH}
    assert fleet.index.issues(fingerprint(1))[0].lifecycle == "session_dispatched"


def test_dispatch__records_why_an_agent_got_it(fleet: Fleet) -> None:
    fleet.dispatcher().run(fleet)

    intent = fleet.records(DispatchIntent)[0]
    assert (intent.agent, intent.reason, intent.complexity, intent.family) == (
        "devin",
        "no rule matches",
        "simple",
        "injection",
    )
    assert intent.act_before == at(10) + LEASE


def test_dispatch__claims_before_it_pays(fleet: Fleet) -> None:
    """Nothing is asked of the agent while the ledger cannot be written."""

    class _Broken(MemoryLedger):
        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if expected_tip is not None:
                raise LedgerNotWrittenError("no")
            return fleet.ledger.append(records)

        def read_since(self, tip: str, **options: Any) -> Any:  # noqa: ANN401 - passed on
            return fleet.ledger.read_since(tip, **options)

    with pytest.raises(LedgerNotWrittenError):
        fleet.dispatcher(ledger=_Broken()).run(fleet)

    assert fleet.agent.requests == []


def test_dispatch__decides_again_when_others_were_first(fleet: Fleet) -> None:
    class _Raced(MemoryLedger):
        """Another dispatcher claims and acts just before the first claim of this one lands."""

        is_first = True

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if expected_tip is not None and self.is_first:
                self.is_first = False
                other = Fleet.dispatcher(fleet, Limits(max_sessions=1))
                other.run(fleet)
            return fleet.ledger.append(records, expected_tip=expected_tip)

        def read_since(self, tip: str, **options: Any) -> Any:  # noqa: ANN401 - passed on
            return fleet.ledger.read_since(tip, **options)

    report = fleet.dispatcher(ledger=_Raced()).run(fleet)

    assert len(report.started) == 2
    assert len(fleet.agent.sessions) == len(fleet.records(DispatchIntent)) == 3


REFUSALS = {
    "refused": (SessionRefusedError("422"), "refused"),
    "unavailable": (AgentUnavailableError("503"), "refused"),
    "unsettled": (SessionUnsettledError("?"), None),
}


@pytest.mark.parametrize(("fault", "status"), REFUSALS.values(), ids=REFUSALS)
def test_dispatch__one_failure_stops_no_other(fleet: Fleet, fault: Exception, status: str | None) -> None:
    fleet.agent.faults = [fault]

    report = fleet.dispatcher(parallel=1).run(fleet)

    assert fleet.statuses() == sorted(["created", "created", *([status] if status else [])])
    assert [item.outcome is None for item in report.started].count(True) == (status is None)


STOPS = {
    "denied": (AgentDeniedError("401"), "401", True),
    "out of money": (
        BudgetStopError("402"),
        "the budget of devin is used up, which a person has to see to: 402",
        False,
    ),
}


@pytest.mark.parametrize(("fault", "stopped", "is_denied"), STOPS.values(), ids=STOPS)
def test_dispatch__stops_where_no_other_session_would_start(
    fleet: Fleet, fault: Exception, *, stopped: str, is_denied: bool
) -> None:
    fleet.agent.faults = [fault]

    report = fleet.dispatcher(parallel=1).run(fleet)

    assert fleet.statuses() == ["refused", "released", "released"]
    assert (report.stopped, report.summary().is_denied, len(fleet.agent.requests)) == (stopped, is_denied, 0)
    assert len(fleet.dispatcher().run(fleet).started) == 3  # nothing is owed: all can be tried again


def test_dispatch__stops_when_too_many_fail_to_start(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, issues=8)
    fleet.agent.faults = [SessionRefusedError("no")] * 8

    report = fleet.dispatcher(parallel=1, max_failure_rate=50).run(fleet)

    assert report.stopped == "4 of 4 sessions could not be started"
    assert fleet.statuses() == ["refused"] * 4 + ["released"] * 4
    assert fleet.agent.requests == []


def test_dispatch__keeps_outcomes_that_cannot_be_written(fleet: Fleet) -> None:
    class _Broken(MemoryLedger):
        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            raise LedgerNotWrittenError(f"no: {len(records)} {expected_tip}")

    report = DispatchReport()

    with pytest.raises(LedgerNotWrittenError, match="replay it"):
        fleet.dispatcher(outcomes=_Broken()).run(fleet, report)

    assert len(fleet.agent.sessions) == 3
    assert len(list(fleet.kept.read_since("").entries)) == 3
    assert report.summary().created == 3  # paid for, so it has to be told


TOO_MANY = {
    "1 of 1": (1, 1, 50, "1 of 1 session could not be started"),
    "2 of 3": (3, 2, 50, "2 of 3 sessions could not be started"),
    "1 of 2": (2, 1, 50, ""),
    "all, which is allowed": (2, 2, 100, ""),
}


@pytest.mark.parametrize(("issues", "failures", "rate", "stopped"), TOO_MANY.values(), ids=TOO_MANY)
def test_dispatch__says_when_too_many_failed(
    tmp_path: Path, issues: int, *, failures: int, rate: int, stopped: str
) -> None:
    fleet = Fleet(tmp_path, issues=issues)
    fleet.agent.faults = [AgentUnavailableError("503")] * failures

    report = fleet.dispatcher(parallel=1, max_failure_rate=rate).run(fleet)

    assert (report.stopped, report.summary().failed) == (stopped, failures)


def test_dispatch__broken_off_tells_what_was_started_and_gives_back_the_rest(fleet: Fleet) -> None:
    class _Broken:
        candidates, route = fleet.candidates, fleet.route

        def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
            if dispatch.candidate.key != "B1":
                raise KeyboardInterrupt
            return fleet.request(dispatch, intent)

    report = DispatchReport()

    with pytest.raises(KeyboardInterrupt):
        fleet.dispatcher(parallel=1).run(_Broken(), report)

    assert len(fleet.agent.sessions) == report.summary().created <= 1  # the first may have begun already
    assert len(fleet.statuses()) == 3
    fleet.dispatcher().run(fleet)
    assert len(fleet.agent.sessions) == 3


def test_dispatch__asks_only_agents_that_are_there(fleet: Fleet) -> None:
    fleet.dispatcher(agents={}).run(fleet)

    assert fleet.statuses() == ["released"] * 3


def test_dispatch__does_not_act_after_its_time(fleet: Fleet) -> None:
    """Rendering took longer than the claim lasts: from then on another may settle it."""

    class _Slow:
        candidates, route = fleet.candidates, fleet.route

        def request(self, dispatch: Dispatch, intent: DispatchIntent) -> SessionRequest:
            fleet.clock.now += LEASE
            return fleet.request(dispatch, intent)

    report = fleet.dispatcher(parallel=1).run(_Slow())

    assert fleet.agent.requests == []
    assert [item.outcome for item in report.started] == [None] * 3


# --- settling


def _left(fleet: Fleet, fault: Exception | str) -> None:
    fleet.agent.faults = [fault]
    fleet.dispatcher(Limits(max_sessions=1)).run(fleet)
    assert fleet.statuses() == []


def test_settle__waits_until_nobody_acts_any_more(fleet: Fleet) -> None:
    _left(fleet, SessionUnsettledError("?"))
    fleet.clock.now += LEASE + GRACE - timedelta(seconds=1)

    assert fleet.dispatcher(Limits(max_sessions=0)).run(fleet).settled == []


def test_settle__adopts_a_session_that_is_there(fleet: Fleet) -> None:
    _left(fleet, "commit-then-silence")
    fleet.clock.now += LEASE + GRACE

    report = fleet.dispatcher().run(fleet)

    assert [item.status for item in report.settled] == [DispatchStatus.ADOPTED]
    assert len(report.started) == 2
    assert len(fleet.agent.sessions) == 3


def test_settle__frees_issues_of_which_no_session_came(fleet: Fleet) -> None:
    _left(fleet, SessionUnsettledError("?"))
    fleet.clock.now += LEASE + GRACE

    report = fleet.dispatcher().run(fleet)

    assert [item.status for item in report.settled] == [DispatchStatus.RELEASED]
    assert sorted(item.intent.attempt for item in report.started) == [1, 1, 2]
    assert len(fleet.agent.sessions) == 3


def test_settle__two_sessions_are_for_a_person(fleet: Fleet) -> None:
    _left(fleet, "commit-then-silence")
    fleet.agent.create(fleet.agent.requests[0])
    fleet.clock.now += LEASE + GRACE

    report = fleet.dispatcher(Limits(max_sessions=1, max_at_work=100)).run(fleet)

    assert [(item.status, item.reason) for item in report.settled] == [
        (DispatchStatus.AMBIGUOUS, "several sessions bear its tag: s-1, s-2")
    ]
    assert [item.reason for item in report.held if item.action == "ask"] == [
        "nobody can tell whether a session was started for it"
    ]
    assert fleet.index.issues(fingerprint(1))[0].lifecycle == "needs_human"


def test_settle__an_agent_that_is_silent_for_a_day_is_for_a_person(fleet: Fleet) -> None:
    _left(fleet, SessionUnsettledError("?"))
    fleet.agent.is_reachable = False
    fleet.clock.now += LEASE + GRACE
    assert fleet.dispatcher(Limits(max_sessions=0)).run(fleet).settled == []
    assert "cannot be settled yet: the agent does not answer" in fleet.told[-1]

    fleet.clock.now += PATIENCE + timedelta(seconds=1)
    [outcome] = fleet.dispatcher(Limits(max_sessions=0)).run(fleet).settled

    assert outcome.status is DispatchStatus.AMBIGUOUS


# --- observing


def test_observe__a_session_that_nobody_followed_ends_all_the_same(fleet: Fleet) -> None:
    fleet.dispatcher().run(fleet)
    fleet.dispatcher(Limits(max_sessions=0)).run(fleet)  # the first look
    fleet.clock.sleep(60)
    fleet.dispatcher(Limits(max_sessions=0)).run(fleet)  # by now they have ended

    assert [fleet.index.issues(fingerprint(number))[0].lifecycle for number in (1, 2, 3)] == ["pr_open"] * 3
    assert fleet.index.claims(fleet.clock()) == []
    count = len(fleet.records(Cycle))
    fleet.dispatcher(Limits(max_sessions=0)).run(fleet)
    assert len(fleet.records(Cycle)) == count  # nothing has changed, so nothing is written


def test_observe__what_its_service_forgot_is_over_after_a_day(fleet: Fleet) -> None:
    fleet.dispatcher(Limits(max_sessions=1)).run(fleet)
    fleet.agent.sessions.clear()

    fleet.dispatcher(Limits(max_sessions=0)).run(fleet)
    assert len(fleet.index.claims(fleet.clock())) == 1
    fleet.clock.now += timedelta(days=1, seconds=1)
    fleet.dispatcher(Limits(max_sessions=0)).run(fleet)

    assert fleet.index.claims(fleet.clock()) == []
    assert fleet.index.issues(fingerprint(1))[0].lifecycle == "new"


def test_observe__an_agent_that_is_silent_says_nothing(fleet: Fleet) -> None:
    fleet.dispatcher(Limits(max_sessions=1)).run(fleet)
    fleet.agent.is_reachable = False
    fleet.clock.now += timedelta(days=2)

    fleet.dispatcher(Limits(max_sessions=0)).run(fleet)

    assert len(fleet.index.claims(fleet.clock())) == 1
    assert "does not say how its sessions are doing" in fleet.told[-1]


def test_settle__leaves_claims_of_another_account_alone(fleet: Fleet) -> None:
    """Asked in the wrong account, a service knows no such session, which says nothing."""
    _left(fleet, "commit-then-silence")
    fleet.clock.now += LEASE + GRACE
    other = MemoryAgent(fleet.clock)
    other.account = "another"

    report = fleet.dispatcher(Limits(max_sessions=0), agents={"devin": other}).run(fleet)

    assert report.settled == []
    assert "another account" in fleet.told[-1]


ODD_ADDRESSES = [
    "app.devin.ai/sessions/1",
    "https://user:pass@app.devin.ai/1",
    "https://x/" + "y" * 3000,
    "https://x/ y",
]


@pytest.mark.parametrize("url", ODD_ADDRESSES)
def test_dispatch__an_odd_address_is_left_out_of_the_record(tmp_path: Path, url: str) -> None:
    fleet = Fleet(tmp_path, issues=1)
    fleet.agent.address = lambda _: url

    fleet.dispatcher(waves=Waves(size=1, retries=0, threshold=0)).run(fleet)

    [outcome] = fleet.records(DispatchOutcome)
    assert (outcome.status, outcome.session_url) == (DispatchStatus.CREATED, "")
    assert all(seen.session_url == "" for record in fleet.records(Cycle) for seen in record.sessions)


def test_settle__an_odd_address_holds_nothing_up(fleet: Fleet) -> None:
    fleet.agent.address = lambda _: "app.devin.ai/sessions/1"
    _left(fleet, "commit-then-silence")
    fleet.clock.now += LEASE + GRACE

    assert [item.status for item in fleet.dispatcher().run(fleet).settled] == [DispatchStatus.ADOPTED]


def test_start__a_session_too_many_that_cannot_be_ended_is_told(fleet: Fleet) -> None:
    """Somebody settled the claim first, which the lease rules out, and the service does not let us end our session."""

    class _Settled(MemoryLedger):
        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            for record in records:
                if isinstance(record, DispatchOutcome):
                    settled = replace(record, status=DispatchStatus.RELEASED, session_id="", session_url="")
                    fleet.ledger.append([settled])
            fleet.agent.is_reachable = False
            return fleet.ledger.append(records, expected_tip=expected_tip)

        def read_under(self, prefix: str) -> Any:  # noqa: ANN401 - passed on
            return fleet.ledger.read_under(prefix)

    report = fleet.dispatcher(Limits(max_sessions=1), outcomes=_Settled()).run(fleet)

    assert "session s-1 is one too many and could not be ended" in report.stopped
    assert fleet.statuses() == ["released"]


# --- waves


def test_follow__keeps_what_it_saw_when_it_is_broken_off(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, ends=lambda request: SessionState.WORKING if request.prompt == "B3" else FAILED)
    dispatcher = fleet.dispatcher(waves=Waves(size=3, retries=0, threshold=0))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    follower = replace(dispatcher.follower, sleep=sleep)
    with pytest.raises(KeyboardInterrupt):
        replace(dispatcher, follower=follower).run(fleet)

    states = {seen.session_id: seen.state for record in fleet.records(Cycle) for seen in record.sessions}
    assert sorted(states.values()) == ["failed", "failed", "queued"]


def test_waves__end_when_the_budget_does(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, ends=lambda _: SessionState.BUDGET_STOP)

    report = fleet.dispatcher(waves=Waves(size=1, retries=3, threshold=50)).run(fleet)

    assert len(fleet.agent.requests) == 1
    assert report.stopped == "a session stopped for want of budget"


def test_waves__follow_each_session_to_its_end(fleet: Fleet) -> None:
    report = fleet.dispatcher(waves=Waves(size=2, retries=0, threshold=50)).run(fleet)

    assert (report.paused, len(report.sessions)) == ("", 3)
    assert fleet.index.pause_of(REPOSITORY) is None
    catch_up(fleet.ledger, fleet.index)
    assert [fleet.index.issues(fingerprint(number))[0].lifecycle for number in (1, 2, 3)] == ["pr_open"] * 3
    assert fleet.index.acu_by_family() == {"injection": (1.5, 1.5, 1.5)}


def test_waves__a_bad_wave_pauses_the_repository(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, ends=lambda request: FAILED if request.prompt in {"B1", "B2"} else SessionState.FINISHED)

    report = fleet.dispatcher(waves=Waves(size=2, retries=0, threshold=50)).run(fleet)
    again = fleet.dispatcher().run(fleet)

    assert report.paused == "0 of 2 sessions ended well, 50 % are needed"
    assert len(fleet.agent.requests) == 2
    assert {item.reason for item in again.held} == {f"paused: wave 1: {report.paused}"}


def test_waves__what_was_refused_did_not_end_badly(fleet: Fleet) -> None:
    fleet.agent.faults = [AgentUnavailableError("503")] * 20

    report = fleet.dispatcher(parallel=1, waves=Waves(size=2, retries=1, threshold=50)).run(fleet)

    assert (report.stopped, report.paused) == ("4 of 4 sessions could not be started", "")
    assert len(fleet.records(DispatchIntent)) == 4


def test_waves__keep_to_the_limit_of_the_repository(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, issues=5)

    report = fleet.dispatcher(Limits(max_per_repository=3), waves=Waves(size=2, retries=0, threshold=50)).run(fleet)

    assert len(report.started) == 3
    assert {item.reason for item in report.held} == {"the repository has its 3 sessions of this run"}


def test_waves__retry_what_failed_before_they_judge(tmp_path: Path) -> None:
    asked: list[str] = []

    def ends(request: SessionRequest) -> SessionState:
        asked.append(request.prompt)
        return FAILED if asked.count(request.prompt) == 1 else SessionState.FINISHED

    fleet = Fleet(tmp_path, ends=ends)

    report = fleet.dispatcher(waves=Waves(size=2, retries=1, threshold=100)).run(fleet)

    assert report.paused == ""
    assert sorted(asked) == ["B1", "B1", "B2", "B2", "B3", "B3"]
    assert sorted(item.intent.attempt for item in report.started) == [1, 1, 1, 2, 2, 2]


def test_waves__stop_a_session_that_takes_too_long(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, issues=1, ends=lambda _: SessionState.WORKING)
    foreign = fleet.agent.create(fleet.request_for("somebody-else"))

    report = fleet.dispatcher(waves=Waves(size=1, retries=0, threshold=50)).run(fleet)

    [ended] = report.sessions.values()
    assert (ended.state, ended.detail) == (SessionState.STOPPED, "stopped after 2 h")
    assert fleet.agent.get(foreign.session_id).state is SessionState.QUEUED  # what this run did not start


class _Restless(MemoryAgent):
    """An agent that does not answer every other look."""

    _looked = 0

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        self._looked += 1
        if self._looked % 2:
            raise AgentUnavailableError("the agent rests")
        return super().states(session_ids)


def test_waves__a_service_that_rests_says_nothing_about_its_sessions(fleet: Fleet) -> None:
    fleet.agent = _Restless(fleet.clock)

    report = fleet.dispatcher(waves=Waves(size=3, retries=0, threshold=50)).run(fleet)

    assert (report.paused, len(report.sessions)) == ("", 3)
