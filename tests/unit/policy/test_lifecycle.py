"""How far an issue is: one row per way in which systems of this kind have lied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Attempt, TrackedIssue
from codeql_fixer.policy.lifecycle import lifecycle_of
from codeql_fixer.policy.tracking import RepositoryIssues
from tests.records import at, fingerprint, issue_record, scan

if TYPE_CHECKING:
    from codeql_fixer.domain.scan_run import ScanRun

OPEN, MERGED, CLOSED = PullRequestState.OPEN, PullRequestState.MERGED, PullRequestState.CLOSED
CREATED, REFUSED = DispatchStatus.CREATED, DispatchStatus.REFUSED


def _issue(*runs: ScanRun) -> TrackedIssue:
    state = RepositoryIssues()
    for run in runs:
        state.fold(run)
    return state.issues[fingerprint(1)]


NEW = (scan("1", 0, 1),)
RECURRING = (*NEW, scan("2", 1, 1))
FIXED = (*RECURRING, scan("3", 10))
REGRESSED = (*FIXED, scan("4", 20, 1))
DOUBTED = (*NEW, scan("2", 1, scans=()))


def _attempt(
    hours: float = 2,
    outcome: DispatchStatus | None = CREATED,
    session: SessionState | None = None,
    *pulls: tuple[PullRequestState, float],
) -> Attempt:
    return Attempt(f"i-{hours}", at(hours), outcome, session, tuple((state, at(when)) for state, when in pulls))


def _reverted(hours: float) -> Attempt:
    """An attempt whose merged fix was taken back then."""
    return replace(_attempt(2, CREATED, None, (CLOSED, hours)), reverted_at=at(hours))


def _of_others(hours: float, state: PullRequestState) -> Attempt:
    """Somebody else's pull request."""
    return replace(_attempt(hours, CREATED, None, (state, hours)), is_ours=False)


ROWS = {
    # by scans alone
    "new": (NEW, (), "new"),
    "recurring": (RECURRING, (), "recurring"),
    "fixed without our doing": (FIXED, (), "fixed"),
    "regressed": (REGRESSED, (), "regressed"),
    # sessions
    "claimed, outcome not known yet": (NEW, (_attempt(outcome=None),), "session_dispatched"),
    "created, and nobody polled": (NEW, (_attempt(),), "session_dispatched"),
    "running": (NEW, (_attempt(2, CREATED, SessionState.WORKING),), "session_dispatched"),
    "blocked": (NEW, (_attempt(2, CREATED, SessionState.WAITING),), "session_dispatched"),
    "in a state that we do not know": (NEW, (_attempt(2, CREATED, SessionState.WORKING),), "session_dispatched"),
    "finished is not fixed": (RECURRING, (_attempt(2, CREATED, SessionState.FINISHED),), "recurring"),
    "failed": (RECURRING, (_attempt(2, CREATED, SessionState.FAILED),), "recurring"),
    "expired": (RECURRING, (_attempt(2, CREATED, SessionState.STOPPED),), "recurring"),
    "stopped for want of budget": (RECURRING, (_attempt(2, CREATED, SessionState.BUDGET_STOP),), "recurring"),
    "released": (RECURRING, (_attempt(2, DispatchStatus.RELEASED),), "recurring"),
    "refused": (RECURRING, (_attempt(2, REFUSED),), "recurring"),
    "failed four times": (
        RECURRING,
        tuple(replace(_attempt(n, CREATED, SessionState.FAILED), session_at=at(n)) for n in (2, 3, 4, 5)),
        "needs_human",
    ),
    "failed four times, and the fifth is at work": (
        RECURRING,
        (
            *(replace(_attempt(n, CREATED, SessionState.FAILED), session_at=at(n)) for n in (2, 3, 4, 5)),
            _attempt(6, CREATED, SessionState.WORKING),
        ),
        "session_dispatched",
    ),
    "ambiguous": (NEW, (_attempt(2, DispatchStatus.AMBIGUOUS),), "needs_human"),
    "the last attempt counts": (
        NEW,
        (_attempt(2, CREATED, SessionState.FAILED), _attempt(3, DispatchStatus.ADOPTED)),
        "session_dispatched",
    ),
    # pull requests
    "open": (RECURRING, (_attempt(2, CREATED, SessionState.FINISHED, (OPEN, 3)),), "pr_open"),
    "open, and a later attempt failed": (
        RECURRING,
        (_attempt(2, CREATED, None, (OPEN, 3)), _attempt(4, REFUSED)),
        "pr_open",
    ),
    "closed without a merge": (RECURRING, (_attempt(2, CREATED, None, (CLOSED, 3)),), "recurring"),
    "one closed, one open": (RECURRING, (_attempt(2, CREATED, None, (CLOSED, 3), (OPEN, 4)),), "pr_open"),
    "merged, not scanned since": (RECURRING, (_attempt(2, CREATED, None, (MERGED, 3)),), "pr_merged"),
    "merged, and a scan still finds it": (
        (*RECURRING, scan("3", 5, 1)),
        (_attempt(2, CREATED, None, (MERGED, 3)),),
        "recurring",
    ),
    "merged in vain, and tried again": (
        (*RECURRING, scan("3", 5, 1)),
        (_attempt(2, CREATED, None, (MERGED, 3)), _attempt(6, CREATED, SessionState.WORKING)),
        "session_dispatched",
    ),
    "merged in vain, tried again, and proposed": (
        (*RECURRING, scan("3", 5, 1)),
        (_attempt(2, CREATED, None, (MERGED, 3)), _attempt(6, CREATED, None, (OPEN, 7))),
        "pr_open",
    ),
    "merged, and gone": (FIXED, (_attempt(2, CREATED, None, (MERGED, 3)),), "verified_fixed"),
    "gone before the merge": (FIXED, (_attempt(2, CREATED, None, (MERGED, 11)),), "fixed"),
    "gone while the pull request is open": (FIXED, (_attempt(2, CREATED, None, (OPEN, 3)),), "fixed"),
    "gone again, and not by the fix that did not last": (
        (*REGRESSED, scan("5", 30)),
        (_attempt(2, CREATED, None, (MERGED, 3)), _attempt(21)),
        "fixed",
    ),
    # reverted
    "merged and taken back before any scan": (RECURRING, (_reverted(4),), "recurring"),
    "proved, and then taken back": (FIXED, (_reverted(11),), "recurring"),
    "taken back before it was gone": (FIXED, (_reverted(9),), "fixed"),
    "taken back, and another session is at work": (FIXED, (_reverted(11), _attempt(12)), "session_dispatched"),
    "taken back, and proposed anew": (FIXED, (_reverted(11), _attempt(12, CREATED, None, (OPEN, 13))), "pr_open"),
    "taken back, and merged anew": (FIXED, (_reverted(11), _attempt(12, CREATED, None, (MERGED, 13))), "fixed"),
    "taken back, and a scan reports it": (REGRESSED, (_reverted(11),), "regressed"),
    # a person is asked
    "a person has to go on with its pull request": (
        RECURRING,
        (replace(_attempt(2, CREATED, None, (OPEN, 3)), asked="too many rounds"),),
        "needs_human",
    ),
    "the person has merged it": (
        RECURRING,
        (replace(_attempt(2, CREATED, None, (MERGED, 3)), asked="too many rounds"),),
        "pr_merged",
    ),
    # by somebody else
    "somebody else's is open": (RECURRING, (_of_others(2, OPEN),), "pr_open"),
    "somebody else's is merged": (RECURRING, (_of_others(2, MERGED),), "pr_merged"),
    "somebody else's was given up": (NEW, (_of_others(2, CLOSED),), "new"),
    "somebody else's was given up while ours is at work": (
        NEW,
        (_attempt(1), _of_others(2, CLOSED)),
        "session_dispatched",
    ),
    "gone by somebody else's doing": (FIXED, (_of_others(2, MERGED),), "fixed"),
    # after a return, what was tried before says nothing
    "regressed after a merged fix": (
        REGRESSED,
        (_attempt(2, CREATED, None, (MERGED, 3)),),
        "regressed",
    ),
    "regressed, and tried again": (
        REGRESSED,
        (_attempt(2, CREATED, None, (MERGED, 3)), _attempt(21)),
        "session_dispatched",
    ),
}


@pytest.mark.parametrize(("runs", "attempts", "expected"), ROWS.values(), ids=ROWS)
def test_lifecycle_of(runs: tuple[ScanRun, ...], attempts: tuple[Attempt, ...], expected: str) -> None:
    state, _ = lifecycle_of(_issue(*runs), attempts)

    assert state == expected


def test_lifecycle_of__a_renamed_issue_is_no_trouble_any_more() -> None:
    old = scan("1", 0, issue_record(1, fingerprint="a" * 16), fingerprint_version=0)
    state = RepositoryIssues()
    for run in (old, scan("2", 1, issue_record(1, fingerprint="a" * 20), fingerprint_version=0)):
        state.fold(run)

    assert lifecycle_of(state.issues["a" * 16], ())[0] == "fixed"


@pytest.mark.parametrize(
    ("runs", "attempts", "reason"),
    [
        (NEW, (), ""),
        (DOUBTED, (), "CodeQL did not scan /language:python"),
        (DOUBTED, (_attempt(2, CREATED, None, (MERGED, 3)),), "CodeQL did not scan /language:python"),
        (RECURRING, (_attempt(2, CREATED, SessionState.FINISHED),), "finished without a pull request"),
        (RECURRING, (_attempt(2, REFUSED),), "no session could be started"),
        (RECURRING, (_attempt(2, CREATED, None, (CLOSED, 3)),), "closed without a merge"),
        ((*RECURRING, scan("3", 5, 1)), (_attempt(2, CREATED, None, (MERGED, 3)),), "still finds it"),
    ],
)
def test_lifecycle_of__gives_the_reason(runs: tuple[ScanRun, ...], attempts: tuple[Attempt, ...], reason: str) -> None:
    _, found = lifecycle_of(_issue(*runs), attempts)

    assert reason in found
    assert bool(found) == bool(reason)


def test_lifecycle_of__says_why_a_person_is_asked_and_whose_pull_request_is_open() -> None:
    asked = replace(_attempt(2, CREATED, None, (OPEN, 3)), asked="too many rounds")

    assert lifecycle_of(_issue(*RECURRING), [asked])[1] == "too many rounds"
    assert lifecycle_of(_issue(*RECURRING), [_of_others(2, OPEN)])[1] == "somebody else's pull request is open"
    assert lifecycle_of(_issue(*RECURRING), [_reverted(4)])[1] == "its fix was reverted"
    assert lifecycle_of(_issue(*FIXED), [_reverted(11)])[1] == "its fix was reverted"
