"""Issues whose code was edited or moved: they live on under another name, and nothing was fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codeql_fixer.domain.tracked import TrackedIssue, Tracking
from codeql_fixer.policy.tracking import RepositoryIssues
from tests.records import at, fingerprint, issue_record, scan

if TYPE_CHECKING:
    from codeql_fixer.domain.scan_run import IssueRecord, ScanRun

LINE = "0c2a6c2b67c016284bab"  # of the rule and the text of the line
OTHER_LINE = "5d11fe6be48f71f9cd2a"
MESSAGE = "This query depends on a user-provided value."


def _after(*runs: ScanRun) -> dict[str, TrackedIssue]:
    state = RepositoryIssues()
    for run in runs:
        state.fold(run)
    return state.issues


@pytest.mark.parametrize(
    ("was", "now"),
    [
        # the flagged line was edited: its hash is another one, message and place are the same
        (issue_record(1, message=MESSAGE, aliases=(LINE,)), issue_record(2, message=MESSAGE, aliases=(OTHER_LINE,))),
        # and it went down some lines besides
        (issue_record(1, message=MESSAGE, start_line=10), issue_record(2, message=MESSAGE, start_line=30)),
        # the file was moved: the line is the same
        (
            issue_record(1, message=MESSAGE, aliases=(LINE,)),
            issue_record(2, message=MESSAGE, aliases=(LINE,), file="a.py"),
        ),
        # the message names a variable that was renamed
        (issue_record(1, message="'query' is built from input"), issue_record(2, message="'sql' is built from input")),
    ],
)
def test_fold__an_edit_that_leaves_the_flaw_fixes_nothing(was: IssueRecord, now: IssueRecord) -> None:
    issues = _after(scan("1", 0, was), scan("2", 1, was), scan("3", 2, now))

    assert issues[fingerprint(1)].tracking is Tracking.RENAMED
    assert issues[fingerprint(1)].renamed_to == fingerprint(2)
    assert issues[fingerprint(2)].tracking is Tracking.RECURRING
    assert (issues[fingerprint(2)].first_seen_at, issues[fingerprint(2)].opened_at) == (at(0), at(0))
    assert issues[fingerprint(2)].appearances == 3
    assert fingerprint(1) in issues[fingerprint(2)].aliases


@pytest.mark.parametrize(
    "now",
    [
        issue_record(2, rule_id="py/path-injection"),  # another flaw
        issue_record(2, file="shop/orders.py", message="entirely other words"),  # another place
        issue_record(2, message="entirely other words", start_line=900),  # far away in the same file
    ],
)
def test_fold__another_finding_is_no_successor(now: IssueRecord) -> None:
    issues = _after(scan("1", 0, 1), scan("2", 1, now))

    assert (issues[fingerprint(1)].tracking, issues[fingerprint(2)].tracking) == (Tracking.FIXED, Tracking.NEW)


def test_fold__of_two_issues_the_one_without_a_successor_is_fixed() -> None:
    before = [issue_record(1, message=MESSAGE, start_line=10), issue_record(2, message=MESSAGE, start_line=200)]
    after = issue_record(3, message=MESSAGE, start_line=203)

    issues = _after(scan("1", 0, *before), scan("2", 1, after))

    assert [issue.tracking for issue in issues.values()] == [Tracking.FIXED, Tracking.RENAMED, Tracking.RECURRING]
    assert issues[fingerprint(2)].renamed_to == fingerprint(3)


def test_fold__what_was_seen_before_takes_over_nothing() -> None:
    issues = _after(scan("1", 0, 1, 2), scan("2", 1, 2))

    assert issues[fingerprint(1)].tracking is Tracking.FIXED


def test_fold__the_old_name_is_a_sighting_of_the_issue_as_it_is_called_now() -> None:
    edited = issue_record(2, message=MESSAGE)
    was = issue_record(1, message=MESSAGE)

    issues = _after(scan("1", 0, was), scan("2", 1, edited), scan("3", 2, was), scan("4", 3))

    assert issues[fingerprint(2)].appearances == 3
    assert [issue.tracking for issue in issues.values()] == [Tracking.RENAMED, Tracking.FIXED]


def test_fold__a_scan_without_a_say_renames_nothing() -> None:
    issues = _after(
        scan("1", 0, issue_record(1, message=MESSAGE)), scan("2", 1, issue_record(2, message=MESSAGE), scans=())
    )

    assert issues[fingerprint(1)].tracking is Tracking.NEW
    assert issues[fingerprint(1)].doubt


def test_fold__a_fix_that_regressed_stays_known_as_such_under_its_new_name() -> None:
    was, edited = issue_record(1, message=MESSAGE), issue_record(2, message=MESSAGE)

    issues = _after(scan("1", 0, was), scan("2", 1), scan("3", 2, was), scan("4", 3, edited))

    assert issues[fingerprint(2)].tracking is Tracking.REGRESSED
    assert issues[fingerprint(2)].opened_at == at(2)
