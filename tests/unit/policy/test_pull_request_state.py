"""What an open pull request needs next."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.cycle import PullRequestCondition
from codeql_fixer.domain.pull_request import Check, CheckState, Review, ReviewState
from codeql_fixer.policy.pull_request_state import condition_of, failures, objections
from tests.records import at

APPROVED, CHANGES, COMMENTED, DISMISSED = ReviewState
PENDING, PASSED, FAILED = CheckState


def _review(number: int, state: ReviewState, author: str = "sam") -> Review:
    return Review(id=str(number), author=author, state=state, at=at(number))


def _stranger(state: ReviewState) -> Review:
    return Review(id="9", author="mallory", state=state, at=at(9), may_decide=False)


def _check(state: CheckState, *, is_required: bool | None = None) -> Check:
    return Check(id="1", name="test", state=state, is_required=is_required)


ROWS: dict[str, tuple[tuple[Review, ...], tuple[Check, ...], bool, bool | None, str]] = {
    "nobody said anything": ((), (), False, None, "waiting"),
    "the forge does not know yet whether it can be merged": ((), (), False, None, "waiting"),
    "a remark decides nothing": ((_review(1, COMMENTED),), (), False, True, "waiting"),
    "what strangers ask for holds nothing up": ((_stranger(CHANGES),), (), False, True, "waiting"),
    "nor does their approval count": ((_stranger(APPROVED),), (), False, True, "waiting"),
    "a draft": ((), (), True, True, "draft"),
    "approved": ((_review(1, APPROVED),), (), False, True, "approved"),
    "approved, and then remarked upon": ((_review(1, APPROVED), _review(2, COMMENTED)), (), False, True, "approved"),
    "changes requested": ((_review(1, CHANGES),), (), False, True, "changes_requested"),
    "one approval does not outvote another one's objection": (
        (_review(1, CHANGES), _review(2, APPROVED, "kim")),
        (),
        False,
        True,
        "changes_requested",
    ),
    "the objection was settled": ((_review(1, CHANGES), _review(2, APPROVED)), (), False, True, "approved"),
    "the objection was dismissed": ((_review(1, CHANGES), _review(2, DISMISSED)), (), False, True, "waiting"),
    "a check fails": ((), (_check(FAILED),), False, True, "checks_failing"),
    "a check that nobody requires fails": ((), (_check(FAILED, is_required=False),), False, True, "waiting"),
    "a required check fails": ((), (_check(FAILED, is_required=True),), False, True, "checks_failing"),
    "checks run": ((), (_check(PENDING), _check(PASSED)), False, True, "waiting"),
    "people come before checks": ((_review(1, CHANGES),), (_check(FAILED),), False, True, "changes_requested"),
    "a conflict comes before all": ((_review(1, CHANGES),), (_check(FAILED),), True, False, "conflicting"),
}


@pytest.mark.parametrize(("reviews", "checks", "is_draft", "is_mergeable", "expected"), ROWS.values(), ids=ROWS.keys())
def test_condition_of__is_the_most_pressing(
    reviews: tuple[Review, ...],
    checks: tuple[Check, ...],
    *,
    is_draft: bool,
    is_mergeable: bool | None,
    expected: str,
) -> None:
    found = condition_of(reviews, checks, is_draft=is_draft, is_mergeable=is_mergeable)

    assert found is PullRequestCondition(expected)


def test_objections__are_all_that_stand_oldest_first() -> None:
    reviews = [
        _review(1, CHANGES),
        _review(2, APPROVED),
        _review(4, CHANGES),
        _review(5, CHANGES),
        _review(3, CHANGES, "kim"),
        _review(6, COMMENTED),
    ]

    assert [review.id for review in objections(reviews)] == ["3", "4", "5"]


def test_failures__leave_out_what_passes_and_what_nobody_requires() -> None:
    checks = [_check(PASSED), _check(FAILED, is_required=False), _check(FAILED), _check(PENDING)]

    assert failures(checks) == [_check(FAILED)]
