"""How alike two findings of one rule are, as a mean of what can be compared of them."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.policy.marks import Described
    from codeql_fixer.policy.moves import Span

_WORDS = re.compile(r"[^\W_]+|_")
_LONGEST = 400  # characters of a line that are compared
_NEAR = 12  # lines after which closeness has halved
_WEIGHTS = {"text": 3.0, "message": 2.0, "context": 3.0, "line": 2.0, "flow": 2.0, "place": 4.0}
_TELLING = 0.7  # a signal is named when it says so much


class Likeness(Struct, frozen=True):
    """The weighted mean of all signals that could be compared, each in [0, 1]; `signals` are those that agree."""

    total: float
    signals: tuple[str, ...]


def likeness_of(one: Described, two: Described, *, span: Span | None, is_same_file: bool) -> Likeness:
    """Compare two findings of one rule.

    Args:
        one: the earlier one.
        two: the later one.
        span: where the earlier one's line is to be now, None where nobody knows.
        is_same_file: both are in the same file, so that lines can be compared.
    """
    before, after, around_before, around_after = one.mark, two.mark, one.around, two.around
    found: dict[str, float] = {}
    if before.text and after.text:
        found["text"] = _ratio(before.text[:_LONGEST], after.text[:_LONGEST])
    if before.message or after.message:
        found["message"] = overlap(_WORDS.findall(before.message), _WORDS.findall(after.message))
    if around_before.lines and around_after.lines:
        found["context"] = overlap(around_before.lines, around_after.lines)
    if around_before.source and around_after.source:
        same = around_before.source == around_after.source
        found["flow"] = 0.5 * same + 0.5 * overlap(around_before.steps, around_after.steps)
    if is_same_file and before.line and after.line:
        if span is not None and not span.is_kept and span.first <= after.line <= span.last:
            found["place"] = 1.0  # it stands among the lines that replaced the flagged one
        else:
            away = span.distance(after.line) if span else abs(after.line - before.line)
            found["line"] = 1 / (1 + away / _NEAR)
    weight = sum(_WEIGHTS[name] for name in found)
    total = sum(_WEIGHTS[name] * value for name, value in found.items()) / weight if weight else 0.0
    return Likeness(total, tuple(name for name, value in found.items() if value >= _TELLING))


def overlap(one: Iterable[str], two: Iterable[str]) -> float:
    """Sorensen and Dice's coefficient of two bags of words: twice what they share by what they have."""
    left, right = Counter(one), Counter(two)
    size = left.total() + right.total()
    return 2 * (left & right).total() / size if size else 1.0


def _ratio(one: str, two: str) -> float:
    return 1.0 if one == two else SequenceMatcher(None, one, two, autojunk=False).ratio()
