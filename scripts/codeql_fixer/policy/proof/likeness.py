"""How alike two findings of one rule are, as a mean of what can be compared of them."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codeql_fixer.policy.proof.marks import Described

_WORDS = re.compile(r"[^\W_]+|\S")
_LONGEST = 400  # characters of a line or a message that are compared
_WEIGHTS = {"text": 3.0, "message": 2.0, "context": 4.0, "flow": 2.0}
_NOTHING = 0.5  # for those of which nothing can be compared
_CODE = frozenset({"text", "context"})
_TELLING = 0.7  # a signal is named when it says so much
# A line that was wrapped holds a part of what it held: this is what it counts when the whole part is there.
_PART, _FEWEST_WORDS = 0.8, 3


class Likeness(Struct, frozen=True):
    """The weighted mean of all signals that could be compared, each in [0, 1]; `signals` are those that agree.

    `has_code` says that code was compared, and not only words about it.
    """

    total: float
    has_code: bool
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
        found["text"] = words_shared(before.text, after.text)
    if before.message or after.message:
        found["message"] = words_shared(before.message, after.message)
    if around_before.lines and around_after.lines:
        found["context"] = overlap(around_before.lines, around_after.lines)
    elif is_context_known:
        found["context"] = 0.0
    if around_before.source and around_after.source:
        same = around_before.source == around_after.source
        found["flow"] = 0.5 * same + 0.5 * overlap(around_before.steps, around_after.steps)
    weight = sum(_WEIGHTS[name] for name in found)
    total = sum(_WEIGHTS[name] * value for name, value in found.items()) / weight if weight else _NOTHING
    signals = tuple(name for name, value in found.items() if value >= _TELLING)
    return Likeness(total, not found.keys().isdisjoint(_CODE), bool(before.text) and before.text == after.text, signals)


def overlap(one: Iterable[str], two: Iterable[str]) -> float:
    """Sorensen and Dice's coefficient of two bags of words: twice what they share by what they have."""
    left, right = Counter(one), Counter(two)
    size = left.total() + right.total()
    return 2 * _shared(left, right) / size if size else 1.0


def words_shared(one: str, two: str) -> float:
    """The same of the words of two texts; what is but a part of the other counts nearly as much as the whole."""
    if one == two:
        return 1.0
    (left, many), (right, few) = _bag(one[:_LONGEST]), _bag(two[:_LONGEST])
    shared, smaller = _shared(left, right), min(many, few)
    whole = 2 * shared / (many + few) if many + few else 0.0
    return max(whole, _PART * shared / smaller) if smaller >= _FEWEST_WORDS else whole


def _shared(left: Mapping[str, int], right: Mapping[str, int]) -> int:
    return sum(min(count, right[word]) for word, count in left.items() if word in right)


@lru_cache(maxsize=8192)  # the same lines and messages meet again and again
def _bag(text: str) -> tuple[Counter[str], int]:
    words = Counter(_WORDS.findall(text))
    return words, words.total()
