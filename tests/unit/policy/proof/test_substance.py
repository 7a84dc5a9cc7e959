"""What of a change is more than form."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.change import Change, FileChange, FileStatus
from codeql_fixer.policy.proof.substance import Substance
from tests.unit.policy.comparing import hunk, touched


@pytest.mark.parametrize(
    ("file", "old", "new", "is_code"),
    [
        ("a.py", "x = f(y)", "x = g(y)", True),
        ("a.py", "x = f(y)", "x  =  f( y )", False),
        ("a.py", "x = f(y)", "x = f(y)  # nosec", False),
        ("a.py", "# one", "# another", False),
        ("a.py", "x = '# one'", "x = '# another'", True),  # within a text
        ("a.py", "x = a // b", "x = a // c", True),  # no comment in this language
        ("a.js", "f(y);", "f(y); // lgtm", False),
        ("a.js", "f(y);", "f(y); /* eslint-disable-line */", False),
        ("a.js", "  #x = 1;", "  #x = 2;", True),
        ("a.js", "x = a * b", "x = a * c", True),
        ("a.js", "/* one", " * another", False),
        ("A.java", "", '@SuppressWarnings("all")', False),
        ("A.cs", "", '[SuppressMessage("Security", "CA3001")]', False),
        ("a.c", "", "#pragma GCC diagnostic ignored", False),
        ("a.c", "#define N 1", "#define N 2", True),
        ("a.unknown", "f(y)", "f(y)  # note", True),  # nobody knows its comments
        ("Makefile", "f", "f ", False),
    ],
)
def test_substance__of_lines(*, file: str, old: str, new: str, is_code: bool) -> None:
    substance = Substance(Change((touched(hunk(3, old, new), file=file),)))

    assert substance.changes_code(file) == is_code
    assert substance.changes_code(file) == is_code  # the same again


def test_substance__of_files() -> None:
    assert Substance(Change((touched(new=""),))).changes_code("shop/app.py")
    assert not Substance(Change((touched(new="core/app.py"),))).changes_code("shop/app.py")
    binary = FileChange(old_path="a.bin", new_path="a.bin", status=FileStatus.MODIFIED, is_binary=True)
    assert Substance(Change((binary,))).changes_code("a.bin")
    assert not Substance(None).changes_code("a.py")


LINES = ("def find(name):", "    query = f'select {name}'", "    return db.execute(query)", "", "    # done")


def _added(*lines: str, file: str = "vendor/find.py") -> FileChange:
    return FileChange(old_path="", new_path=file, status=FileStatus.ADDED, hunks=(hunk(1, (), lines),))


def test_substance__knows_code_that_moved_as_it_was() -> None:
    moved = Substance(Change((touched(hunk(5, LINES, ())), _added("import db", *LINES))))

    assert moved.moved_to("shop/app.py", 7) == "vendor/find.py"
    assert moved.moved_to("shop/app.py", 3) == ""  # above what was removed
    assert moved.moved_to("shop/other.py", 7) == ""


def test_substance__code_that_was_mended_on_the_way_did_not_move_as_it_was() -> None:
    mended = (LINES[0], "    query = 'select ?'", *LINES[2:])

    assert Substance(Change((touched(hunk(5, LINES, ())), _added(*mended)))).moved_to("shop/app.py", 7) == ""


def test_substance__lines_that_stay_in_their_file_did_not_move() -> None:
    indented = [f"    {line}" for line in LINES]

    assert Substance(Change((touched(hunk(5, LINES, indented)),))).moved_to("shop/app.py", 7) == ""


def test_substance__short_lines_are_alike_by_chance() -> None:
    assert Substance(Change((touched(hunk(5, "return", ())), _added("return")))).moved_to("shop/app.py", 5) == ""
