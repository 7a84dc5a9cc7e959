"""Which versions of a scanner can be held against each other: a newer one of the same generation finds no less."""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"\d+")
_PARTS = 3
_DIGITS = 9


def why_not_comparable(before: str, after: str, *, across_generations: bool = False) -> str:
    """What a later version is to an earlier one when the two cannot be compared, "" when they can.

    Args:
        before: of the earlier scan, "" where it does not say.
        after: of the later one.
        across_generations: another first number is no matter as long as it grew.
    """
    one, two = _numbers(before), _numbers(after)
    if bool(one) != bool(two) or (one[:1] != two[:1] and not across_generations):
        return "cannot be compared with"
    parts = min(len(one), len(two))
    return "is older than" if two[:parts] < one[:parts] else ""


def is_same_version(one: str, two: str) -> bool:
    """Whether two texts name one version."""
    return one == two or (bool(_numbers(one)) and _numbers(one) == _numbers(two))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number[:_DIGITS]) for number in _NUMBERS.findall(text)[:_PARTS])
