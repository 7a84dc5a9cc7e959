"""When a session is sent back to its pull request, and when a person has to go on.

A round answers all that is new at a pull request by one message. Each review, failed check or verdict is in one round
only, whoever notices it how often.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.follow_up import MARKER, FollowUpStatus
from codeql_fixer.domain.pull_request import CheckState, ReviewState
from codeql_fixer.policy.claims import GRACE
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.pull_request_state import failures, objections

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from codeql_fixer.domain.feedback import Round, StillSeen
    from codeql_fixer.domain.pull_request import Check, Review

# After the first attempt that did not get through, the second, ...; then a person has to look.
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720))
_MOST_ATTEMPTS = len(_WAITS) + 1
# A check that has not ended for so long will not: what the others said is told without it.
_CHECKS_TAKE = timedelta(hours=2)
_DIGITS, _EVENT_DIGITS = 24, 20
_NO_SESSION = frozenset({DispatchStatus.REFUSED, DispatchStatus.RELEASED})


class Event(Struct, frozen=True):
    """Something that was said at a pull request; `is_call` when it alone is reason enough to answer."""

    key: str
    is_call: bool


class Tell(Struct, frozen=True, kw_only=True):
    """Tell the session these events now, in the `attempt`th attempt at a round."""

    round_id: str
    round: int
    attempt: int
    events: frozenset[str]


class Rest(Struct, frozen=True):
    """Nothing to do; before `until` where that is known."""

    until: datetime | None = None


class Ask(Struct, frozen=True, kw_only=True):
    """A person has to go on; `round` and `attempt` are those of the record that says so."""

    round_id: str
    round: int
    attempt: int
    reason: str


NextStep: TypeAlias = Tell | Rest | Ask


def round_id_of(repository: str, pull_request: int, number: int) -> str:
    """The id of a round: the same for whoever notices."""
    parts = (repository.lower(), str(pull_request), str(number))
    return f"f-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:_DIGITS]}"


def marker_of(round_id: str) -> str:
    """The word in a round's message by which it is known again."""
    return f"{MARKER}{round_id}"


def review_key(review: Review) -> str:
    """The name of a review as an event."""
    return _key("review", review.id)


def check_key(commit: str, check: Check) -> str:
    """The name of a failed check: the same commit may fail it again, and that is no news."""
    return _key("check", commit, check.name)


def verdict_key(seen: StillSeen) -> str:
    """The name of a verification that still sees issues."""
    return _key("verdict", seen.verification)


def _key(kind: str, *parts: str) -> str:
    return f"{kind}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:_EVENT_DIGITS]}"


def events_of(
    reviews: Sequence[Review],
    checks: Sequence[Check],
    still_seen: Iterable[StillSeen],
    *,
    head_commit: str,
    can_wait: bool,
) -> list[Event]:
    """All that could be answered, told already or not.

    Remarks go along with what calls for an answer; alone they are talk. Failed checks wait for the others on their
    commit while `can_wait`, so that one message has them all.
    """
    calls = {review.id for review in objections(reviews)}
    found = [
        Event(review_key(review), review.id in calls) for review in reviews if review.id in calls or _is_remark(review)
    ]
    is_complete = not any(check.state is CheckState.PENDING for check in checks)
    found += [Event(check_key(head_commit, check), is_complete or not can_wait) for check in failures(checks)]
    found += [Event(key, is_call=True) for key in dict.fromkeys(map(verdict_key, still_seen))]
    return found


def _is_remark(review: Review) -> bool:
    """Words of somebody who belongs to the repository; strangers' words reach no session."""
    return review.may_decide and review.state is ReviewState.COMMENTED and bool(review.body or review.comments)


def can_wait(moved_at: datetime | None, now: datetime) -> bool:
    """True while checks of a pull request that moved then may still be running."""
    return moved_at is not None and now - moved_at < _CHECKS_TAKE


def next_step(
    events: Sequence[Event], rounds: Sequence[Round], *, pull_request: tuple[str, int], most_rounds: int, now: datetime
) -> NextStep:
    """What to do about a pull request.

    Whoever claimed a round is left alone until the claim lapses and a message on its way has surely arrived; then
    whoever comes next looks for that message before sending it again.

    Args:
        events: all that could be answered.
        rounds: what was answered, in the order of their numbers.
        pull_request: its repository and number.
        most_rounds: after so many a person has to go on.
        now: the time.
    """
    last = rounds[-1] if rounds else None
    if last is not None and last.status is FollowUpStatus.ASKED:
        return Rest()
    if last is not None and _is_unfinished(last):
        standing = last.events & {event.key for event in events}
        if standing:
            return _again(last, standing, now)
    told = {key for one in rounds for key in one.events}
    fresh = [event for event in events if event.key not in told]
    if not any(event.is_call for event in fresh):
        return Rest()
    number = len(rounds) + 1
    round_id = round_id_of(*pull_request, number)
    if len(rounds) >= most_rounds:
        reason = f"its reviewers were answered {counted(most_rounds, 'time')}, and there is more to answer"
        return Ask(round_id=round_id, round=number, attempt=1, reason=reason)
    return Tell(round_id=round_id, round=number, attempt=1, events=frozenset(event.key for event in fresh))


def _is_unfinished(one: Round) -> bool:
    """True when nobody can say yet that the session heard it."""
    if one.status is FollowUpStatus.HANDED_OVER:
        return one.child in _NO_SESSION
    return one.status is None or one.status is FollowUpStatus.FAILED


def _again(last: Round, events: Collection[str], now: datetime) -> NextStep:
    """The next attempt at a round that did not get through, or of which nobody can say."""
    is_last = last.attempt >= _MOST_ATTEMPTS
    if last.status is None:
        until = (last.act_before or last.at) + GRACE
    else:
        until = last.at if is_last else last.at + _WAITS[last.attempt - 1]
    if now < until:
        return Rest(until)
    attempt = last.attempt + 1
    if is_last:
        reason = f"its session could not be told in {counted(last.attempt, 'attempt')}: {last.reason or 'no answer'}"
        return Ask(round_id=last.round_id, round=last.number, attempt=attempt, reason=reason)
    return Tell(round_id=last.round_id, round=last.number, attempt=attempt, events=frozenset(events))
