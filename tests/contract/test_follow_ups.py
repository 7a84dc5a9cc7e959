"""What every index knows of pull requests and of answers at them, in whatever order the records came."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cycle import PullRequestCondition, PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.feedback import Round, StillSeen
from codeql_fixer.domain.follow_up import FollowUpStatus
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.domain.verification import Verdict
from tests.records import (
    at,
    cycle,
    fingerprint,
    follow_up,
    follow_up_outcome,
    intent,
    outcome,
    pull_request_seen,
    scan,
    verification,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from codeql_fixer.domain.cycle import PullRequestObservation
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect

    Learn = Callable[..., None]

SHOP = "acme/shop"
OPEN, MERGED, CLOSED = PullRequestState.OPEN, PullRequestState.MERGED, PullRequestState.CLOSED


@pytest.fixture
def index(connect: Connect) -> SqlIndex:
    """An empty index."""
    return SqlIndex(connect())


@pytest.fixture
def learn(index: SqlIndex) -> Learn:
    """Puts records on a ledger and into the index."""
    ledger = MemoryLedger()

    def learned(*records: AnyRecord) -> None:
        ledger.append(records)
        catch_up(ledger, index)

    return learned


def _seen(state: PullRequestState, hours: float, **members: Any) -> PullRequestObservation:  # noqa: ANN401 - passed on
    return replace(pull_request_seen(state, hours, session="", intent_id="i-1"), **members)


def _open(hours: float = 2) -> AnyRecord:
    return cycle("open", hours, pull_requests=(_seen(OPEN, hours),))


def _state(index: SqlIndex, number: int = 1) -> tuple[Lifecycle, str]:
    [row] = index.issues(fingerprint(number), SHOP)
    return row.lifecycle, row.reason


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_rounds__are_as_their_last_attempt_left_them(index: SqlIndex, order: tuple[int, ...]) -> None:
    records = (
        _open(),
        follow_up(1, 3),
        follow_up(1, 5, attempt=2, events=("review-1", "review-2")),
        follow_up_outcome(1, 6, attempt=2),
    )
    with index.writing() as writer:
        for place in order:
            writer.add_fact(records[place])

    [found] = index.rounds()[SHOP, 7]
    assert found == Round(
        round_id="f-1",
        number=1,
        attempt=2,
        events=frozenset({"review-1", "review-2"}),
        at=at(6),
        act_before=at(6),
        status=FollowUpStatus.SENT,
    )


def test_rounds__come_in_order_and_only_while_the_pull_request_is_open(index: SqlIndex, learn: Learn) -> None:
    learn(_open(), follow_up(2, 4), follow_up(1, 3), follow_up_outcome(1, 3))
    assert [(one.number, one.status) for one in index.rounds()[SHOP, 7]] == [(1, FollowUpStatus.SENT), (2, None)]

    learn(cycle("closed", 5, pull_requests=(_seen(CLOSED, 5),)))

    assert index.rounds() == {}


def test_rounds__tell_what_became_of_the_session_that_goes_on(index: SqlIndex, learn: Learn) -> None:
    handed = follow_up_outcome(1, 4, status=FollowUpStatus.HANDED_OVER, follow_up_intent="i-2")
    released = outcome("i-2", 5, status=DispatchStatus.RELEASED, session="")
    learn(_open(), follow_up(1, 3), handed, intent("i-2", 4, 1, parent="i-1"))
    assert index.rounds()[SHOP, 7][0].child is None

    learn(released)

    assert index.rounds()[SHOP, 7][0].child is DispatchStatus.RELEASED


def test_lifecycle__a_person_is_asked_while_the_pull_request_is_open(index: SqlIndex, learn: Learn) -> None:
    asked = follow_up_outcome(4, 5, status=FollowUpStatus.ASKED, reason="enough")
    learn(scan("1", 0, 1), intent("i-1", 1, 1), outcome("i-1", 1), _open(), asked)
    assert _state(index) == (Lifecycle.NEEDS_HUMAN, "enough")

    learn(cycle("merged", 6, pull_requests=(_seen(MERGED, 6),)))

    assert _state(index)[0] is Lifecycle.PR_MERGED


def test_lifecycle__a_reverted_fix_is_none_until_a_scan_says_otherwise(index: SqlIndex, learn: Learn) -> None:
    merged = cycle("merged", 3, pull_requests=(_seen(MERGED, 3),))
    learn(scan("1", 0, 1), intent("i-1", 1, 1), outcome("i-1", 1), merged, scan("2", 10))
    assert _state(index)[0] is Lifecycle.VERIFIED_FIXED

    learn(cycle("revert", 12, pull_requests=(_seen(MERGED, 12, reverted_at=at(11), reverted_by=9),)))

    assert _state(index) == (Lifecycle.RECURRING, "its fix was reverted")
    assert index.pull_requests_of(SHOP)[0].is_reverted
    learn(cycle("seen", 13, pull_requests=(_seen(MERGED, 13),)))  # a later look loses nothing
    assert _state(index)[0] is Lifecycle.RECURRING
    [row] = index.issues(fingerprint(1), SHOP)
    assert "#7 was reverted by #9" in [event.text for event in index.history(row.issue.key)]
    learn(scan("3", 20, 1))
    assert _state(index)[0] is Lifecycle.REGRESSED


def test_lifecycle__the_pull_request_of_somebody_else_counts_for_the_issue_and_not_for_our_limits(
    index: SqlIndex, learn: Learn
) -> None:
    theirs = _seen(OPEN, 3, intent_id="", fingerprints=(fingerprint(1),))
    learn(scan("1", 0, 1, 2), cycle("theirs", 3, pull_requests=(theirs,)))

    assert _state(index) == (Lifecycle.PR_OPEN, "somebody else's pull request is open")
    assert _state(index, 2) == (Lifecycle.NEW, "")
    assert index.open_pull_requests() == {}
    [row] = index.issues(fingerprint(1), SHOP)
    [attempt] = index.attempts_at(row.issue.key)
    assert (attempt.is_ours, attempt.number, attempt.pull_requests) == (False, 0, ((OPEN, at(3)),))
    assert index.attempts(SHOP)[fingerprint(1)] == (attempt,)
    assert [one.number for one in index.pull_requests_to_watch()] == [7]


def test_linked_claims__are_all_that_were_named(index: SqlIndex, learn: Learn) -> None:
    by_session = cycle("s", 4, pull_requests=(pull_request_seen(OPEN, 4),))
    learn(intent("i-1", 1, 1), intent("i-2", 2, 1), outcome("i-2", 2), _open(), by_session)

    assert index.linked_claims() == {(SHOP, 7): ("i-1", "i-2")}


def test_pull_requests__are_as_they_were_seen_last(index: SqlIndex, learn: Learn) -> None:
    approved = _seen(OPEN, 3, condition=PullRequestCondition.APPROVED, head_commit="c0ffee")
    merged = _seen(
        MERGED, 5, number=8, merged_at=at(5), merge_commit="abcdef", url="https://github.com/acme/shop/pull/8"
    )
    learn(_open(), cycle("a", 3, pull_requests=(approved,)), cycle("m", 5, pull_requests=(merged,)))

    [open_one] = index.pull_requests_to_watch()
    assert (open_one.condition, open_one.head_commit) == (PullRequestCondition.APPROVED, "c0ffee")
    [found] = index.merged_pull_requests(at(4))
    assert (found.number, found.merge_commit, found.merged_at, found.is_reverted) == (8, "abcdef", at(5), False)
    assert index.merged_pull_requests(at(5)) == []
    assert [one.number for one in index.pull_requests_of("Acme/Shop")] == [7, 8]


def test_still_seen__is_what_the_last_verification_of_a_pull_request_says(index: SqlIndex, learn: Learn) -> None:
    first = replace(verification("v-1", 3, verdict=Verdict.STILL_PRESENT), pull_request=7)
    learn(_open(), first, verification("v-2", 4, verdict=Verdict.GAMED))

    [seen] = index.still_seen()[SHOP, 7]
    assert seen == StillSeen(
        verification="telemetry/verifications/acme/shop/2026/03/v-1.json",
        fingerprint=fingerprint(1),
        verdict="still_present",
    )
    learn(replace(verification("v-3", 5, verdict=Verdict.VERIFIED_FIXED), pull_request=7))
    assert index.still_seen() == {}
