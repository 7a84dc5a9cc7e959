"""Turns: groups of a fleet share what there is by weight, so that none starves another."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")


def in_turns(
    streams: Mapping[str, Iterator[T]],
    weights: Mapping[str, int],
    *,
    served: Mapping[str, int],
    worth: Callable[[T], float],
) -> Iterator[T]:
    """What the streams of groups give, in turns; each stream keeps its order.

    Every group has a clock that a turn moves on by 1 / weight, and the group whose clock is furthest behind is next
    (stride scheduling, Waldspurger and Weihl 1995); among equal clocks the one whose next item is worth more. Of the
    first n items a group of weight w that has enough of them has at least floor(n * w / sum of weights) less the number
    of groups.

    Args:
        streams: by group, the most important first; read one item ahead.
        weights: turns of a group for one of a group that is not named here.
        served: turns that groups had before, such as sessions of the last day. Without them a fleet with more groups
            than turns would always serve the same ones.
        worth: of an item.
    """
    heads = {group: head for group, stream in streams.items() if (head := next(stream, None)) is not None}
    turns = {group: served.get(group, 0) for group in streams}
    while heads:
        group = min(heads, key=lambda one: (turns[one] / weights.get(one, 1), -worth(heads[one]), one))
        yield heads[group]
        turns[group] += 1
        head = next(streams[group], None)
        if head is None:
            del heads[group]
        else:
            heads[group] = head
