"""Waves and the gate between them."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.waves import gate, waves_of
from tests.dispatching import candidate

LOW, HIGH, CRITICAL = SeverityTier.LOW, SeverityTier.HIGH, SeverityTier.CRITICAL
WORK = [candidate(key, tier=tier) for key, tier in (("a", LOW), ("b", HIGH), ("c", CRITICAL), ("d", HIGH), ("e", LOW))]


@pytest.mark.parametrize(
    ("size", "expected"), [(0, [["c", "b", "d", "a", "e"]]), (2, [["c", "b"], ["d", "a"], ["e"]]), (9, [[*"cbdae"]])]
)
def test_waves_of__the_most_severe_first(size: int, expected: list[list[str]]) -> None:
    assert [[item.key for item in wave] for wave in waves_of(WORK, size)] == expected


def test_waves_of__nothing_is_no_wave() -> None:
    assert waves_of([], 0) == []


@pytest.mark.parametrize(
    ("well", "sessions", "is_open"), [(0, 0, True), (1, 2, True), (2, 2, True), (0, 1, False), (49, 99, False)]
)
def test_gate(well: int, sessions: int, *, is_open: bool) -> None:
    assert (gate(well, sessions, 50) == "") == is_open
