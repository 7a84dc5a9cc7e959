"""What a session may cost, and what is promised already."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.policy.budget import UNLIMITED, committed, session_budget
from tests.dispatching import claim

CREATED, REFUSED = DispatchStatus.CREATED, DispatchStatus.REFUSED
FINISHED = SessionState.FINISHED


@pytest.mark.parametrize(
    ("cap", "before", "budget"),
    [
        (None, (1, 1, 1), None),  # the service decides
        (10, (), 10),
        (10, (1, 1), 10),  # too few to tell
        (10, (2, 2, 4), 3),
        (10, (2.1, 2.1, 2.1), 4),  # rounded up
        (10, (20, 20, 20), 10),  # never more than the cap
        (10, (0.1, 0.1, 0.1), 1),
    ],
)
def test_session_budget(cap: int | None, before: tuple[float, ...], budget: int | None) -> None:
    assert session_budget(cap, before) == budget


@pytest.mark.parametrize(
    ("cap", "before", "budget"),
    [
        (None, (), UNLIMITED),
        (None, (1, 1, 1), UNLIMITED),  # one that would be cut short costs as much, and fixes nothing
        (None, (20, 20, 20), 30),
        (10, (20, 20, 20), 10),
    ],
)
def test_session_budget__of_one_that_has_to_have_a_limit(
    cap: int | None, before: tuple[float, ...], budget: int
) -> None:
    assert session_budget(cap, before, is_limited=True) == budget


@given(cap=st.integers(1, 1000), before=st.lists(st.floats(0.01, 1e6), max_size=9))
def test_session_budget__is_between_one_and_the_cap(cap: int, before: list[float]) -> None:
    assert 1 <= (session_budget(cap, before) or 0) <= cap


def test_committed__counts_what_may_still_be_spent() -> None:
    claims = [
        claim("i-1", 0, 1, max_acu=5),  # nobody knows what became of it
        claim("i-2", 0, 2, max_acu=5, outcome=REFUSED),
        claim("i-3", 0, 3, max_acu=5, outcome=CREATED, session=SessionState.WORKING, acu_used=2.0),
        claim("i-4", 0, 4, max_acu=5, outcome=CREATED, session=FINISHED, acu_used=2.5),
        claim("i-5", 0, 5, max_acu=5, outcome=CREATED, session=FINISHED),  # accounting lags behind
        claim("i-6", 0, 6, outcome=CREATED, session=SessionState.WORKING, acu_used=7.0),
        claim("i-7", 0, 7, max_acu=5, outcome=DispatchStatus.AMBIGUOUS),
    ]

    assert committed(claims) == 5 + 0 + 5 + 2.5 + 5 + 7 + 5
