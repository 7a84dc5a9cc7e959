"""What is claimed about each issue."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.local_agent.changes import NO_MODE, Change, OldLines
from codeql_fixer.adapters.local_agent.claims import claims, statement_lines
from codeql_fixer.domain.session import FixTarget, IssueResult

SOURCE = b"""import os

def read(
    name,
):
    with open(
        name,
        "rb",
    ) as stream:
        value = stream.read(
            1,
        )
    return value

X = 1
"""


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (1, (1, 1)),
        (2, (2, 2)),  # nothing there
        (3, (3, 5)),  # the head of the function, not its body
        (7, (6, 9)),
        (11, (10, 12)),
        (13, (13, 13)),
        (15, (15, 15)),
        (99, (99, 99)),
    ],
)
def test_statement_lines__is_the_innermost_statement_without_its_body(line: int, lines: tuple[int, int]) -> None:
    assert statement_lines(SOURCE, line) == lines


@pytest.mark.parametrize("source", [b"def f(:\n", b"\x00", b"<html>\n"])
def test_statement_lines__of_what_is_no_python_is_the_line(source: bytes) -> None:
    assert statement_lines(source, 1) == (1, 1)


def test_statement_lines__of_a_body_on_the_same_line() -> None:
    assert statement_lines(b"if x: y()\n", 1) == (1, 1)


@pytest.mark.parametrize(
    ("changed", "lines", "meets"),
    [
        (OldLines(5, 1), (5, 5), True),
        (OldLines(3, 2), (5, 9), False),
        (OldLines(3, 3), (5, 9), True),
        (OldLines(9, 4), (5, 9), True),
        (OldLines(10, 4), (5, 9), False),
        (OldLines(4, 0), (5, 5), False),  # put in before
        (OldLines(5, 0), (5, 5), False),  # put in behind
        (OldLines(5, 0), (5, 6), True),
        (OldLines(6, 0), (5, 6), False),
    ],
)
def test_old_lines__meet_what_they_change(changed: OldLines, lines: tuple[int, int], *, meets: bool) -> None:
    assert changed.meets(*lines) == meets


def _target(file: str, line: int | None) -> FixTarget:
    return FixTarget(id="I-1", fingerprint="", rule_id="B311", family="f", file=file, start_line=line, message="")


def _change(file: str, *lines: OldLines, after_mode: str = "100644") -> Change:
    return Change(
        path=file,
        before_mode="100644",
        after_mode=after_mode,
        before=SOURCE,
        after=b"",
        added=1,
        deleted=1,
        old_lines=lines,
    )


@pytest.mark.parametrize(
    ("target", "change", "is_in_place", "result"),
    [
        (_target("a.py", 11), _change("a.py", OldLines(10, 1)), True, IssueResult.FIXED),
        (_target("a.py", 11), _change("a.py", OldLines(1, 1)), True, IssueResult.NOT_FIXED),
        (_target("a.py", 11), _change("a.py", OldLines(1, 1)), False, IssueResult.FIXED),
        (_target("a.py", None), _change("a.py", OldLines(1, 1)), True, IssueResult.NOT_FIXED),
        (_target("b.py", 11), _change("a.py", OldLines(10, 1)), False, IssueResult.NOT_FIXED),
        (_target("a.py", 11), _change("a.py", OldLines(1, 16), after_mode=NO_MODE), False, IssueResult.NOT_FIXED),
    ],
)  # fmt: skip
def test_claims__are_made_where_something_changed(
    target: FixTarget, change: Change, *, is_in_place: bool, result: IssueResult
) -> None:
    [report] = claims([target], [change], is_in_place=is_in_place, notes={})

    assert (report.id, report.result) == ("I-1", result)
    assert report.note


def test_claims__tell_what_the_fixer_said_about_what_it_left() -> None:
    [report] = claims([_target("a.py", 1)], [], is_in_place=True, notes={"I-1": "no codemod"})

    assert report.note == "no codemod"
