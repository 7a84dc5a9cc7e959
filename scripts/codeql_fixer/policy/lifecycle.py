"""How far an issue is: the most advanced state that the facts prove (docs/ARCHITECTURE.md, "Lifecycle of an issue").

Dismissals are not here, since they run out: whoever asks knows the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Lifecycle, Tracking
from codeql_fixer.policy.cooldown import attempts_since_opened, failures_of, is_exhausted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from codeql_fixer.domain.tracked import Attempt, TrackedIssue

_AT_WORK = frozenset({SessionState.QUEUED, SessionState.WORKING, SessionState.WAITING})
_ENDED = {
    SessionState.FINISHED: "the session finished without a pull request",
    SessionState.FAILED: "the session failed",
    SessionState.STOPPED: "the session was stopped",
    SessionState.BUDGET_STOP: "the session stopped for want of budget",
}


def lifecycle_of(issue: TrackedIssue, tried: Sequence[Attempt]) -> tuple[Lifecycle, str]:
    """The state of an issue and the reason for it, "" where the state says it all.

    Args:
        issue: as the scans know it.
        tried: all attempts to fix it, in the order of their claims.
    """
    attempts = attempts_since_opened(issue, tried)
    merged_at = max((at for attempt in attempts if (at := _merged_at(attempt))), default=None)
    if issue.tracking is Tracking.FIXED:
        is_our_doing = merged_at is not None and issue.fixed_at is not None and merged_at <= issue.fixed_at
        return (Lifecycle.VERIFIED_FIXED if is_our_doing else Lifecycle.FIXED), ""
    if merged_at and issue.last_seen_at <= merged_at:
        return Lifecycle.PR_MERGED, issue.doubt
    state, reason = _while_open(issue, attempts, merged_at)
    failures = failures_of(issue, tried)
    if state is not Lifecycle.SESSION_DISPATCHED and state is not Lifecycle.PR_OPEN and is_exhausted(failures):
        return Lifecycle.NEEDS_HUMAN, f"{len(failures)} attempts failed"
    return state, reason


def _while_open(issue: TrackedIssue, attempts: Sequence[Attempt], merged_at: datetime | None) -> tuple[Lifecycle, str]:
    """Nothing proves that it is gone; after a merge that did not do it, only later attempts say anything."""
    later = [attempt for attempt in attempts if merged_at is None or attempt.claimed_at > merged_at]
    if merged_at and not later:
        return _by_scans(issue)[0], "a scan still finds it after its fix was merged"
    if any(state is PullRequestState.OPEN for attempt in later for state, _ in attempt.pull_requests):
        return Lifecycle.PR_OPEN, ""
    return _of_attempt(later[-1], issue) if later else _by_scans(issue)


def _of_attempt(attempt: Attempt, issue: TrackedIssue) -> tuple[Lifecycle, str]:
    if attempt.outcome is DispatchStatus.AMBIGUOUS:
        return Lifecycle.NEEDS_HUMAN, "nobody can tell whether a session was started"
    if attempt.outcome is DispatchStatus.REFUSED:
        return _by_scans(issue)[0], "no session could be started"
    if attempt.outcome is DispatchStatus.RELEASED:
        return _by_scans(issue)[0], "its claim ran out before anybody acted on it"
    if attempt.pull_requests:
        return _by_scans(issue)[0], "the pull request was closed without a merge"
    if attempt.outcome is None or attempt.session is None or attempt.session in _AT_WORK:
        return Lifecycle.SESSION_DISPATCHED, ""
    return _by_scans(issue)[0], _ENDED[attempt.session]


def _by_scans(issue: TrackedIssue) -> tuple[Lifecycle, str]:
    match issue.tracking:
        case Tracking.NEW:
            return Lifecycle.NEW, issue.doubt
        case Tracking.RECURRING:
            return Lifecycle.RECURRING, issue.doubt
        case Tracking.REGRESSED:
            return Lifecycle.REGRESSED, issue.doubt
        case Tracking.FIXED | Tracking.RENAMED:
            return Lifecycle.FIXED, ""
        case _:
            assert_never(issue.tracking)


def _merged_at(attempt: Attempt) -> datetime | None:
    return max((at for state, at in attempt.pull_requests if state is PullRequestState.MERGED), default=None)
