"""How alike two findings of one rule are, as a mean of what can be compared of them."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.policy.marks import Described

_WORDS = re.compile(r"[^\W_]+|\S")
_LONGEST = 400  # characters of a line or a message that are compared
_WEIGHTS = {"text": 3.0, "message": 2.0, "context": 4.0, "flow": 2.0}
_TELLING = 0.7  # a signal is named when it says so much


class Likeness(Struct, frozen=True):
    """The weighted mean of all signals that could be compared, each in [0, 1]; `signals` are those that agree."""

    total: float
    has_same_text: bool
    signals: tuple[str, ...]


def likeness_of(one: Described, two: Described, *, is_context_known: bool = False) -> Likeness:
    """Compare two findings of one rule, wherever they are.

    Args:
        one: the earlier one.
        two: the later one.
        is_context_known: no lines around one of them means that there are none, not that nobody knows them.
    """
    before, after, around_before, around_after = one.mark, two.mark, one.around, two.around
    found: dict[str, float] = {}
    if before.text and after.text:
        found["text"] = _words_shared(before.text, after.text)
    if before.message or after.message:
        found["message"] = _words_shared(before.message, after.message)
    if around_before.lines and around_after.lines:
        found["context"] = overlap(around_before.lines, around_after.lines)
    elif is_context_known:
        found["context"] = 0.0
    if around_before.source and around_after.source:
        same = around_before.source == around_after.source
        found["flow"] = 0.5 * same + 0.5 * overlap(around_before.steps, around_after.steps)
    weight = sum(_WEIGHTS[name] for name in found)
    total = sum(_WEIGHTS[name] * value for name, value in found.items()) / weight if weight else 0.0
    signals = tuple(name for name, value in found.items() if value >= _TELLING)
    return Likeness(total, found.get("text") == 1.0, signals)


def overlap(one: Iterable[str], two: Iterable[str]) -> float:
    """Sorensen and Dice's coefficient of two bags of words: twice what they share by what they have."""
    left, right = Counter(one), Counter(two)
    size = left.total() + right.total()
    return 2 * (left & right).total() / size if size else 1.0


@lru_cache(maxsize=8192)  # the same lines and messages meet again and again
def _words_shared(one: str, two: str) -> float:
    if one == two:
        return 1.0
    left, right = Counter(_WORDS.findall(one[:_LONGEST])), Counter(_WORDS.findall(two[:_LONGEST]))
    shared, size, smaller = (left & right).total(), left.total() + right.total(), min(left.total(), right.total())
    return max(2 * shared / size if size else 0.0, PART * shared / smaller if smaller >= PARTN else 0.0)


PART = 0.8
PARTN = 3
