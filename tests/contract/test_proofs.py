"""Which merged fixes wait for a verdict: one suite for SQLite and for a real PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Tracking
from codeql_fixer.domain.verification import Verdict
from tests.records import (
    at,
    cycle,
    fingerprint,
    intent,
    issue_record,
    outcome,
    pull_request_seen,
    scan,
    session_seen,
    verification,
)

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect

MERGED = pull_request_seen(PullRequestState.MERGED, 3, intent_id="i-1")


@pytest.fixture
def index(connect: Connect) -> SqlIndex:
    """An empty index."""
    return SqlIndex(connect())


def _learn(index: SqlIndex, *records: AnyRecord) -> None:
    ledger = MemoryLedger()
    ledger.append(records)
    catch_up(ledger, index)


def _fix(*issues: int) -> list[AnyRecord]:
    """Issues found, claimed, and a pull request for them that was merged after three hours."""
    return [
        scan("1", 0, *issues),
        intent("i-1", 1, *issues),
        outcome("i-1", 1),
        cycle("c-1", 2, sessions=(session_seen(SessionState.FINISHED, 2),)),
        cycle("c-2", 3, pull_requests=(MERGED,)),
    ]


def test_unproved__waits_for_a_scan_after_the_merge(index: SqlIndex) -> None:
    _learn(index, *_fix(1))

    assert index.unproved() == []


def test_unproved__has_what_a_scan_after_the_merge_proved_to_be_gone_and_what_it_still_saw(index: SqlIndex) -> None:
    _learn(index, *_fix(1, 2), scan("2", 4, 2))

    found = index.unproved()

    assert [(one.fingerprint, one.issue.tracking) for one in found] == [
        (fingerprint(1), Tracking.FIXED),
        (fingerprint(2), Tracking.RECURRING),
    ]
    assert {(one.repository, one.number, one.intent_id, one.session_id) for one in found} == {
        ("acme/shop", MERGED.number, "i-1", "s-1")
    }
    assert {one.merged_at for one in found} == {at(3)}


def test_unproved__a_scan_before_the_merge_proves_nothing_about_it(index: SqlIndex) -> None:
    _learn(index, *_fix(1), scan("2", 2.5))

    assert index.unproved() == []


def test_unproved__a_scan_without_a_say_proves_nothing(index: SqlIndex) -> None:
    _learn(index, *_fix(1), scan("2", 4, scans=()))

    assert index.unproved() == []


def test_unproved__leaves_out_what_has_a_verdict_that_rests_on_a_scan_run(index: SqlIndex) -> None:
    done = replace(
        verification("v-1", 5, verdict=Verdict.VERIFIED_FIXED), scan_run_id="run", pull_request=MERGED.number
    )
    before = replace(done, id="v-2", scan_run_id="")  # of the pull request, before it was merged

    _learn(index, *_fix(1, 2), scan("2", 4), before, replace(done, id="v-3"))

    assert [one.fingerprint for one in index.unproved()] == [fingerprint(2)]


def test_unproved__follows_an_issue_to_its_new_name(index: SqlIndex) -> None:
    edited = issue_record(9, message="query 1 depends on input")

    _learn(index, *_fix(1), scan("2", 4, edited))

    [found] = index.unproved()
    assert (found.fingerprint, found.issue.fingerprint) == (fingerprint(1), fingerprint(9))
