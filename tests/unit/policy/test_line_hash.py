"""The published line hash. More vectors are checked in tests/integration/test_line_hash_vectors.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.line_hash import line_hashes, split_lines


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        (" a\nb\n  \t\tc\n d", ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]),
    ],
)
def test_line_hashes__match_what_is_published(text: str, hashes: list[str]) -> None:
    assert line_hashes(text) == hashes


def test_line_hashes__number_lines_that_look_the_same() -> None:
    hashes = line_hashes("x = 1;" * 40 + "\n" + "x = 1;" * 40)

    assert [item.partition(":")[2] for item in hashes] == ["1", "2"]


@given(st.text(alphabet="ab \t(", max_size=40), st.text(alphabet=" \t", max_size=5))
def test_line_hashes__do_not_see_indentation(line: str, indentation: str) -> None:
    assert line_hashes(indentation + line) == line_hashes(line)


@given(st.lists(st.text(alphabet="abc \té\U0001f600", max_size=10), max_size=8))
def test_line_hashes__are_one_for_every_line(lines: list[str]) -> None:
    assert len(line_hashes("\n".join(lines))) == max(1, len(lines))


@given(st.lists(st.text(alphabet="abc;", max_size=30), min_size=1, max_size=6))
def test_line_hashes__are_the_same_for_every_kind_of_line_end(lines: list[str]) -> None:
    assert line_hashes("\n".join(lines)) == line_hashes("\r\n".join(lines)) == line_hashes("\r".join(lines))


@given(st.text(alphabet="ab\r\n\x0c\u2028", max_size=20))
def test_split_lines__gives_a_line_for_every_hash(text: str) -> None:
    assert len(split_lines(text)) == len(line_hashes(text))
