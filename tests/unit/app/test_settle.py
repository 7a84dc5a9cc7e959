"""Claims of which nobody wrote what became of them, and sessions that nobody followed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.dispatch import Waves
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.errors import (
    SessionUnsettledError,
)
from codeql_fixer.policy.claims import GRACE, LEASE, PATIENCE
from codeql_fixer.policy.dispatching import Limits
from tests.agents import MemoryAgent
from tests.records import fingerprint, outcome, scan
from tests.unit.app.fleets import Fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.session import Session
    from codeql_fixer.ports.ledger import Changes, Conflict, Landed

FAILED = SessionState.FAILED


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Three issues that nobody has tried to fix."""
    return Fleet(tmp_path)


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


class _Hurried(MemoryLedger):
    """A ledger to which others write before whoever expects a state of it, so many times."""

    def __init__(self, ledger: MemoryLedger, times: int, others: Callable[[int], Sequence[AnyRecord]]) -> None:
        self._ledger, self._times, self._others = ledger, times, others

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        if expected_tip is not None and self._times:
            self._times -= 1
            self._ledger.append(self._others(self._times))
        return self._ledger.append(records, expected_tip=expected_tip)

    def read_since(self, tip: str, *, waiting: Collection[str] = ()) -> Changes:
        return self._ledger.read_since(tip, waiting=waiting)

    def pause(self) -> str | None:
        return None


class _Counted(MemoryAgent):
    """Counts how often it is asked about a tag."""

    asked = 0

    def find_by_tag(self, tag: str) -> list[Session]:
        self.asked += 1
        return super().find_by_tag(tag)


def _settled(fleet: Fleet, others: Callable[[int], Sequence[AnyRecord]]) -> tuple[_Counted, list[DispatchOutcome]]:
    agent = _Counted(fleet.clock)
    agent.sessions.update(fleet.agent.sessions)
    ledger = _Hurried(fleet.ledger, 5, others)
    settler = fleet.dispatcher(ledger=ledger, agents={"devin": agent}).settler
    return agent, settler.settle()


def test_settle__asks_once_however_often_others_write_first(fleet: Fleet) -> None:
    _left(fleet, "commit-then-silence")
    fleet.clock.now += LEASE + GRACE

    agent, outcomes = _settled(fleet, lambda number: [scan(f"x{number}", 9 - number, target_repo="acme/other")])

    assert ([item.status for item in outcomes], agent.asked) == ([DispatchStatus.ADOPTED], 1)
    assert fleet.statuses() == ["adopted"]


def test_settle__leaves_what_another_one_settled_meanwhile(fleet: Fleet) -> None:
    _left(fleet, "commit-then-silence")
    fleet.clock.now += LEASE + GRACE
    [intent] = fleet.records(DispatchIntent)

    agent, outcomes = _settled(fleet, lambda number: [outcome(intent.id, 12, session="s-1")] if number == 4 else [])

    assert (outcomes, agent.asked) == ([], 1)
    assert fleet.statuses() == ["created"]


def test_settle__asks_about_what_falls_due_meanwhile(fleet: Fleet) -> None:
    _left(fleet, "commit-then-silence")
    fleet.clock.now += LEASE + GRACE
    another = replace(fleet.records(DispatchIntent)[0], id="i-other", fingerprints=(fingerprint(2),))

    agent, outcomes = _settled(fleet, lambda number: [another] if number == 4 else [])

    assert sorted(item.status for item in outcomes) == [DispatchStatus.ADOPTED, DispatchStatus.RELEASED]
    assert agent.asked == 2


# --- observing


def test_observe__a_session_that_nobody_followed_ends_all_the_same(fleet: Fleet) -> None:
    fleet.dispatcher().run(fleet)
    fleet.dispatcher(Limits(max_sessions=0)).run(fleet)  # the first look
    fleet.clock.sleep(60)
    fleet.dispatcher(Limits(max_sessions=0)).run(fleet)  # by now they have ended

    assert [fleet.index.issues(fingerprint(number))[0].lifecycle for number in (1, 2, 3)] == ["pr_open"] * 3
    assert not any(claim.is_at_work for claim in fleet.index.claims(fleet.clock()))
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

    assert not any(claim.is_at_work for claim in fleet.index.claims(fleet.clock()))
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
