"""A small part of the matching benchmark, so that nobody makes the matcher worse without noticing."""

from __future__ import annotations

import pytest

from tests.bench.matching_bench import ALL, PRECISION, RECALL, Scores, scores_of
from tests.bench.matching_rivals import RIVALS
from tests.bench.matching_scans import repository_cases


@pytest.fixture(scope="module")
def scores() -> Scores:
    return scores_of(repository_cases(range(2000, 2001), ("JavaScript", "Go", "shop")))


def test_matching__reaches_its_aims_on_code_that_it_was_not_tuned_on(scores: Scores) -> None:
    assert scores.of().precision >= PRECISION
    assert scores.of().recall >= RECALL


def test_matching__hardly_ever_calls_gone_what_lives_on_when_the_change_is_known(scores: Scores) -> None:
    for known in ("change, source", "change, -"):
        assert scores.of(known=known).lost <= 0.01 * scores.of(known=known).true


def test_matching__tells_a_fix_from_a_new_finding_when_the_change_is_known(scores: Scores) -> None:
    for known in ("change, source", "change, -"):
        assert scores.of(known=known).kept <= 0.1 * scores.of(known=known).gone


@pytest.mark.parametrize("rival", RIVALS)
def test_matching__is_better_than_its_rivals(scores: Scores, rival: str) -> None:
    for mutation in scores.mutations():
        ours, theirs = scores.of(mutation), scores.of(mutation, ALL, rival)
        assert ours.balance >= theirs.balance - 0.01, mutation
