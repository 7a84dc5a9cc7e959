"""Issues from scan to scan: what makes one new, recurring, fixed, regressed, and what changes nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.scan_run import FilterRecord, ScanRun, ScanScope, SetAsidePlace
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Tracking
from codeql_fixer.policy.comparability import ScanSay
from codeql_fixer.policy.ledger_paths import path_of
from codeql_fixer.policy.tracking import RepositoryIssues, order_of
from tests.records import RULE, SCAN, at, fingerprint, issue_record, scan

FILTERS = FilterRecord(severity_threshold=SeverityTier.LOW, include_paths=(), exclude_paths=(), languages=())


def _after(*runs: ScanRun) -> RepositoryIssues:
    state = RepositoryIssues()
    for run in runs:
        state.fold(run)
    return state


def _states(*runs: ScanRun) -> list[Tracking]:
    """The state of issue 1 after each of the runs."""
    state = RepositoryIssues()
    found = []
    for run in runs:
        state.fold(run)
        found.append(state.issues[fingerprint(1)].tracking)
    return found


def test_fold__follows_an_issue_through_its_life() -> None:
    runs = [
        scan("1", 0, 1),
        scan("2", 1, 1),
        scan("3", 2),
        scan("4", 3),
        scan("5", 4, 1),
        scan("6", 5, 1),
        scan("7", 6),
    ]

    states = _states(*runs)

    assert states == ["new", "recurring", "fixed", "fixed", "regressed", "regressed", "fixed"]
    issue = _after(*runs).issues[fingerprint(1)]
    assert (issue.appearances, issue.regressions) == (4, 1)
    assert (issue.first_seen_at, issue.last_seen_at, issue.opened_at, issue.fixed_at) == (at(0), at(5), at(4), at(6))
    assert (issue.first_run, issue.last_run, issue.fixed_run) == tuple(path_of(runs[place]) for place in (0, 5, 6))


def test_fold__returns_what_the_scan_saw_once_each() -> None:
    state = RepositoryIssues()

    seen = state.fold(scan("1", 0, 1, 2, 1))

    assert [(sighting.issue.fingerprint, sighting.start_line) for sighting in seen] == [
        (fingerprint(1), 2),
        (fingerprint(2), 3),
    ]
    assert state.issues[fingerprint(1)].appearances == 1


def test_fold__keeps_what_the_last_sighting_says() -> None:
    moved = issue_record(1, file="shop/new.py", start_line=99, severity_tier=SeverityTier.LOW, message="")

    issue = _after(scan("1", 0, 1), scan("2", 1, moved)).issues[fingerprint(1)]

    assert (issue.file, issue.start_line, issue.tier) == ("shop/new.py", 99, SeverityTier.LOW)
    assert issue.message == "query 1 depends on input"  # an imported record has none


UNCOMPARABLE = {
    "failed": ({"scans": (replace(SCAN, execution_successful=False),)}, "the scan did not succeed"),
    "without a list of results": ({"scans": (replace(SCAN, has_results=False),)}, "the scan did not succeed"),
    "with errors of its own": ({"scans": (replace(SCAN, tool_errors=1),)}, "the scanner reported errors of its own"),
    "by another tool": ({"scans": (replace(SCAN, tool="Semgrep"),)}, "CodeQL did not scan /language:python"),
    "of another language": ({"scans": (replace(SCAN, category="/language:go"),)}, "CodeQL did not scan"),
    "of nothing": ({"scans": ()}, "CodeQL did not scan"),
    "without the rule": ({"scans": (replace(SCAN, rule_ids=("py/xss",)),)}, "does not list the rule"),
    "with the rule switched off": ({"scans": (replace(SCAN, disabled_rules=(RULE,)),)}, "switched off"),
    "of changed lines only": ({"scans": (replace(SCAN, partial="it saw changed lines only"),)}, "changed lines only"),
    "above the threshold": (
        {"filters": replace(FILTERS, severity_threshold=SeverityTier.CRITICAL)},
        "did not look there (below_threshold)",
    ),
    "elsewhere": ({"filters": replace(FILTERS, include_paths=(("web/",),))}, "did not look there (not_included)"),
    "around it": ({"filters": replace(FILTERS, exclude_paths=(("shop/",),))}, "did not look there (excluded_by_path)"),
    "in another language": ({"filters": replace(FILTERS, languages=("go",))}, "did not look there (other_language)"),
    "by another algorithm": ({"fingerprint_version": 2}, "names issues by another algorithm"),
    "that set it aside": ({"set_aside": (SetAsidePlace(RULE, "shop/app.py"),)}, "set findings of this rule"),
}


@pytest.mark.parametrize(("members", "doubt"), UNCOMPARABLE.values(), ids=UNCOMPARABLE)
def test_fold__a_scan_that_has_no_say_fixes_nothing(members: dict[str, object], doubt: str) -> None:
    state = _after(scan("1", 0, 1), scan("2", 1, **members))

    issue = state.issues[fingerprint(1)]
    assert issue.tracking is Tracking.NEW
    assert doubt in issue.doubt
    state.fold(scan("3", 2))
    assert state.issues[fingerprint(1)].tracking is Tracking.FIXED
    assert not state.issues[fingerprint(1)].doubt


def test_fold__a_record_that_hides_what_it_set_aside_fixes_nothing() -> None:
    later = scan("2", 1)
    hiding = replace(later, set_aside=None, counts=replace(later.counts, suppressed=1))
    telling = replace(later, set_aside=None)

    assert "does not say" in _after(scan("1", 0, 1), hiding).issues[fingerprint(1)].doubt
    assert _states(scan("1", 0, 1), telling) == ["new", "fixed"]


@pytest.mark.parametrize("scope", [ScanScope.PULL_REQUEST, ScanScope.OTHER_BRANCH])
def test_fold__a_branch_changes_nothing(scope: ScanScope) -> None:
    state = _after(scan("1", 0, 1))

    seen = state.fold(scan("2", 1, 2, scope=scope))

    assert seen == []
    assert {name: issue.tracking for name, issue in state.issues.items()} == {fingerprint(1): Tracking.NEW}


@pytest.mark.parametrize("scope", [ScanScope.DEFAULT_BRANCH, ScanScope.UNKNOWN])
def test_fold__a_default_branch_counts(scope: ScanScope) -> None:
    assert _states(scan("1", 0, 1), scan("2", 1, scope=scope)) == ["new", "fixed"]


@pytest.mark.parametrize("evidence", [Evidence.LINE_NUMBER, Evidence.UNKNOWN])
def test_fold__a_fingerprint_that_moves_with_lines_proves_nothing_by_absence(evidence: Evidence) -> None:
    assert _states(scan("1", 0, issue_record(1, evidence=evidence)), scan("2", 1)) == ["new", "new"]


def test_fold__all_parts_of_a_scan_have_to_be_sound() -> None:
    """Parts of one scan share tool and category; the one that failed may have been the one to look there."""
    whole = (SCAN, replace(SCAN, rule_ids=("py/xss",)))
    failed = (SCAN, replace(SCAN, tool_errors=2))
    failed_elsewhere = (SCAN, replace(SCAN, tool_errors=2, rule_ids=("py/xss",)))
    silent = (SCAN, replace(SCAN, rule_ids=()))

    assert _states(scan("1", 0, 1), scan("2", 1, scans=whole)) == ["new", "fixed"]
    for scans in (failed, failed_elsewhere, silent):
        assert _states(scan("1", 0, 1), scan("2", 1, scans=scans)) == ["new", "new"]


def test_fold__a_scan_that_is_silent_about_many_has_to_say_it_twice() -> None:
    """Nothing else tells a scan of the wrong folder from one of mended code."""
    many, few = range(1, 11), range(1, 10)
    silent = {"scans": (replace(SCAN, results_read=0),)}

    first = _after(scan("1", 0, *many), scan("2", 1, **silent)).issues[fingerprint(1)]
    states = _states(scan("1", 0, *many), scan("2", 1, **silent), scan("3", 2, **silent))
    in_between = _states(scan("1", 0, *many), scan("2", 1, **silent), scan("3", 2, 1), scan("4", 3, **silent))

    assert (first.tracking, first.doubt[:34]) == ("new", "the scan reports nothing at all wh")
    assert states == ["new", "new", "fixed"]
    assert in_between == ["new", "new", "recurring", "fixed"]  # the others are gone by then, as a scan that saw 1 says
    assert _states(scan("1", 0, *few), scan("2", 1, **silent)) == ["new", "fixed"]
    assert _states(scan("1", 0, *many), scan("2", 1, 11, **silent))[-1] == "fixed"  # it did see something


def test_fold__of_findings_that_look_the_same_as_many_are_fixed_as_are_gone() -> None:
    three = [issue_record(number, occurrence=number) for number in (1, 2, 3)]

    state = _after(scan("1", 0, *three), scan("2", 1, *three[:2]))  # numbers move up, whichever was fixed

    assert [issue.tracking for issue in state.issues.values()] == ["recurring", "recurring", "fixed"]


OLD = "0c2a6c2b67c016284bab"


def _old(name: str, hours: float, *fingerprints: str) -> ScanRun:
    records = [issue_record(1, fingerprint=item, evidence=Evidence.UNKNOWN) for item in fingerprints]
    return scan(name, hours, *records, fingerprint_version=0)


def test_fold__a_longer_hash_makes_nothing_new() -> None:
    state = _after(_old("1", 0, OLD[:16]), _old("2", 1, OLD))

    assert state.issues[OLD].tracking is Tracking.RECURRING
    assert (state.issues[OLD].first_seen_at, state.issues[OLD].appearances) == (at(0), 2)
    assert (state.issues[OLD[:16]].tracking, state.issues[OLD[:16]].renamed_to) == (Tracking.RENAMED, OLD)


@pytest.mark.parametrize("length", [16, 20])
def test_fold__a_new_algorithm_makes_nothing_new(length: int) -> None:
    renamed = issue_record(5, aliases=(OLD,))

    state = _after(_old("1", 0, OLD[:length]), scan("2", 1, renamed))

    assert state.issues[fingerprint(5)].tracking is Tracking.RECURRING
    assert state.issues[OLD[:length]].tracking is Tracking.RENAMED


def test_fold__issues_that_shared_one_old_name_all_go_on() -> None:
    renamed = [issue_record(number, aliases=(OLD,)) for number in (5, 6)]

    state = _after(_old("1", 0, OLD), scan("2", 1, *renamed))

    assert [state.issues[fingerprint(number)].tracking for number in (5, 6)] == ["recurring", "recurring"]
    assert [state.issues[fingerprint(number)].first_seen_at for number in (5, 6)] == [at(0), at(0)]


def test_fold__an_old_name_is_a_sighting_of_all_that_it_may_mean() -> None:
    renamed = [issue_record(number, aliases=(OLD,)) for number in (5, 6)]

    state = _after(scan("1", 0, *renamed), _old("2", 1, OLD), _old("3", 2, OLD[:16]))

    assert set(state.issues) == {fingerprint(5), fingerprint(6)}
    assert [issue.appearances for issue in state.issues.values()] == [3, 3]


def test_fold__follows_a_chain_of_names() -> None:
    state = _after(_old("1", 0, OLD[:16]), _old("2", 1, OLD), scan("3", 2, issue_record(5, aliases=(OLD,))))
    assert [issue.renamed_to for issue in state.issues.values()] == [OLD, fingerprint(5), ""]

    state.fold(_old("4", 3, OLD[:16]))

    assert state.issues[fingerprint(5)].appearances == 4


def test_fold__a_name_whose_successor_does_not_know_it_still_leads_there() -> None:
    state = _after(_old("1", 0, OLD[:16]), _old("2", 1, OLD), scan("3", 2, issue_record(5, aliases=(OLD,))))
    reloaded = RepositoryIssues(replace(issue, aliases=()) for issue in state.issues.values())
    [sighting] = reloaded.fold(_old("4", 3, OLD[:16]))

    assert sighting.issue.fingerprint == fingerprint(5)


@pytest.mark.parametrize("count", [1, 2])
def test_fold__what_was_fixed_under_its_old_name_is_regressed_under_the_new(count: int) -> None:
    issue = issue_record(1, fingerprint=OLD)
    renamed = [issue_record(number, aliases=(OLD,)) for number in range(5, 5 + count)]

    state = _after(scan("1", 0, issue), scan("2", 1), scan("3", 2, *renamed, fingerprint_version=2))

    assert {state.issues[record.fingerprint].tracking for record in renamed} == {Tracking.REGRESSED}
    assert state.issues[fingerprint(5)].opened_at == at(2)


def test_fold__what_was_regressed_under_its_old_name_stays_so() -> None:
    issue = issue_record(1, fingerprint=OLD)
    runs = [scan("1", 0, issue), scan("2", 1), scan("3", 2, issue)]

    state = _after(*runs, scan("4", 3, issue_record(5, aliases=(OLD,)), fingerprint_version=2))

    assert (state.issues[fingerprint(5)].tracking, state.issues[fingerprint(5)].opened_at) == ("regressed", at(2))


def test_fold__what_is_open_under_one_old_name_was_not_fixed() -> None:
    other = "f" * 20
    one, two = issue_record(1, fingerprint=OLD), issue_record(1, fingerprint=other)

    state = _after(scan("1", 0, one, two), scan("2", 1, two), scan("3", 2, issue_record(5, aliases=(OLD, other))))

    assert (state.issues[fingerprint(5)].tracking, state.issues[fingerprint(5)].opened_at) == ("recurring", at(0))


def test_fold__two_old_names_for_one_issue_keep_the_earliest() -> None:
    other = "f" * 20
    both = issue_record(5, aliases=(OLD, other))

    state = _after(_old("1", 0, OLD), _old("2", 1, other), scan("3", 2, both))

    assert state.issues[fingerprint(5)].first_seen_at == at(0)


def test_fold__knows_no_scan_where_the_record_names_none() -> None:
    issue = _after(scan("1", 0, issue_record(1, scan=7))).issues[fingerprint(1)]

    assert (issue.tool, issue.category) == ("", "")
    assert ScanSay(scan("2", 1)).doubt(issue) == " did not scan"


def test_order_of__is_by_time_then_by_path() -> None:
    runs = [scan("2", 0), scan("1", 1), scan("1", 0)]

    assert [run.id[-1] + str(run.recorded_at.hour) for run in sorted(runs, key=order_of)] == ["10", "20", "11"]


def test_changed__holds_what_a_fold_touched() -> None:
    state = RepositoryIssues(_after(scan("1", 0, 1, 2)).issues.values())

    state.fold(scan("2", 1, 1, scans=()))

    assert set(state.changed) == {fingerprint(1), fingerprint(2)}
    again = RepositoryIssues(state.issues.values())
    again.fold(scan("3", 2, 1, scans=()))
    assert set(again.changed) == {fingerprint(1)}  # the doubt about 2 is the same as before
