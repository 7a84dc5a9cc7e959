"""What the index tells about triages, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.triage import TriagedTry, TriageStatus
from tests.records import (
    at,
    cycle,
    fingerprint,
    intent,
    outcome,
    pull_request_seen,
    scan,
    session_seen,
    triage,
    triage_outcome,
)

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect

WEEK = timedelta(days=7)


@pytest.fixture
def index(connect: Connect) -> SqlIndex:
    """An empty index."""
    return SqlIndex(connect())


def _learn(index: SqlIndex, *records: AnyRecord) -> None:
    ledger = MemoryLedger()
    ledger.append(records)
    catch_up(ledger, index)


def _points(index: SqlIndex, hours: float) -> dict[int, int]:
    return {int(one.fingerprint, 16): one.points for one in index.triaged_issues(at(hours))}


def test_triages__tell_how_far_each_is(index: SqlIndex) -> None:
    _learn(
        index,
        triage("t-1", 1, 1, 2),
        triage("t-2", 2, 2),
        outcome("t-2", 2, status=DispatchStatus.REFUSED, session=""),
        triage("t-3", 3, 1, account="mine"),
        outcome("t-3", 3, session="s-3"),
        triage_outcome("t-3", 4, {1: 9}),
    )

    told = {one.id: one for one in index.triages(at(0))}

    assert {name: (one.outcome, one.session_id, one.status) for name, one in told.items()} == {
        "t-1": (None, "", None),
        "t-2": (DispatchStatus.REFUSED, "", None),
        "t-3": (DispatchStatus.CREATED, "s-3", TriageStatus.ANSWERED),
    }
    assert (told["t-3"].agent, told["t-3"].account, told["t-3"].claimed_at) == ("devin", "mine", at(3))
    assert [one.id for one in index.triages(at(3))] == ["t-1", "t-2"]  # open ones are told always
    assert index.asked_in_triage("t-1") == (fingerprint(1), fingerprint(2))


def test_triaged_issues__are_open_ones_with_what_was_said_last(index: SqlIndex) -> None:
    _learn(
        index,
        scan("1", 0, 1, 2, 3, 4),
        triage("t-1", 1, 1, 2, 3, formula=0.25),
        triage_outcome("t-1", 2, {1: 10, 2: 20, 3: 30}),
        triage("t-2", 3, 1),
        triage_outcome("t-2", 4, {1: 90}),
        triage("t-3", 5, 1, 2),
        triage_outcome("t-3", 6, {}, status=TriageStatus.LATE),  # it takes nothing away
        scan("2", 7, 1, 2, 4),
    )

    assert _points(index, 0) == {1: 90, 2: 20}
    assert _points(index, 2) == {1: 90}
    assert _points(index, 4) == {}
    (second,) = [one for one in index.triaged_issues(at(0)) if one.points == 20]
    assert (second.repository, second.formula, second.at, second.agent) == ("acme/shop", 0.25, at(2), "devin")
    assert second.reason == "because"


def test_triaged_issues__do_not_depend_on_the_order_of_records(connect: Connect) -> None:
    records: list[AnyRecord] = [triage("t-1", 1, 1), outcome("t-1", 1), triage_outcome("t-1", 2, {1: 70})]
    found = set()
    for order in permutations(records):
        index = SqlIndex(connect())
        with index.writing() as writer:
            writer.clear()
        _learn(index, scan("1", 0, 1))
        with index.writing() as writer:
            for record in order:
                writer.add_fact(record)
            writer.set_position(replace(index.position(), tip="x"))
        found.add(repr((index.triages(at(0)), index.triaged_issues(at(0)), index.claims(at(0)))))

    assert len(found) == 1


def test_claims__a_triage_is_one_without_issues_that_ends_with_its_session(index: SqlIndex) -> None:
    begun: list[AnyRecord] = [triage("t-1", 1, 1, 2), outcome("t-1", 1, session="s-1")]
    _learn(index, *begun)
    (claim,) = index.claims(at(9))

    assert (claim.repository, claim.fingerprints, claim.family, claim.max_acu) == ("", (), "triage", 5)
    seen = replace(session_seen(SessionState.FINISHED, 2), acu_used=0.5, intent_id="t-1")
    ledger = MemoryLedger()
    ledger.append([*begun, cycle("c-1", 2, sessions=(seen,))])
    with index.writing() as writer:
        writer.clear()
    catch_up(ledger, index)

    assert index.claims(at(9)) == []
    assert [cost.acu_used for cost in index.session_costs(at(0))] == [0.5]
    assert index.session_ends(at(0)) == {}


def test_triaged_tries__take_the_last_triage_before_each_attempt(index: SqlIndex) -> None:
    def tried(name: str, hours: float, number: int, *, pull: int, state: PullRequestState) -> list[AnyRecord]:
        seen = pull_request_seen(state, hours + 1, intent_id=name, number=pull, session=f"s-{name}")
        end = session_seen(SessionState.FINISHED, hours + 1, f"s-{name}")
        return [
            intent(name, hours, number),
            outcome(name, hours, session=f"s-{name}"),
            cycle(f"c-{name}", hours + 1, sessions=(end,), pull_requests=(seen,)),
        ]

    _learn(
        index,
        scan("1", 0, 1, 2, 3),
        triage("t-1", 1, 1, 2),
        triage_outcome("t-1", 2, {1: 10, 2: 20}),
        triage("t-2", 3, 1),
        triage_outcome("t-2", 4, {1: 90}),
        *tried("i-1", 5, 1, pull=7, state=PullRequestState.MERGED),
        *tried("i-2", 5, 2, pull=8, state=PullRequestState.CLOSED),
        *tried("i-3", 5, 3, pull=9, state=PullRequestState.CLOSED),  # nobody said anything about it
        triage("t-3", 10, 1),
        triage_outcome("t-3", 11, {1: 0}),  # afterwards
        scan("2", 20, 2, 3),
    )

    assert index.triaged_tries(at(0), WEEK) == [
        TriagedTry(90, 0.5, is_fixed=True),
        TriagedTry(20, 0.5, is_fixed=False),
    ]
    assert index.triaged_tries(at(0), timedelta(hours=1)) == []
    assert index.triaged_tries(at(0), WEEK, "acme/other") == []
