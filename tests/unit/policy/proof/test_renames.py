"""Which files were renamed, as their findings tell."""

from __future__ import annotations

import pytest

from codeql_fixer.policy.proof.marks import Mark
from codeql_fixer.policy.proof.renames import guessed_renames


def _mark(file: str, line: int = 1, prints: str = "") -> Mark:
    return Mark("r", file, line, 1, "m", prints, "")


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ([_mark("a")], [_mark("a")], {}),  # it is where it was
        ([_mark("a", prints="1")], [_mark("b", prints="1")], {"a": "b"}),
        ([_mark("a", 1, "1")], [_mark("b", 9, "2")], {}),  # nothing is the same
        ([_mark("a", 1, "1")], [_mark("a", 1, "1"), _mark("b", 1, "1")], {}),  # a copy: the first is there still
        ([_mark("x/a.py", 1, "1")], [_mark("y/a.py", 9, "1")], {"x/a.py": "y/a.py"}),  # half is enough for a namesake
        ([_mark("x/a.py", 1, "1")], [_mark("y/b.py", 9, "1")], {}),  # and not for others
        (
            [_mark("a", 1, "1"), _mark("a", 2, "2")],
            [_mark("b", 1, "1"), _mark("c", 1, "1"), _mark("c", 2, "2")],
            {"a": "c"},
        ),
        ([_mark("a"), _mark("b")], [_mark("c")], {"a": "c"}),  # no two files become one
        ([_mark("")], [_mark("c")], {}),  # no file at all
        ([_mark("a")], [_mark(f"f{number}") for number in range(25)], {}),  # what all have says nothing
    ],
)
def test_guessed_renames__need_most_of_what_findings_say(
    before: list[Mark], after: list[Mark], names: dict[str, str]
) -> None:
    assert guessed_renames(before, after) == names
