"""Plans, how the fleet stands, and the snapshot of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.app.fleet_state import fleet_state
from codeql_fixer.app.indexed_issue import id_of, issue_of
from codeql_fixer.app.planner import definition_of
from codeql_fixer.app.snapshot import snapshot_of
from codeql_fixer.domain.objective import Objective
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from tests.records import at, cycle, fingerprint, intent, issue_record, outcome, scan, session_seen
from tests.unit.app.orchestrators import Orchestra, listed, registry

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord

SHOP, API = "acme/shop", "acme/api"
FEWER = Objective(name="fewer", target_severity=SeverityTier.HIGH, target_reduction_pct=50)

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord


def test_plan__claims_nothing() -> None:
    fleet = Orchestra(registry(listed(SHOP)), scan("1", 0, 1))
    tip = fleet.ledger.read_since("").tip

    first, second = fleet.plan(), fleet.plan()

    assert (first.dispatches, first.held) == (second.dispatches, second.held)
    assert fleet.ledger.read_since("").tip == tip


def test_plan__a_repository_that_left_the_registry_gets_nothing_and_what_it_has_counts() -> None:
    records: list[AnyRecord] = [scan("1", 0, 1), scan("1", 0, 1, target_repo=API)]
    at_work: list[AnyRecord] = [intent("i-1", 1, 1, target_repo=API), outcome("i-1", 1)]
    fleet = Orchestra(registry(listed(SHOP), max_parallel_sessions=1), *records, *at_work)

    planned = fleet.plan()

    assert planned.dispatches == ()
    assert [item.reason for item in planned.held] == ["1 session at the same time are the limit, and are at work"]


def test_plan__issues_in_no_file_do_not_wait_for_each_other() -> None:
    nowhere = [issue_record(number, file="", start_line=None, cwe_family=f"f-{number}") for number in (1, 2, 3)]
    fleet = Orchestra(registry(listed(SHOP)), scan("1", 0, *nowhere))
    fleet.learn(intent("i-1", 1, 1), outcome("i-1", 1))

    planned = fleet.plan()

    assert len(planned.dispatches) == 2


def test_plan__a_paused_fleet_is_not_walked_through() -> None:
    fleet = Orchestra(registry(listed(SHOP), paused="audit"), scan("1", 0, *range(1, 100)))

    planned = fleet.plan()

    assert [item.reason for item in planned.held] == ["paused: audit"]


def test_plan__of_some_repositories_reads_no_others() -> None:
    records = [scan("1", 0, *range(1, 100), target_repo=f"acme/r{number}") for number in range(9)]
    fleet = Orchestra(registry(listed(SHOP, *(f"acme/r{number}" for number in range(9)))), *records, only=[SHOP])
    fleet.learn(scan("1", 1, issue_record(1, severity_tier=SeverityTier.LOW)))

    assert fleet.sessions_of(fleet.plan()) == [SHOP]
    assert {one.repository for one in fleet.candidates()} == {SHOP}


def test_planner__an_objective_that_asks_for_something_else_has_a_baseline_of_its_own() -> None:
    other = Objective(name="fewer", target_severity=SeverityTier.HIGH, target_reduction_pct=60)

    assert definition_of(FEWER) != definition_of(other)


def test_snapshot__shows_what_was_tried_last_and_what_is_due() -> None:
    fleet = Orchestra(registry(listed(SHOP, API), objectives=(FEWER,)), scan("1", 0, 1, 2))
    fleet.learn(
        intent("i-1", 1, 1),
        outcome("i-1", 1),
        cycle("c", 2, sessions=(session_seen(SessionState.FAILED, 2),)),
        intent("i-2", 9, 1, 2),
    )

    found = snapshot_of(fleet.planner, fleet.author, fleet.planner.progresses(fleet.clock()))

    history = {row.fingerprint: (row.dispatch_count, row.last_outcome) for row in found.dispatch_history}
    assert history == {fingerprint(1): (2, "unknown"), fingerprint(2): (1, "unknown")}
    assert found.created_timestamps == (at(1), at(9))
    times = {row.target_repo: (row.last_scan, row.next_due) for row in found.scan_schedule}
    assert times == {SHOP: (at(0), at(24 * 7)), API: (None, None)}
    assert [(row.name, row.current_count, row.target_count) for row in found.objective_progress] == [("fewer", 2, None)]


def test_fleet_state__names_sessions_that_take_long_and_scans_the_soonest_first() -> None:
    fleet = Orchestra(registry(listed(SHOP, API), listed("acme/own", auto_scan=False)), scan("1", 0, 1, 2))
    fleet.learn(intent("i-1", 1, 1), outcome("i-1", 1), intent("i-2", 9.5, 2), outcome("i-2", 9.5, session="s-2"))

    state = fleet_state(fleet.planner, fleet.clock(), note="audit")

    assert {(one.session_id, one.is_overdue) for one in state.sessions} == {("s-1", True), ("s-2", False)}
    assert [(scan_.repository, scan_.is_due) for scan_ in state.scans] == [
        (API, True),
        (SHOP, False),
        ("acme/own", False),
    ]
    assert state.scans[1].at == at(0) + timedelta(days=7)
    assert state.paused == "audit"
    assert {limit.name for limit in state.limits} >= {"sessions in 24 h", "sessions at work"}


def test_indexed_issue__is_what_the_index_remembers() -> None:
    fleet = Orchestra(registry(listed(SHOP)), scan("1", 0, issue_record(1, file="", start_line=None)))
    [row] = fleet.index.issues(fingerprint(1))

    issue = issue_of(row.issue)

    assert (issue.finding.file, issue.finding.start_line) == ("", None)
    assert (issue.id, issue.severity.tier) == (id_of(row.issue), SeverityTier.HIGH)
