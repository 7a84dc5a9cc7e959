"""What an open pull request needs next, from what people and checks said at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.cycle import PullRequestCondition
from codeql_fixer.domain.pull_request import CheckState, ReviewState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.domain.pull_request import Check, Review

# A remark alone changes nothing about what its author decided before.
_DECISIONS = frozenset({ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED})


def condition_of(
    reviews: Sequence[Review], checks: Sequence[Check], *, is_draft: bool, is_mergeable: bool | None
) -> PullRequestCondition:
    """The most pressing of what is true. What the forge does not know yet is no conflict."""
    if is_mergeable is False:
        return PullRequestCondition.CONFLICTING
    if objections(reviews):
        return PullRequestCondition.CHANGES_REQUESTED
    if failures(checks):
        return PullRequestCondition.CHECKS_FAILING
    if is_draft:
        return PullRequestCondition.DRAFT
    if any(review.state is ReviewState.APPROVED for review in _last_words(reviews).values()):
        return PullRequestCondition.APPROVED
    return PullRequestCondition.WAITING


def objections(reviews: Sequence[Review]) -> list[Review]:
    """The reviews that ask for changes and still stand: their author has not approved since, and nobody dismissed.

    Those of strangers never do.
    """
    found: dict[str, list[Review]] = {}
    for review in reviews:
        if not review.may_decide:
            continue
        if review.state is ReviewState.CHANGES_REQUESTED:
            found.setdefault(review.author, []).append(review)
        elif review.state in _DECISIONS:
            found[review.author] = []  # what this author asked for before is settled
    standing = [review for some in found.values() for review in some]
    return sorted(standing, key=lambda review: (review.at, review.id))


def failures(checks: Iterable[Check]) -> list[Check]:
    """The checks that hold it up. One of which nobody knows whether it is required counts as if it were."""
    return [check for check in checks if check.state is CheckState.FAILED and check.is_required is not False]


def _last_words(reviews: Iterable[Review]) -> dict[str, Review]:
    """What each author decided last."""
    return {review.author: review for review in reviews if review.may_decide and review.state in _DECISIONS}
