"""What scans since a merge prove about the issues that it was for."""

from __future__ import annotations

from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.merged_fix import MergedFix
from codeql_fixer.domain.tracked import TrackedIssue, Tracking
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.policy.proof.proving import proved
from tests.records import at, fingerprint


def _fix(name: int, tracking: Tracking, *, number: int = 7, now: int = 0, file: str = "shop/app.py") -> MergedFix:
    """The fix of an issue that was merged after an hour; a scan came after two."""
    is_gone = tracking is Tracking.FIXED
    issue = TrackedIssue(
        fingerprint(now or name),
        1,
        tracking,
        evidence=Evidence.LINE_HASH,
        occurrence=1,
        aliases=(),
        first_seen_at=at(0),
        first_run="first",
        last_seen_at=at(0 if is_gone else 2),
        last_run="before" if is_gone else "after",
        opened_at=at(0),
        rule_id="py/sql-injection",
        file=file,
        start_line=12 if file else None,
        fixed_at=at(2) if is_gone else None,
        fixed_run="after" if is_gone else "",
    )
    return MergedFix(
        repository="acme/shop",
        number=number,
        url="",
        merged_at=at(1),
        intent_id="i-1",
        session_id="s-1",
        fingerprint=fingerprint(name),
        issue=issue,
    )


def test_proved__what_is_gone_is_fixed_and_what_is_there_is_not() -> None:
    [found] = proved([_fix(2, Tracking.RECURRING), _fix(1, Tracking.FIXED)])

    assert found.scan_run == "after"
    assert [(one.fingerprint, one.verdict) for one in found.targets] == [
        (fingerprint(1), Verdict.VERIFIED_FIXED),
        (fingerprint(2), Verdict.STILL_PRESENT),
    ]
    assert found.targets[1].reasons == ("a scan after the merge reports it still, at shop/app.py:12",)


def test_proved__an_issue_that_lives_on_under_another_name_is_not_fixed() -> None:
    [found] = proved([_fix(1, Tracking.RECURRING, now=9)])

    [target] = found.targets
    assert (target.fingerprint, target.verdict) == (fingerprint(1), Verdict.STILL_PRESENT)
    assert fingerprint(9) in target.reasons[0]


def test_proved__of_two_issues_that_shared_a_name_the_one_that_is_there_counts() -> None:
    [found] = proved([_fix(1, Tracking.FIXED, now=8), _fix(1, Tracking.RECURRING, now=9)])

    assert [target.verdict for target in found.targets] == [Verdict.STILL_PRESENT]


def test_proved__each_pull_request_has_verdicts_of_its_own() -> None:
    found = proved([_fix(1, Tracking.FIXED, number=8), _fix(2, Tracking.FIXED, number=7)])

    assert [(one.fix.number, len(one.targets)) for one in found] == [(7, 1), (8, 1)]


def test_proved__a_finding_without_a_file_has_a_place_for_people() -> None:
    [found] = proved([_fix(1, Tracking.RECURRING, file="")])

    assert "(no file):?" in found.targets[0].reasons[0]


def test_proved__nothing_gives_nothing() -> None:
    assert proved([]) == []
