"""What a sign says, what is seen without the files' texts, and what hostile changes cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.change import Change, FileChange, FileStatus, Hunk
from codeql_fixer.domain.hiding import HidingKind, HidingSign
from codeql_fixer.policy.hiding.signs import hiding_signs
from tests.unit.policy.hiding.cases import Case, Edit, changes_of
from tests.unit.policy.hiding.tables import ALL, change

if TYPE_CHECKING:
    from pathlib import Path

_PATHS = [
    "src/a.py", "src/a.js", "a.go", "A.java", "a.rb", "a.php", "tests/test_a.py", "vendor/a.py", "a.txt", "a.rs",
    ".github/workflows/ci.yml", ".bandit", "pyproject.toml", ".semgrepignore", "Makefile", ".gitattributes", "a.tf",
    "src/a.c", "src/a.test.ts",
]  # fmt: skip
_PIECES = [
    "# nosec", "// NOSONAR", "/*", "*/", '"""', "'", '"', "`", "def test_a():", "return", "except Exception:", "pass",
    "catch (e) {", "}", "on:", "  push:", "- x", "skips = [", "[a]", "if: false", "eval('x')", "|| true", "@Test", "{",
]  # fmt: skip


def _modified(path: str, removed: tuple[str, ...], added: tuple[str, ...]) -> Change:
    file = FileChange(old_path=path, new_path=path, status=FileStatus.MODIFIED, hunks=(Hunk(1, removed, 1, added),))
    return Change((file,))


def test_hiding_signs__say_where_and_whose() -> None:
    change = _modified("src/a.py", ("run(x)",), ("run(x)  # nosec", "y = 1", "# pylint: disable=eval-used"))

    assert hiding_signs(change) == (
        HidingSign(
            kind=HidingKind.SUPPRESSION,
            file="src/a.py",
            line=1,
            text="run(x)  # nosec",
            covers=("src/a.py",),
            is_local=True,
        ),
        HidingSign(
            kind=HidingKind.SUPPRESSION,
            file="src/a.py",
            line=3,
            text="# pylint: disable=eval-used",
            covers=("src/a.py",),
        ),
    )


def test_hiding_signs__of_configuration_cover_every_file() -> None:
    (sign,) = hiding_signs(_modified(".semgrepignore", (), ("src/",)))

    assert (sign.kind, sign.line, sign.covers, sign.is_local) == (HidingKind.IGNORE_FILE, 1, (), False)


def test_hiding_signs__of_moves_cover_where_the_code_was(tmp_path: Path) -> None:
    body = "def f(x):\n    cursor.execute('select ' + x)\n    return cursor.fetchall()\n    # end\n"
    case = Case("", {"src/a.py": Edit(body, "x = 1\n"), "vendor/a.py": Edit(None, "# moved\n" + body)})

    (sign,) = hiding_signs(*changes_of([case], tmp_path))

    assert (sign.file, sign.covers, sign.line) == ("vendor/a.py", ("src/a.py",), 3)


def test_hiding_signs__in_a_new_file_cover_itself_unless_code_came_from_somewhere() -> None:
    file = FileChange(old_path="", new_path="n.py", status=FileStatus.ADDED, hunks=(Hunk(1, (), 1, ("a()  # nosec",)),))

    (alone,) = hiding_signs(Change((file,)))
    (with_origin,) = hiding_signs(Change((file, *_modified("src/a.py", ("b()",), ("c()",)).files)))

    assert (alone.covers, alone.is_local) == (("n.py",), False)
    assert with_origin.covers == ("src/a.py",)


def test_hiding_signs__text_is_cut() -> None:
    (sign,) = hiding_signs(_modified("src/a.py", (), (f"run('{'x' * 500}')  # nosec",)))

    assert len(sign.text) == 200


@pytest.mark.parametrize("text", [None, "something else", "a()\nb()  # nosec\n"])
def test_hiding_signs__text_that_is_not_this_files_is_not_used(text: str | None) -> None:
    change = _modified("src/a.py", ("a()",), ("a()  # nosec",))

    assert [sign.line for sign in hiding_signs(change, new_text=lambda _: text)] == [1]


def test_hiding_signs__binary_files_and_bare_renames_are_looked_at() -> None:
    binary = FileChange(old_path="a.png", new_path="a.png", status=FileStatus.MODIFIED, is_binary=True)
    renamed = FileChange(old_path="src/a.py", new_path="dist/a.py", status=FileStatus.RENAMED)

    (sign,) = hiding_signs(Change((binary, renamed)))

    assert (sign.kind, sign.covers) == (HidingKind.OUT_OF_SCOPE, ("src/a.py",))


def test_hiding_signs__without_texts_few_are_missed_and_fewer_are_wrong() -> None:
    missed, wrong = [], []
    for case in ALL:
        kinds = {str(sign.kind) for sign in hiding_signs(change(case))}
        if case.kinds and case.kinds not in kinds:
            missed.append(case.name)
        if kinds and not case.kinds:
            wrong.append(case.name)

    assert len(missed) <= 18, missed
    assert wrong == ["experimental job", "rule edited"]  # what is around them would tell


@given(st.data())
def test_hiding_signs__take_any_change(data: st.DataObject) -> None:
    lines = st.lists(st.sampled_from(_PIECES) | st.text(max_size=20), max_size=6).map(tuple)
    files = [
        file
        for path in data.draw(st.lists(st.sampled_from(_PATHS), max_size=4))
        for file in _modified(path, data.draw(lines), data.draw(lines)).files
    ]

    signs = hiding_signs(Change(tuple(files)))

    assert len(signs) == len(set(signs))
    assert all(sign.text for sign in signs)


_HOSTILE = ["'" * 2_000, '"\\' * 1_000, "# " * 1_000, "catch (" * 300, " " * 2_000 + "x", "-" * 2_000, "[" * 2_000]
_HOSTILE += [
    "a.b" * 700,
    "int f(" + "g(a, " * 400,
    "a " + "* " * 1_000,
    "it(" + "(x)" * 600,
    "eval('" + "x" * 1_900,
    "/*" * 1_000,
    "||" * 1_000,
    "- " * 1_000,
    "@test(" * 300,
    "ignore" + "-_" * 90,
]


@pytest.mark.parametrize("path", _PATHS)
def test_hiding_signs__hostile_lines_cost_little(path: str) -> None:
    lines = tuple(line for line in _HOSTILE for _ in range(2))

    hiding_signs(_modified(path, lines, tuple(f"{line} " for line in lines)))
