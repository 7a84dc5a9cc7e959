"""Strangers' text made harmless to read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.plain_text import clean, counted, one_line

HOSTILE = st.text(alphabet=st.sampled_from("ab `<!->\n\r\t\u200b\u202e\u2028\x00\x1b\U000e0041\ufe0f"), max_size=60)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u2028b\x0bc\x85d", "a\nb\nc\nd"),
        ("a\u200b\u202e\ufeff\x00\x1b[31mb", "a[31mb"),
        ("\u00e9t\u00e9 \U0001f600 \u65e5", "\u00e9t\u00e9 \U0001f600 \u65e5"),
        ("a<!-- b -->c<!-- d", "ac"),
        ("<!-<!-- x -->- y -->z", "z"),
        ("", ""),
    ],
)
def test_clean__leaves_what_can_be_seen(text: str, cleaned: str) -> None:
    assert clean(text, 100) == cleaned


def test_clean__says_how_much_was_cut() -> None:
    assert clean("abcdef", 4) == "abcd [2 more characters cut]"


@given(HOSTILE)
def test_clean__once_is_enough(text: str) -> None:
    assert clean(clean(text, 1000), 1000) == clean(text, 1000)


@given(st.text(max_size=80) | HOSTILE)
def test_clean__nothing_hidden_is_left(text: str) -> None:
    cleaned = clean(text, 1000)

    assert not [letter for letter in cleaned if letter not in "\n\t" and unicodedata.category(letter).startswith("C")]
    assert "<!--" not in cleaned


@given(HOSTILE)
def test_one_line__is_one_line(text: str) -> None:
    assert one_line(text, 1000).splitlines() in ([], [one_line(text, 1000)])


def test_counted__knows_one_from_many() -> None:
    assert [counted(0, "issue"), counted(1, "issue"), counted(2, "batch", "batches")] == [
        "0 issues",
        "1 issue",
        "2 batches",
    ]
