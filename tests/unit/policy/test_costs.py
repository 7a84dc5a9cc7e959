"""What sessions cost: what is not known is counted beside the rest, and never as nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.cost import SessionCost
from codeql_fixer.policy.costs import Spent, Sureness, projection, spent, spent_by
from tests.records import at

NOW = 24.0 * 60


def _cost(hours: float = 0, acu: float | None = None, **members: Any) -> SessionCost:  # noqa: ANN401 - passed on
    chosen: dict[str, Any] = {"repository": "acme/shop", "family": "xss", "agent": "devin", "is_at_work": False}
    return SessionCost(intent_id=f"i-{hours}", claimed_at=at(hours), acu_used=acu, **{**chosen, **members})


def test_spent__counts_what_is_not_known_apart() -> None:
    costs = [
        _cost(acu=2.0, fixes=3),
        _cost(acu=4.0),  # in vain, and paid all the same
        _cost(acu=None, fixes=2),
        _cost(acu=0.0),  # the service has not counted yet
        _cost(acu=1.0, max_acu=10, is_at_work=True),
        _cost(acu=12.0, max_acu=10, is_at_work=True),
        _cost(is_at_work=True),
    ]

    total = spent(costs)

    assert total == Spent(sessions=7, known=2, unknown=2, at_work=3, acu=6.0, promised=22.0, fixes=3, unknown_fixes=2)
    assert (total.acu_per_session, total.acu_per_fix) == (3.0, 2.0)


def test_spent__of_nothing_has_no_mean() -> None:
    assert (spent([]).acu_per_session, spent([]).acu_per_fix) == (None, None)
    assert spent([_cost(acu=3.0)]).acu_per_fix is None


def test_spent_by__those_first_that_took_most() -> None:
    costs = [_cost(acu=1.0, family="a"), _cost(acu=3.0, family="b"), _cost(acu=1.0, family="a"), _cost(family="c")]

    assert {kind: one.acu for kind, one in spent_by(costs, lambda cost: cost.family).items()} == {
        "b": 3.0,
        "a": 2.0,
        "c": 0.0,
    }
    assert [*spent_by(costs, lambda cost: cost.family)] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("days", "each", "sureness"),
    [
        (1, 20, Sureness.HARDLY),
        (6, 2, Sureness.HARDLY),
        (8, 1, Sureness.HARDLY),  # few sessions
        (8, 2, Sureness.FAIRLY),
        (28, 1, Sureness.WELL),
    ],
)
def test_projection__of_even_days_is_thirty_of_them(days: int, each: int, sureness: Sureness) -> None:
    costs = [_cost(NOW - 24 * day - 12, 2.0) for day in range(days) for _ in range(each)]

    found = projection(costs, at(NOW))

    assert found
    assert (found.acu, found.days, found.assumed, found.sureness) == (60.0 * each, days, 0, sureness)
    assert (found.low, found.high) == ((None, None) if days < 3 else (60.0 * each, 60.0 * each))


def test_projection__takes_what_is_not_known_for_the_mean() -> None:
    costs = [_cost(NOW - 30, 4.0), _cost(NOW - 10, None), _cost(NOW - 1, 2.0, is_at_work=True)]

    found = projection(costs, at(NOW))

    assert found
    assert (found.acu, found.assumed) == (180.0, 2)  # 12 in two days


def test_projection__of_uneven_days_is_less_sure() -> None:
    costs = [_cost(NOW - 24 * day - 1, acu) for day, acu in enumerate([1.0, 5.0, 1.0, 5.0])]

    found = projection(costs, at(NOW))

    assert found
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.acu == 90.0 < found.high


def test_projection__says_nothing_where_nothing_is_known() -> None:
    assert projection([], at(NOW)) is None
    assert projection([_cost(1, None), _cost(2, 3.0, is_at_work=True)], at(NOW)) is None


COSTS = st.lists(
    st.builds(
        _cost,
        st.floats(0, NOW),
        st.none() | st.floats(0, 50),
        is_at_work=st.booleans(),
        max_acu=st.none() | st.integers(1, 20),
        fixes=st.integers(0, 3),
    ),
    max_size=20,
)


@given(COSTS)
def test_spent__leaves_no_session_out_and_counts_none_twice(costs: list[SessionCost]) -> None:
    total = spent(costs)
    parts = spent_by(costs, lambda cost: cost.intent_id).values()

    assert total.known + total.unknown + total.at_work == total.sessions == len(costs)
    assert sum(part.sessions for part in parts) == len(costs)
    assert sum(part.acu for part in parts) == pytest.approx(total.acu)


@given(COSTS)
def test_projection__lies_within_its_interval(costs: list[SessionCost]) -> None:
    found = projection(costs, at(NOW))

    if found and found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.acu + 1e-6
        assert found.acu <= found.high + 1e-6
