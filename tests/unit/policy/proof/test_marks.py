"""What is compared of a finding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.finding import Finding, Scan
from codeql_fixer.policy.proof.marks import bare, lines_around, mark_of, rule_key
from tests.builders import finding


@pytest.mark.parametrize(
    ("one", "two", "is_same"),
    [
        (("CodeQL", "py/x"), ("CodeQL command-line toolchain", "py/x"), True),  # its name has grown
        (("CodeQL", "py/x"), ("CodeQL", "py/y"), False),
        (("CodeQL", "a.b.c"), ("CodeQL", "x.b.c"), False),  # dots mean nothing here
        (("Semgrep OSS", "python.flask.xss"), ("Semgrep Pro", "rules.flask.xss"), True),  # another folder, same rule
        (("Semgrep OSS", "flask.xss"), ("Semgrep Pro", "django.xss"), False),
        (("CodeQL", "xss"), ("Bandit", "xss"), False),  # other tools, other rules
        (("", "xss"), (" ", "xss"), True),  # nobody says which
    ],
)
def test_rule_key__names_a_rule_whatever_the_edition(one: tuple[str, str], two: tuple[str, str], is_same: bool) -> None:  # noqa: FBT001
    assert (rule_key(*one) == rule_key(*two)) is is_same


@pytest.mark.parametrize(
    ("found", "line_hash", "text", "prints", "bare_text"),
    [
        (finding(line_hash="abc:2"), "def:1", "x = 1", "abc", "x=1"),  # the scanner's goes before the checkout's
        (finding(), "def:1", "", "def", ""),  # the number only counts lines that look the same
        (finding(snippet="y = 2"), "", "", "", "y=2"),  # the snippet where nobody has the source
        (finding(snippet="y = 2"), "", "x = 1", "", "x=1"),  # the source goes before the snippet
    ],
)
def test_mark_of__takes_what_there_is(
    found: Finding, line_hash: str, text: str, *, prints: str, bare_text: str
) -> None:
    mark = mark_of(found, line_hash, text)

    assert (mark.prints, mark.text) == (prints, bare_text)


def test_mark_of__has_no_place_for_a_finding_without_locations() -> None:
    mark = mark_of(replace(finding(message="Two  words\n"), locations=(), scan=Scan("x", "CodeQL")), "", "")

    assert (mark.file, mark.line, mark.column, mark.message) == ("", None, None, "Two words")


@pytest.mark.parametrize(
    ("line", "around"),
    [
        (None, ()),
        (0, ()),  # before the file
        (13, ()),  # behind it
        (1, ("2", "3", "4", "5")),
        (6, ("2", "3", "4", "5", "8", "9", "10")),  # neither itself nor the empty one
        (12, ("8", "9", "10", "11")),
    ],
)
def test_lines_around__are_the_neighbours(line: int | None, around: tuple[str, ...]) -> None:
    lines = [str(number) if number != 7 else " \t" for number in range(1, 13)]

    assert lines_around(lines, line) == around


@given(st.text(), st.sampled_from([" ", "\t", "\n", "  "]))
def test_bare__does_not_see_blanks(text: str, blank: str) -> None:
    assert bare(blank.join(text)) == bare(text)
