"""The end of a log, and no half of a letter."""

from __future__ import annotations

import pytest

from codeql_fixer.policy.logs import LOG_BYTES, tail


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("short", "short"),
        ("x" * LOG_BYTES, "x" * LOG_BYTES),
        ("first\n" + "x" * 100 + "\n" + "y" * (LOG_BYTES - 100), "y" * (LOG_BYTES - 100)),
        ("x" * 9000 + "\n", "x" * (LOG_BYTES - 1) + "\n"),  # one line: its end, and not nothing
        ("ä" * 9000, "ä" * (LOG_BYTES // 2)),
        ("é" + "a" * (LOG_BYTES - 1), "a" * (LOG_BYTES - 1)),  # no half of a letter
    ],
)
def test_tail__is_what_came_last(text: str, end: str) -> None:
    assert tail(text) == end
