"""What counts as a failed attempt, and how long an issue rests after it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.policy.cooldown import (
    DEFAULT_COOLDOWN,
    failed_attempts,
    failures_of,
    has_failed_after_merge,
    is_exhausted,
    rests_until,
)
from codeql_fixer.policy.tracking import RepositoryIssues
from tests.dispatching import attempt, tracked
from tests.records import at, fingerprint, scan

if TYPE_CHECKING:
    from codeql_fixer.domain.tracked import Attempt

OPEN, MERGED, CLOSED = PullRequestState.OPEN, PullRequestState.MERGED, PullRequestState.CLOSED
FINISHED = SessionState.FINISHED


@pytest.mark.parametrize(
    ("tried", "failed_at"),
    [
        (attempt(2), None),  # nobody asked about it yet
        (attempt(2, outcome=None), None),
        (attempt(2, session=SessionState.WORKING), None),
        (attempt(2, session=SessionState.WAITING), None),
        (attempt(2, session=FINISHED), 3),  # and no pull request
        (attempt(2, session=SessionState.FAILED), 3),
        (attempt(2, session=SessionState.STOPPED), 3),
        (attempt(2, session=SessionState.BUDGET_STOP), None),  # not the issue's fault
        (attempt(2, outcome=DispatchStatus.REFUSED), None),  # nor is this
        (attempt(2, outcome=DispatchStatus.RELEASED), None),
        (attempt(2, (OPEN, 4), session=FINISHED), None),
        (attempt(2, (CLOSED, 4), session=FINISHED), 4),
        (attempt(2, (CLOSED, 4), (OPEN, 5), session=FINISHED), None),
        (attempt(2, (MERGED, 4), session=FINISHED), 10),  # a scan at 10 still found it
        (attempt(2, (MERGED, 11), session=FINISHED), None),  # no scan since
        (attempt(2, (MERGED, 4), (OPEN, 5), session=FINISHED), None),
        (attempt(2, (CLOSED, 4), is_ours=False), None),  # somebody else gave up
    ],
)
def test_failures_of(tried: Attempt, failed_at: float | None) -> None:
    assert failures_of(tracked(1, seen=10), [tried]) == ([] if failed_at is None else [at(failed_at)])


def test_failures_of__what_was_tried_before_an_issue_came_back_does_not_count() -> None:
    state = RepositoryIssues()
    for run in (scan("1", 0, 1), scan("2", 10), scan("3", 20, 1)):
        state.fold(run)

    tried = [attempt(2, session=FINISHED), attempt(25, session=FINISHED)]
    assert failures_of(state.issues[fingerprint(1)], tried) == [at(26)]


def test_rests_until__longer_each_time_and_then_a_person_looks() -> None:
    failures = [at(0), at(100), at(300)]

    assert rests_until([]) is None
    assert [rests_until(failures[:count]) for count in (1, 2, 3)] == [at(24), at(172), at(468)]
    assert not is_exhausted(failures)
    assert is_exhausted([*failures, at(500)])
    assert len(DEFAULT_COOLDOWN) == 3


def test_rests_until__as_configured() -> None:
    assert rests_until([at(0)], [timedelta(hours=1)]) == at(1)
    assert rests_until([at(0)], []) is None
    assert is_exhausted([at(0)], [])


def test_failed_attempts__are_those_that_did_not_fix_it() -> None:
    tried = [attempt(2, session=FINISHED), attempt(30), attempt(40, session=SessionState.FAILED)]

    assert failed_attempts(tracked(1), tried) == [tried[0], tried[2]]


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        (attempt(2, (MERGED, 4)), True),
        (attempt(2, (MERGED, 11)), False),  # no scan since
        (attempt(2, (CLOSED, 4)), False),
        (attempt(2), False),
    ],
)
def test_has_failed_after_merge(tried: Attempt, *, expected: bool) -> None:
    assert has_failed_after_merge(tracked(1, seen=10), tried) is expected
    assert not has_failed_after_merge(None, tried)
