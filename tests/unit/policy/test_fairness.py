"""Turns of groups: shares by weight in every prefix, and nobody waits for ever."""

from __future__ import annotations

from collections import Counter
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.fairness import interleaved

WEIGHTS = st.dictionaries(st.sampled_from("ABCDEF"), st.integers(1, 9), min_size=1)


def _turns(items: str, weights: dict[str, int] | None = None, served: dict[str, int] | None = None) -> str:
    found = interleaved(
        enumerate(items), lambda item: item[1], lambda group: (weights or {}).get(group, 1), served=served
    )
    return "".join(group for _, group in found)


@pytest.mark.parametrize(
    ("items", "weights", "expected"),
    [
        ("", {}, ""),
        ("AAA", {}, "AAA"),
        ("AAABB", {}, "ABABA"),
        ("BAAAB", {}, "BABAA"),  # whose most important item comes first begins
        ("AAAABBBB", {"A": 3}, "ABAAABBB"),
        ("BBBBAAAA", {"A": 3}, "BAAABABB"),
    ],
)
def test_interleaved(items: str, weights: dict[str, int], expected: str) -> None:
    assert _turns(items, weights) == expected


def test_interleaved__goes_on_where_the_last_decision_stopped() -> None:
    """With more groups than turns the last would never have one; what they got before counts."""
    served: Counter[str] = Counter()
    for _ in range(6):
        served[_turns("AAABBBCCC", {"A": 4}, served)[0]] += 1

    assert served == {"A": 4, "B": 1, "C": 1}


@given(st.lists(st.sampled_from("ABCDEF"), max_size=60), WEIGHTS)
def test_interleaved__keeps_all_items_and_the_order_inside_a_group(groups: list[str], weights: dict[str, int]) -> None:
    found = interleaved(enumerate(groups), lambda item: item[1], lambda group: weights.get(group, 1))

    assert sorted(found) == list(enumerate(groups))
    for name in set(groups):
        mine = [place for place, group in found if group == name]
        assert mine == sorted(mine)
    assert found[:1] == list(enumerate(groups))[:1]


@given(st.data(), WEIGHTS)
def test_interleaved__every_prefix_has_its_shares(data: st.DataObject, weights: dict[str, int]) -> None:
    groups = data.draw(st.lists(st.sampled_from(sorted(weights)), max_size=80))
    total, sizes = sum(weights.values()), Counter(groups)

    order = _turns("".join(groups), weights)

    for length in range(len(order) + 1):
        had = Counter(order[:length])
        for name, weight in weights.items():
            share = floor(length * weight / total) - len(weights)
            assert had[name] >= min(share, sizes[name])
