"""Complexity: every measure has its floors, the hardest counts, failed attempts raise it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.route import Complexity
from codeql_fixer.policy.complexity import complexity_of

LEVELS = list(Complexity)


@pytest.mark.parametrize(
    ("files", "steps", "issues", "failed", "complexity", "reason"),
    [
        (1, 0, 1, 0, "simple", "1 file, 0 steps, 1 issue"),
        (1, 4, 3, 0, "simple", "1 file, 4 steps, 3 issues"),
        (2, 4, 3, 0, "medium", "2 files"),
        (1, 5, 3, 0, "medium", "5 steps"),
        (1, 0, 4, 0, "medium", "4 issues"),
        (4, 17, 7, 0, "medium", "4 files, 17 steps, 7 issues"),
        (5, 0, 5, 0, "complex", "5 files"),
        (1, 18, 1, 0, "complex", "18 steps"),
        (1, 1, 8, 0, "complex", "8 issues"),
        (1, 0, 1, 1, "medium", "1 file, 0 steps, 1 issue, raised by 1 failed attempt"),
        (1, 0, 1, 2, "complex", "1 file, 0 steps, 1 issue, raised by 2 failed attempts"),
        (5, 0, 1, 3, "complex", "5 files"),  # there is nothing above
    ],
)
def test_complexity_of__goes_by_the_hardest_measure(
    *, files: int, steps: int, issues: int, failed: int, complexity: str, reason: str
) -> None:
    assert complexity_of(files=files, steps=steps, issues=issues, failed_attempts=failed) == (complexity, reason)


measures = st.fixed_dictionaries(
    {name: st.integers(0, 40) for name in ("files", "steps", "issues")} | {"failed_attempts": st.integers(0, 4)}
)


@given(measures, st.sampled_from(["files", "steps", "issues", "failed_attempts"]))
def test_complexity_of__never_falls_when_something_grows(measured: dict[str, int], grows: str) -> None:
    before, _ = complexity_of(**measured)
    after, _ = complexity_of(**{**measured, grows: measured[grows] + 1})

    assert LEVELS.index(after) >= LEVELS.index(before)
