"""The use case around money: what is on the ledger, and what the agent was asked for, after every kind of run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.dispatch import DispatchReport
from codeql_fixer.app.start import described_outcome
from codeql_fixer.domain.cycle import Cycle, DecisionAction
from codeql_fixer.domain.dispatch import DispatchIntent
from codeql_fixer.domain.session import SessionRequest, SessionState
from codeql_fixer.errors import (
    AgentDeniedError,
    AgentUnavailableError,
    BudgetStopError,
    LedgerNotWrittenError,
    SessionRefusedError,
    SessionUnsettledError,
)
from codeql_fixer.policy.claims import LEASE
from codeql_fixer.policy.dispatching import Limits
from tests.records import at, fingerprint
from tests.unit.app.fleets import Fleet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.policy.dispatching import Dispatch
    from codeql_fixer.ports.ledger import Conflict, Landed

FAILED = SessionState.FAILED


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Three issues that nobody has tried to fix."""
    return Fleet(tmp_path)


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


def test_described_outcome__says_what_became_of_a_claim(fleet: Fleet) -> None:
    [started] = fleet.dispatcher(Limits(max_sessions=1)).run(fleet).started
    assert started.outcome is not None
    what = f"{started.intent.target_repo} B1 -> devin: "

    assert described_outcome(started.intent, started.outcome) == f"{what}created https://agent.example/s-1"
    assert described_outcome(started.intent, None) == f"{what}nobody can tell yet, the next run looks"
    refused = replace(started.outcome, session_url="", reason="no money")
    assert described_outcome(started.intent, refused) == f"{what}created no money"
    assert described_outcome(started.intent, replace(refused, reason="")) == f"{what}created"
