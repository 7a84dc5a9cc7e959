"""Turns: shares by weight, the order inside a group, and nobody left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.turns import in_turns

GROUPS = st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(0, 9), max_size=30), max_size=4)
WEIGHTS = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 5))


def _taken(groups: dict[str, list[int]], weights: dict[str, int], **served: int) -> list[tuple[str, int]]:
    streams = {name: iter([(name, item) for item in items]) for name, items in groups.items()}
    return list(in_turns(streams, weights, served=served, worth=lambda item: item[1]))


@given(GROUPS, WEIGHTS)
def test_in_turns__gives_everything_once_in_the_order_of_its_group(
    groups: dict[str, list[int]], weights: dict[str, int]
) -> None:
    taken = _taken(groups, weights)

    assert {name: [item for group, item in taken if group == name] for name in groups} == groups


@given(GROUPS, WEIGHTS)
def test_in_turns__no_group_waits_longer_than_its_weight_says(
    groups: dict[str, list[int]], weights: dict[str, int]
) -> None:
    taken = _taken(groups, weights)
    whole = sum(weights.get(name, 1) for name in groups)

    for count in range(len(taken) + 1):
        for name, items in groups.items():
            had = sum(group == name for group, _ in taken[:count])
            assert had >= min(len(items), count * weights.get(name, 1) // whole - len(groups))


def test_in_turns__the_most_important_is_the_first() -> None:
    assert _taken({"a": [1, 1], "b": [5, 5]}, {}) == [("b", 5), ("a", 1), ("b", 5), ("a", 1)]


def test_in_turns__who_was_served_before_waits() -> None:
    assert _taken({"a": [1], "b": [5, 5]}, {"b": 2}, b=2) == [("a", 1), ("b", 5), ("b", 5)]
