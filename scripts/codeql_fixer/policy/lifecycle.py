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
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from codeql_fixer.domain.tracked import Attempt, TrackedIssue

_AT_WORK = frozenset({SessionState.QUEUED, SessionState.WORKING, SessionState.WAITING})
_TAKEN_BACK = "its fix was reverted, and no scan has reported it since"
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
    merged_at = _last(_merged_at(attempt) for attempt in attempts)
    if issue.tracking is Tracking.FIXED and not _is_taken_back(issue, attempts, merged_at):
        ours = _last(_merged_at(attempt) for attempt in attempts if attempt.is_ours)
        is_our_doing = ours is not None and issue.fixed_at is not None and ours <= issue.fixed_at
        return (Lifecycle.VERIFIED_FIXED if is_our_doing else Lifecycle.FIXED), ""
    if merged_at and issue.last_seen_at <= merged_at and issue.tracking is not Tracking.FIXED:
        return Lifecycle.PR_MERGED, issue.doubt
    state, reason = _while_open(issue, attempts, merged_at)
    failures = failures_of(issue, tried)
    if state is not Lifecycle.SESSION_DISPATCHED and state is not Lifecycle.PR_OPEN and is_exhausted(failures):
        return Lifecycle.NEEDS_HUMAN, f"{len(failures)} attempts failed"
    return state, reason


def _while_open(issue: TrackedIssue, attempts: Sequence[Attempt], merged_at: datetime | None) -> tuple[Lifecycle, str]:
    """Nothing proves that it is gone; after a merge that did not do it, only later attempts say anything."""
    later = [attempt for attempt in attempts if merged_at is None or attempt.claimed_at > merged_at]
    proposed = [attempt for attempt in later if has_open_pull_request(attempt)]
    if proposed:
        asked = next((attempt.asked for attempt in reversed(proposed) if attempt.asked), "")
        return (Lifecycle.NEEDS_HUMAN if asked else Lifecycle.PR_OPEN), asked or _whose(proposed)
    later = [attempt for attempt in later if attempt.is_ours]  # what others gave up is no attempt of ours
    if merged_at and not later:
        return _by_scans(issue)[0], "a scan still finds it after its fix was merged"
    return _of_attempt(later[-1], issue) if later else _by_scans(issue)


def _of_attempt(attempt: Attempt, issue: TrackedIssue) -> tuple[Lifecycle, str]:
    if attempt.outcome is DispatchStatus.AMBIGUOUS:
        return Lifecycle.NEEDS_HUMAN, "nobody can tell whether a session was started"
    if attempt.outcome is DispatchStatus.REFUSED:
        return _by_scans(issue)[0], "no session could be started"
    if attempt.outcome is DispatchStatus.RELEASED:
        return _by_scans(issue)[0], "its claim ran out before anybody acted on it"
    if attempt.pull_requests:
        what = "the pull request was closed without a merge" if attempt.reverted_at is None else "its fix was reverted"
        return _by_scans(issue)[0], what
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
        case Tracking.FIXED:
            return Lifecycle.RECURRING, _TAKEN_BACK
        case Tracking.RENAMED:
            return Lifecycle.FIXED, ""
        case _:
            assert_never(issue.tracking)


def has_open_pull_request(attempt: Attempt) -> bool:
    """True while one is open that came of it."""
    return any(state is PullRequestState.OPEN for state, _ in attempt.pull_requests)


def _whose(attempts: Sequence[Attempt]) -> str:
    return "" if any(attempt.is_ours for attempt in attempts) else "somebody else's pull request is open"


def _is_taken_back(issue: TrackedIssue, attempts: Sequence[Attempt], merged_at: datetime | None) -> bool:
    """True when the fix that a scan proved was reverted, and none was merged since: the code is what it was before."""
    at = _last(attempt.reverted_at for attempt in attempts)
    return at is not None and (issue.fixed_at is None or issue.fixed_at < at) and (merged_at is None or merged_at < at)


def _last(times: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def _merged_at(attempt: Attempt) -> datetime | None:
    return max((at for state, at in attempt.pull_requests if state is PullRequestState.MERGED), default=None)
