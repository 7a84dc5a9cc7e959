"""An agent is asked how much issues matter: once, in one session, and what it says moves issues in the order."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.prompts.triage import TriageRenderer
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.decide_again import LedgerAsItWas
from codeql_fixer.app.fsck import fsck
from codeql_fixer.app.planner import Planner
from codeql_fixer.app.triage import Triager
from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit, Window
from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome, DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.triage import GivenScore, Triage, TriageAnswer, TriageOutcome, TriageStatus, Triaging
from codeql_fixer.errors import BudgetStopError, SessionUnsettledError
from codeql_fixer.policy.sla import DEFAULT_HOURS
from codeql_fixer.ports.agent import Capabilities
from tests.records import at, fingerprint, issue_record, scan, triage, triage_outcome
from tests.unit.app.orchestrators import Orchestra, OtherLedger, listed, registry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Conflict, Landed, Ledger

ON = Triaging(is_enabled=True)


class KilledError(BaseException):
    """Somebody killed this process."""


def _issues(count: int) -> list[AnyRecord]:
    """Issues that score alike, so that the order is that of their age: of one scan the first file comes first."""
    found = [
        issue_record(number, file=f"shop/app{number}.py", cwe_family=f"family-{number}")
        for number in range(1, count + 1)
    ]
    return [scan("1", 0, *found)]


def _fleet(count: int = 3, choice: Triaging = ON, **members: Any) -> Orchestra:  # noqa: ANN401 - passed on
    return Orchestra(registry(listed("acme/shop", batch_size=1), triage=choice, **members), *_issues(count))


def _triager(fleet: Orchestra, ledger: Ledger | None = None, **members: Any) -> Triager:  # noqa: ANN401 - passed on
    chosen: dict[str, Any] = {
        "ledger": ledger or fleet.ledger,
        "index": fleet.index,
        "agents": {"devin": fleet.agent},
        "planner": fleet.planner,
        "limits": fleet.limits(),
        "recorder": fleet.recorder(ledger),
        "writer": TriageRenderer(),
        "author": fleet.author,
        "tell": fleet.told.append,
    }
    return Triager(**{**chosen, **members})


def _answer(points: dict[int, float]) -> TriageAnswer:
    return TriageAnswer(
        scores=tuple(GivenScore(fingerprint=fingerprint(number), score=score) for number, score in points.items())
    )


def _answered(fleet: Orchestra, points: dict[int, float]) -> None:
    """Ask, and let the session come to its end."""
    fleet.agent.answer = _answer(points)
    _triager(fleet).run(fleet.work())
    for name in fleet.agent.sessions:
        fleet.agent.end(name)
    _triager(fleet).run(fleet.work())


def _order(fleet: Orchestra) -> list[int]:
    """The numbers of the issues in the order in which they get sessions."""
    catch_up(fleet.ledger, fleet.index)
    return [int(issue.fingerprint, 16) for item in fleet.plan().dispatches for issue in item.candidate.issues]


def test_run__asks_one_session_about_what_is_ready_with_a_claim_first() -> None:
    fleet = _fleet(3)

    _triager(fleet).run(fleet.work())

    (claim,) = fleet.records(Triage)
    (request,) = fleet.agent.requests
    (outcome,) = fleet.records(DispatchOutcome)
    assert [one.fingerprint for one in claim.issues] == [fingerprint(number) for number in (1, 2, 3)]
    assert request.tag == f"cqf:{claim.id}"
    assert request.is_triage
    assert (request.target_repo, request.secrets, request.max_acu) == ("", {}, 5)
    assert (outcome.id, outcome.status) == (claim.id, DispatchStatus.CREATED)
    assert not fleet.records(DispatchIntent)


def test_run__moves_issues_as_the_agent_says() -> None:
    fleet = _fleet(3)
    before = _order(fleet)

    _answered(fleet, {1: 0, 2: 50, 3: 100})

    (outcome,) = fleet.records(TriageOutcome)
    assert outcome.status is TriageStatus.ANSWERED
    assert before == [1, 2, 3]
    assert _order(fleet) == [3, 2, 1]
    first = fleet.plan().dispatches[0].candidate.score
    assert first is not None
    assert first.terms()["triage"] > 0


def test_plan__leaves_what_was_not_asked_about_where_the_formula_has_it() -> None:
    fleet = _fleet(4)

    _answered(fleet, {2: 0, 3: 100})

    assert _order(fleet) == [3, 1, 4, 2]


@pytest.mark.parametrize("choice", [Triaging(), Triaging(is_enabled=True, weight=0.0)])
def test_plan__is_the_formulas_while_triage_is_off_or_weighs_nothing(choice: Triaging) -> None:
    fleet = _fleet(3, choice)
    fleet.learn(triage("t-1", 1, 1, 2, 3), triage_outcome("t-1", 2, {1: 0, 2: 50, 3: 100}))

    assert _order(fleet) == [1, 2, 3]
    assert all("triage" not in item.candidate.score.terms() for item in fleet.plan().dispatches if item.candidate.score)


def test_plan__forgets_a_triage_after_a_week() -> None:
    fleet = _fleet(3)
    fleet.learn(triage("t-1", 1, 1, 3), triage_outcome("t-1", 2, {1: 0, 3: 100}))

    fleet.clock.now = at(2 + 24 * 7 - 0.1)
    young = _order(fleet)
    fleet.clock.now = at(2 + 24 * 7)
    old = _order(fleet)

    assert young == [3, 2, 1]
    assert old == [1, 2, 3]


def test_plan__offers_every_issue_once_also_of_one_family() -> None:
    found = [issue_record(number, file=f"shop/app{number}.py") for number in range(1, 10)]
    fleet = Orchestra(registry(listed("acme/shop", batch_size=2), triage=ON), scan("1", 0, *found))
    fleet.learn(triage("t-1", 1, 2, 5, 9), triage_outcome("t-1", 2, {2: 1, 5: 99, 9: 100}))

    offered = [[int(issue.fingerprint, 16) for issue in one.issues] for one in fleet.candidates()]

    assert offered == [[9, 5], [1, 3], [4, 6], [7, 8], [2]]


def test_plan__follows_from_the_records(tmp_path: Path) -> None:
    fleet = _fleet(3)
    _answered(fleet, {1: 0, 3: 100})
    tip = fleet.index.position().tip
    decided = _order(fleet)
    other = Orchestra(fleet.registry)
    other.clock.now = fleet.clock.now
    other.index = SqlIndex(SqliteDatabase(tmp_path / "again.sqlite"))
    other.planner = Planner(index=other.index, registry=fleet.registry, sla_hours=DEFAULT_HOURS)

    catch_up(LedgerAsItWas(fleet.ledger, tip), other.index)

    assert [
        int(issue.fingerprint, 16) for item in other.plan().dispatches for issue in item.candidate.issues
    ] == decided


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, TriageStatus.FAILED),  # nothing that has the form of an answer
        (_answer({99: 50}), TriageStatus.FAILED),
        (_answer({1: 101, 2: -1}), TriageStatus.FAILED),
    ],
)
def test_run__changes_nothing_when_the_whole_answer_is_bad(answer: TriageAnswer | None, status: TriageStatus) -> None:
    fleet = _fleet(3)
    fleet.learn(triage("t-0", -30, 1, 3), triage_outcome("t-0", -29, {1: 0, 3: 100}))  # an earlier one stays
    fleet.learn(scan("2", 1, *(issue_record(n, file=f"shop/app{n}.py", cwe_family=f"family-{n}") for n in range(1, 6))))
    fleet.agent.answer = answer

    _triager(fleet).run(fleet.work())
    fleet.agent.end("s-1")
    _triager(fleet).run(fleet.work())

    assert fleet.records(TriageOutcome)[-1].status is status
    assert _order(fleet)[0] == 3


def test_run__ends_a_session_that_takes_too_long_and_keeps_what_was_said_before() -> None:
    fleet = _fleet(5)
    fleet.learn(triage("t-0", -30, 1, 3), triage_outcome("t-0", -29, {1: 0, 3: 100}))
    fleet.agent = type(fleet.agent)(fleet.clock, lambda _: SessionState.WORKING)

    _triager(fleet).run(fleet.work())
    fleet.clock.sleep(3600)
    _triager(fleet).run(fleet.work())

    assert fleet.agent.sessions["s-1"].state is SessionState.STOPPED
    assert fleet.records(TriageOutcome)[-1].status is TriageStatus.LATE
    assert _order(fleet)[0] == 3


def test_run__killed_before_the_call_starts_one_session_in_all() -> None:
    fleet = _fleet(3)

    class Killed(OtherLedger):
        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            landed = super().append(records, expected_tip=expected_tip)
            if any(isinstance(record, Triage) for record in records):
                raise KilledError
            return landed

    with pytest.raises(KilledError):
        _triager(fleet, Killed(fleet.ledger)).run(fleet.work())
    _triager(fleet).run(fleet.work())  # it may still be acted on
    assert not fleet.agent.sessions
    fleet.clock.sleep(1300)
    fleet.dispatcher().settler.settle()
    _triager(fleet).run(fleet.work())

    assert sum(request.is_triage for request in fleet.agent.requests) == 1
    assert [one.status for one in fleet.records(TriageOutcome)] == [TriageStatus.FAILED]


@pytest.mark.parametrize("fault", ["killed", "silence"])
def test_run__killed_after_the_call_finds_its_session_by_its_tag(fault: str) -> None:
    fleet = _fleet(3)
    fleet.agent.answer = _answer({1: 1, 2: 2, 3: 3})

    class Killed(OtherLedger):
        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if any(isinstance(record, DispatchOutcome) for record in records):
                raise KilledError
            return super().append(records, expected_tip=expected_tip)

    if fault == "killed":
        with pytest.raises(KilledError):
            _triager(fleet, Killed(fleet.ledger)).run(fleet.work())
    else:
        fleet.agent.faults.append("commit-then-silence")
        _triager(fleet).run(fleet.work())
    fleet.clock.sleep(1300)
    for _ in range(3):
        fleet.runner(triager=_triager(fleet)).run(fleet.work())

    assert sum(request.is_triage for request in fleet.agent.requests) == 1
    assert [one.status for one in fleet.records(TriageOutcome)] == [TriageStatus.ANSWERED]


def test_run__of_two_at_once_one_asks() -> None:
    fleet = _fleet(3)

    class Overtaken(OtherLedger):
        """Before its claim somebody else's is there."""

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if any(isinstance(record, Triage) for record in records) and not fleet.records(Triage):
                self.ledger.append([triage("t-other", 10, 1, 2)])
            return super().append(records, expected_tip=expected_tip)

    _triager(fleet, Overtaken(fleet.ledger)).run(fleet.work())

    assert [claim.id for claim in fleet.records(Triage)] == ["t-other"]
    assert not fleet.agent.requests


def test_run__asks_again_after_its_time_about_what_was_not_answered() -> None:
    fleet = _fleet(4)
    _answered(fleet, {1: 10, 2: 20})

    fleet.clock.now += timedelta(hours=23)
    _triager(fleet).run(fleet.work())
    assert len(fleet.agent.requests) == 1
    fleet.clock.now += timedelta(hours=1)
    _triager(fleet).run(fleet.work())

    assert [one.fingerprint for one in fleet.records(Triage)[-1].issues] == [fingerprint(3), fingerprint(4)]


def _no_triage(fleet: Orchestra) -> Any:  # noqa: ANN401 - an agent
    fleet.agent.capabilities = Capabilities(is_paid=True, tells_cost=True, takes_messages=True, takes_attachments=True)
    return fleet.agent


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"paused": "holidays"}, ""),
        ({"max_acu_per_period": 4}, "no triage: 0 of 4 ACU are spent or promised"),
        (
            {"allowances": (Allowance(kind=ScopeKind.AGENT, unit=Unit.ACU, limit=4, name="devin", window=Window.DAY),)},
            "no triage: agent devin: 0 of 4 ACU per day are used or promised",
        ),
    ],
)
def test_run__asks_nobody_where_limits_leave_no_room(members: dict[str, Any], told: str) -> None:
    fleet = _fleet(3, **members)

    _triager(fleet).run(fleet.work())

    assert not fleet.records(Triage)
    assert fleet.told == ([told] if told else [])


def test_run__asks_nobody_who_cannot_answer_and_nothing_about_one_issue() -> None:
    fleet, alone = _fleet(3), _fleet(1)

    _triager(fleet, agents={"devin": _no_triage(fleet)}).run(fleet.work())
    _triager(alone).run(alone.work())

    assert fleet.told == ["warning: no triage: no agent that is set up here can say how much issues matter"]
    assert not fleet.records(Triage)
    assert not alone.records(Triage)


def test_run__a_refused_session_is_a_failed_triage() -> None:
    fleet = _fleet(3)
    fleet.agent.faults.append(BudgetStopError("no money"))

    _triager(fleet).run(fleet.work())
    _triager(fleet).run(fleet.work())

    assert [one.status for one in fleet.records(DispatchOutcome)] == [DispatchStatus.REFUSED]
    assert [one.status for one in fleet.records(TriageOutcome)] == [TriageStatus.FAILED]
    assert len(fleet.records(Triage)) == 1


def test_run__nobody_knows_and_the_agent_is_silent_for_a_day() -> None:
    fleet = _fleet(3)
    _triager(fleet).run(fleet.work())
    fleet.agent.is_reachable = False

    fleet.clock.sleep(3600)
    _triager(fleet).run(fleet.work())
    assert not fleet.records(TriageOutcome)
    fleet.clock.sleep(24 * 3600)
    _triager(fleet).run(fleet.work())

    assert fleet.records(TriageOutcome)[0].status is TriageStatus.FAILED


def test_claims__a_triage_counts_in_costs_and_limits_and_holds_no_issue() -> None:
    fleet = _fleet(3)
    _triager(fleet).run(fleet.work())
    catch_up(fleet.ledger, fleet.index)

    (claim,) = fleet.index.claims(at(0))
    (cost,) = fleet.index.session_costs(at(0))

    assert (claim.fingerprints, claim.max_acu, claim.is_at_work) == ((), 5, True)
    assert (cost.family, cost.repository, cost.max_acu) == ("triage", "", 5)
    assert fleet.index.session_ends(at(0)) == {}
    assert fleet.index.attempts("acme/shop") == {}
    assert _order(fleet) == [1, 2, 3]


def test_runner__triages_between_proof_and_dispatch_and_its_session_comes_to_an_end() -> None:
    fleet = _fleet(3)
    fleet.agent.answer = _answer({1: 1, 2: 50, 3: 99})

    for _ in range(3):
        report = fleet.runner(triager=_triager(fleet)).run(fleet.work())
        assert not report.problems
        fleet.clock.sleep(60)

    assert [one.status for one in fleet.records(TriageOutcome)] == [TriageStatus.ANSWERED]
    assert all(claim.repository for claim in fleet.index.claims(fleet.clock()) if claim.is_at_work)
    assert SeverityTier.HIGH in fleet.index.open_counts(fleet.clock())["acme/shop"]


def test_run__cannot_act_after_its_time() -> None:
    fleet = _fleet(3)

    class Slow(OtherLedger):
        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            landed = super().append(records, expected_tip=expected_tip)
            if any(isinstance(record, Triage) for record in records):
                fleet.clock.sleep(601)
            return landed

    _triager(fleet, Slow(fleet.ledger)).run(fleet.work())

    assert not fleet.agent.sessions


def test_run__an_unsettled_creation_leaves_the_claim_to_others() -> None:
    fleet = _fleet(3)
    fleet.agent.faults.append(SessionUnsettledError("no answer"))

    _triager(fleet).run(fleet.work())

    assert len(fleet.records(Triage)) == 1
    assert not fleet.records(DispatchOutcome)


@settings(max_examples=60)
@given(
    points=st.dictionaries(st.integers(1, 8), st.integers(0, 100)),
    weight=st.sampled_from([0.0, 0.3, 1.0]),
    batch_size=st.integers(1, 3),
    is_one_family=st.booleans(),
)
def test_candidates__are_all_issues_once_with_triaged_ones_in_the_order_of_their_scores(
    points: dict[int, int], weight: float, batch_size: int, *, is_one_family: bool
) -> None:
    found = [
        issue_record(number, file=f"shop/{number}.py", cwe_family="one" if is_one_family else f"family-{number % 3}")
        for number in range(1, 9)
    ]
    choice = Triaging(is_enabled=True, weight=weight)
    plain = Orchestra(registry(listed("acme/shop", batch_size=batch_size)), scan("1", 0, *found))
    fleet = Orchestra(registry(listed("acme/shop", batch_size=batch_size), triage=choice), scan("1", 0, *found))
    fleet.learn(triage("t-1", 1, *range(1, 9)), triage_outcome("t-1", 2, points))

    offered = fleet.candidates()

    assert sorted(issue.fingerprint for one in offered for issue in one.issues) == sorted(map(fingerprint, range(1, 9)))
    scores = [one.score.total for one in offered if one.score]
    assert scores == sorted(scores, reverse=True)
    if not weight or not points:
        assert offered == plain.candidates()


def test_fsck__knows_the_outcomes_of_triages() -> None:
    fleet = _fleet(3)
    _answered(fleet, {1: 1})

    assert fsck(fleet.ledger, fleet.clock())[1] == []

    fleet.learn(triage_outcome("t-9", 1, {1: 1}))
    assert [fault.problem.rpartition(": ")[2] for fault in fsck(fleet.ledger, fleet.clock())[1]] == [
        "is the outcome of a triage that is not there"
    ]
