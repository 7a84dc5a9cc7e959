"""When a session is sent back to its pull request: one row per way to tell it twice, never, or for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.feedback import Round, StillSeen
from codeql_fixer.domain.follow_up import FollowUpStatus
from codeql_fixer.domain.pull_request import Check, CheckState, Review, ReviewComment, ReviewState
from codeql_fixer.policy.claims import GRACE
from codeql_fixer.policy.follow_up import (
    Ask,
    Event,
    Rest,
    Tell,
    can_wait,
    check_key,
    events_of,
    marker_of,
    next_step,
    review_key,
    round_id_of,
    verdict_key,
)
from tests.records import at

PLACE = ("acme/shop", 7)
FIRST, SECOND = round_id_of(*PLACE, 1), round_id_of(*PLACE, 2)
NEW, OLD, TALK = Event("review-new", is_call=True), Event("review-old", is_call=True), Event("talk", is_call=False)
SENT, FOUND, HANDED, FAILED, ASKED = FollowUpStatus
NOW = at(100)


def _round(number: int, *events: str, status: FollowUpStatus | None = SENT, **members: Any) -> Round:  # noqa: ANN401 - passed on
    chosen: dict[str, Any] = {"attempt": 1, "at": at(90), "act_before": at(91)}
    return Round(
        round_id=round_id_of(*PLACE, number),
        number=number,
        events=frozenset(events),
        status=status,
        **{**chosen, **members},
    )


def _tell(round_id: str, number: int, attempt: int, *events: str) -> Tell:
    return Tell(round_id=round_id, round=number, attempt=attempt, events=frozenset(events))


OLD_ROUND = _round(1, "review-old")
THREE = [_round(number, f"review-{number}") for number in (1, 2, 3)]
ROWS: dict[str, tuple[list[Event], list[Round], Any]] = {
    "nothing was said": ([], [], Rest()),
    "talk is no call": ([TALK], [], Rest()),
    "a call": ([NEW], [], _tell(FIRST, 1, 1, "review-new")),
    "talk goes along with a call": ([NEW, TALK], [], _tell(FIRST, 1, 1, "review-new", "talk")),
    "told already": ([OLD], [OLD_ROUND], Rest()),
    "found there already": ([OLD], [_round(1, "review-old", status=FOUND)], Rest()),
    "more was said since": ([OLD, NEW], [OLD_ROUND], _tell(SECOND, 2, 1, "review-new")),
    # somebody claimed it
    "being told": ([OLD], [_round(1, "review-old", status=None, act_before=NOW)], Rest(NOW + GRACE)),
    "being told, and more was said": (
        [OLD, NEW],
        [_round(1, "review-old", status=None, act_before=NOW)],
        Rest(NOW + GRACE),
    ),
    "whoever claimed it is dead": ([OLD], [_round(1, "review-old", status=None)], _tell(FIRST, 1, 2, "review-old")),
    "dead, and no time was given": (
        [OLD],
        [_round(1, "review-old", status=None, act_before=None)],
        _tell(FIRST, 1, 2, "review-old"),
    ),
    "dead, and it is settled meanwhile": ([], [_round(1, "review-old", status=None)], Rest()),
    "dead, settled, and more was said": (
        [NEW],
        [_round(1, "review-old", status=None)],
        _tell(SECOND, 2, 1, "review-new"),
    ),
    # it failed
    "failed just now": ([OLD], [_round(1, "review-old", status=FAILED, at=NOW)], Rest(NOW + timedelta(minutes=5))),
    "failed a while ago": ([OLD], [_round(1, "review-old", status=FAILED)], _tell(FIRST, 1, 2, "review-old")),
    "failed too often": (
        [OLD],
        [_round(1, "review-old", status=FAILED, attempt=7, reason="busy")],
        Ask(round_id=FIRST, round=1, attempt=8, reason="its session could not be told in 7 attempts: busy"),
    ),
    "never an answer": (
        [OLD],
        [_round(1, "review-old", status=None, attempt=7)],
        Ask(round_id=FIRST, round=1, attempt=8, reason="its session could not be told in 7 attempts: no answer"),
    ),
    # another session goes on
    "handed over": ([OLD], [_round(1, "review-old", status=HANDED)], Rest()),
    "handed over to one that is there": (
        [OLD],
        [_round(1, "review-old", status=HANDED, child=DispatchStatus.CREATED)],
        Rest(),
    ),
    "handed over to nobody": (
        [OLD],
        [_round(1, "review-old", status=HANDED, child=DispatchStatus.RELEASED)],
        _tell(FIRST, 1, 2, "review-old"),
    ),
    # often enough
    "as often as it may be": ([Event("review-3", is_call=True)], THREE, Rest()),
    "once more": (
        [NEW],
        THREE,
        Ask(
            round_id=round_id_of(*PLACE, 4),
            round=4,
            attempt=1,
            reason="its reviewers were answered 3 times, and there is more to answer",
        ),
    ),
    "a person was asked": ([NEW], [*THREE, _round(4, status=ASKED)], Rest()),
}


@pytest.mark.parametrize(("events", "rounds", "expected"), ROWS.values(), ids=ROWS.keys())
def test_next_step__tells_everything_once(events: list[Event], rounds: list[Round], expected: object) -> None:
    assert next_step(events, rounds, pull_request=PLACE, most_rounds=3, now=NOW) == expected


def _review(number: int, state: ReviewState, **members: Any) -> Review:  # noqa: ANN401 - passed on
    return Review(id=str(number), author=f"author {number}", state=state, at=at(number), **members)


def test_events_of__are_calls_and_what_goes_along() -> None:
    asks = _review(1, ReviewState.CHANGES_REQUESTED)
    remark = _review(2, ReviewState.COMMENTED, body="nice")
    on_line = _review(3, ReviewState.COMMENTED, comments=(ReviewComment(author="sam", body="here"),))
    others = [
        _review(4, ReviewState.APPROVED, body="yes"),
        _review(5, ReviewState.COMMENTED),
        # Strangers wake no session, and their words reach none.
        _review(6, ReviewState.CHANGES_REQUESTED, may_decide=False),
        _review(7, ReviewState.COMMENTED, body="ignore all that", may_decide=False),
    ]
    seen = [StillSeen(verification="v", fingerprint=name, verdict="moved") for name in "ab"]

    found = events_of([asks, remark, on_line, *others], [], seen, head_commit="c", can_wait=True)

    assert found == [
        Event(review_key(asks), is_call=True),
        Event(review_key(remark), is_call=False),
        Event(review_key(on_line), is_call=False),
        Event(verdict_key(seen[0]), is_call=True),
    ]


@pytest.mark.parametrize(
    ("others", "waits", "is_call"),
    [
        ((), True, True),
        ((CheckState.PASSED,), True, True),
        ((CheckState.PENDING,), True, False),  # one message has them all
        ((CheckState.PENDING,), False, True),  # it will not end any more
    ],
)
def test_events_of__checks_wait_for_each_other(others: tuple[CheckState, ...], *, waits: bool, is_call: bool) -> None:
    failed = Check(id="1", name="test", state=CheckState.FAILED)
    checks = [failed, *(Check(id=state, name=state, state=state) for state in others)]

    found = events_of([], checks, [], head_commit="c", can_wait=waits)

    assert found == [Event(check_key("c", failed), is_call=is_call)]


def test_check_key__is_the_same_when_the_same_commit_fails_it_again() -> None:
    first, again = (Check(id=number, name="test", state=CheckState.FAILED) for number in "12")

    assert check_key("c", first) == check_key("c", again) != check_key("d", again)


def test_can_wait__ends_two_hours_after_the_last_move() -> None:
    assert [can_wait(moved, at(10)) for moved in (None, at(7), at(9))] == [False, False, True]


def test_round_id_of__is_one_whoever_notices() -> None:
    assert round_id_of("Acme/Shop", 7, 1) == FIRST != round_id_of("acme/shop", 71, 1)
    assert marker_of(FIRST) == f"cqf-follow-up:{FIRST}"
