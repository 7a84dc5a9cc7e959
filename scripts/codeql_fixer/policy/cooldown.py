"""How long an issue rests after an attempt that did not fix it, and when only a person can help."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.session import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from codeql_fixer.domain.tracked import Attempt, TrackedIssue

# After the first, second and third failure; a fourth is for a person.
DEFAULT_COOLDOWN = (timedelta(hours=24), timedelta(hours=72), timedelta(days=7))
# A session that stopped for want of budget says nothing about the issue.
_FAILED = frozenset({SessionState.FINISHED, SessionState.FAILED, SessionState.STOPPED})


def attempts_since_opened(issue: TrackedIssue, attempts: Iterable[Attempt]) -> list[Attempt]:
    """The attempts that count: what was tried before a fixed issue came back says nothing about its return."""
    return [attempt for attempt in attempts if not issue.regressions or attempt.claimed_at >= issue.opened_at]


def failures_of(issue: TrackedIssue, attempts: Iterable[Attempt]) -> list[datetime]:
    """When each attempt turned out not to have fixed the issue, earliest first.

    A session that could not be started is none: it says nothing about the issue.
    """
    found = (_failed_at(issue, attempt) for attempt in attempts_since_opened(issue, attempts))
    return sorted(at for at in found if at is not None)


def failed_attempts(issue: TrackedIssue, attempts: Iterable[Attempt]) -> list[Attempt]:
    """Those of the attempts that turned out not to have fixed the issue."""
    return [attempt for attempt in attempts_since_opened(issue, attempts) if _failed_at(issue, attempt) is not None]


def has_failed_after_merge(issue: TrackedIssue | None, attempt: Attempt) -> bool:
    """True when the attempt's pull request was merged, and a scan still saw the issue after that."""
    merged = [at for state, at in attempt.pull_requests if state is PullRequestState.MERGED]
    return issue is not None and bool(merged) and issue.last_seen_at > max(merged)


def rests_until(failures: Sequence[datetime], cooldown: Sequence[timedelta] = DEFAULT_COOLDOWN) -> datetime | None:
    """When the next attempt may start; None at once. Not for issues that `is_exhausted`."""
    return failures[-1] + cooldown[len(failures) - 1] if failures and cooldown else None


def is_exhausted(failures: Sequence[datetime], cooldown: Sequence[timedelta] = DEFAULT_COOLDOWN) -> bool:
    """True when so many attempts failed that a person has to look."""
    return len(failures) > len(cooldown)


def _failed_at(issue: TrackedIssue, attempt: Attempt) -> datetime | None:
    if not attempt.is_ours:
        return None  # it cost us nothing
    if attempt.pull_requests:
        states = [state for state, _ in attempt.pull_requests]
        last = max(at for _, at in attempt.pull_requests)
        if all(state is PullRequestState.CLOSED for state in states):
            return last
        was_merged = PullRequestState.MERGED in states and PullRequestState.OPEN not in states
        return issue.last_seen_at if was_merged and issue.last_seen_at > last else None
    return attempt.session_at if attempt.session in _FAILED else None
