"""Turns: groups of a fleet share what there is by weight, so that none starves another."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")


def interleaved(
    items: Iterable[T],
    group_of: Callable[[T], str],
    weight_of: Callable[[str], int],
    *,
    served: Mapping[str, int] | None = None,
) -> list[T]:
    """The items in turns of their groups; inside a group they keep their order.

    Every group has a clock of its own that an item moves on by 1 / weight, and the group whose clock is furthest behind
    is next (stride scheduling, Waldspurger and Weihl 1995). Among equal clocks the group whose first item came first is
    next, so the most important item of all is the first while nobody was served before.

    In the first n items a group of weight w that has enough of them has at least floor(n * w / sum of weights) less the
    number of groups.

    Args:
        items: the most important first.
        group_of: the group of an item.
        weight_of: turns of a group for one of a group of weight 1; at least 1.
        served: what groups got before, such as in the last day. With it the shares hold from one decision to the next:
            without it, where there are more groups than turns, the last ones would never have one.
    """
    earlier = served or {}
    turns: dict[str, list[float]] = {}  # place in line, weight, turns had
    keyed = []
    for place, item in enumerate(items):
        group = group_of(item)
        turn = turns.get(group)
        if turn is None:
            turn = turns[group] = [place, weight_of(group), earlier.get(group, 0)]
        keyed.append((turn[2] / turn[1], turn[0], place, item))
        turn[2] += 1
    keyed.sort(key=lambda entry: entry[:3])
    return [item for *_, item in keyed]
