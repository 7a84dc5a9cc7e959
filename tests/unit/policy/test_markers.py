"""Markers: what we wrote is known by how it begins."""

from __future__ import annotations

import pytest

from codeql_fixer.policy.markers import has_marker, is_same, marked


def test_marked__begins_with_a_line_that_nobody_sees() -> None:
    text = marked("follow-up:acme/shop#1", "Hello.")

    assert text == "<!-- codeql-fixer:follow-up:acme/shop#1 -->\nHello."
    assert has_marker("follow-up:acme/shop#1", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello. <!-- codeql-fixer:proof -->",
        "> <!-- codeql-fixer:proof -->",
        "\n<!-- codeql-fixer:proof -->",
        "<!-- codeql-fixer:proof2 -->",
        "<!-- codeql-fixer:proof-->",
        "<!-- CODEQL-FIXER:proof -->",
    ],
)
def test_has_marker__anywhere_else_is_somebodys_words(text: str) -> None:
    assert not has_marker("proof", text)


@pytest.mark.parametrize("marker", ["", " ", "a b", "-->", "a--b", "-a", "a-", "ä", "a\n", "x" * 201, "a>b"])
def test_marker__that_would_be_seen_or_end_the_comment(marker: str) -> None:
    with pytest.raises(ValueError, match="is no marker"):
        marked(marker, "x")


@pytest.mark.parametrize("marker", ["a", "x" * 200, "proof:1/2_3.4#5@6", "a-b"])
def test_marker__that_is_one(marker: str) -> None:
    assert has_marker(marker, marked(marker, "x"))


def test_marked__is_cut_where_it_would_be_refused() -> None:
    assert marked("m", "x" * 60_000).endswith("x")
    assert len(marked("m", "x" * 70_000)) == 65_000


@pytest.mark.parametrize(
    ("one", "other", "is_it"),
    [("a\r\nb", "a\nb\n", True), ("a\rb ", "a\nb", True), ("a", "b", False), ("a b", "a  b", False)],
)
def test_is_same__but_for_what_a_forge_changes(one: str, other: str, *, is_it: bool) -> None:
    assert is_same(one, other) is is_it
