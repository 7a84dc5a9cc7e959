"""What a fix may never change."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.local_agent.changes import NO_MODE, Change
from codeql_fixer.adapters.local_agent.diff_rules import violations
from codeql_fixer.adapters.local_agent.options import Limits
from codeql_fixer.policy.plain_text import one_line

FILE = "100644"


def _change(
    path: str, before: bytes | None = b"a\n", after: bytes | None = b"b\n", *, mode: str = "", was: str = ""
) -> Change:
    return Change(
        path=path,
        before_mode=was or (NO_MODE if before is None else FILE),
        after_mode=mode or (NO_MODE if after is None else FILE),
        before=before,
        after=after,
        added=1,
        deleted=1,
    )


@pytest.mark.parametrize(
    "change",
    [
        _change("shop/a.py"),
        _change("tests/test_a.py", b"def test_a(): pass\n", b"def test_a(): pass\ndef test_b(): pass\n"),
        _change("tests/test_new.py", None, b"import pytest\n@pytest.mark.skip\ndef test_a(): pass\n"),
        _change("shop/gone.py", b"x\n", None),
        _change("shop/a.py", b"x = 1  # nosec\n", b"y = 1  # nosec\n"),  # it was there
        _change("pyproject.toml", b'[project]\nname = "a"\n', b'[project]\nname = "b"\n'),
        _change("pyproject.toml", b"no toml [", b"no toml ["),
        _change("setup.cfg", b"[bandit]\nskips = B1\n", b"[bandit]\nskips = B1\n[metadata]\nname = x\n"),
        _change("docs/bandit.md"),
        _change("package.json", b'{"name": "a"}', b'{"name": "b"}'),
        _change("package.json", None, b"[]"),
        _change("setup.cfg", b"[metadata]\nname = a\n", None),
        _change("shop/semgrep_client.py"),
        _change("run.sh", mode="100755"),
        _change("tests/data/legal.txt", b"skip\n", None),  # no test itself
    ],
)
def test_violations__are_none_for_an_ordinary_change(change: Change) -> None:
    assert violations([change], Limits()) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_change(".github/workflows/ci.yml"), "never changes workflows"),
        (_change("sub/.GitHub/workflows/ci.yml"), "never changes workflows"),
        (_change(".gitattributes"), "git's own settings"),
        (_change(".gitmodules", None), "git's own settings"),
        (_change("a/.git/config", None), "git's own settings"),
        (_change(".gitlab-ci.yml"), "git's own settings"),
        (_change("Jenkinsfile"), "build pipeline"),
        (_change(".circleci/config.yml"), "build pipeline"),
        (_change(".pre-commit-config.yaml"), "build pipeline"),
        (_change("../outside.py"), "no plain path"),
        (_change("/etc/passwd"), "no plain path"),
        (_change("a/./b.py"), "no plain path"),
        (_change("a\udcff.py"), "no plain path"),
        (_change("a.py", mode="120000", after=None), "links"),
        (_change("a", was="120000", before=None), "links"),
        (_change("vendored", None, None, mode="160000"), "repositories within"),
        (_change(".codeql-fixer.yml"), "how the code is scanned"),
        (_change("sub/.codeql-fixer.yaml", None), "how the code is scanned"),
        (_change(".semgrepignore", None), "how the code is scanned"),
        (_change(".bandit"), "how the code is scanned"),
        (_change("bandit.yaml"), "how the code is scanned"),
        (_change(".semgrep/rules.yml"), "how the code is scanned"),
        (_change("codeql-config.yml"), "how the code is scanned"),
        (_change("pyproject.toml", b"[tool.bandit]\n", b"[tool.bandit]\nskips = []\n"), "how the code is scanned"),
        (_change("pyproject.toml", b"", b'[tool]\nbandit.skips = ["B101"]\n'), "how the code is scanned"),
        (_change("pyproject.toml", b"[tool.bandit]\n", b"[tool.bandit\n"), "how the code is scanned"),
        (_change("pyproject.toml", b"", b'[tool.pytest.ini_options]\naddopts = "-k x"\n'), "how the code is scanned"),
        (_change("setup.cfg", b"", b"[tool:pytest]\naddopts = -k x\n"), "scanned or tested"),
        (_change("pytest.ini", None), "scanned or tested"),
        (_change(".coveragerc", b"x\n", None), "scanned or tested"),
        (_change("package.json", b'{"scripts": {"test": "jest"}}', b'{"scripts": {"test": "true"}}'), "or tested"),
        (_change("package.json", b"{}", b"{"), "scanned or tested"),
        (_change("sub/tox.ini", b"", b"[bandit]\nexclude = a\n"), "how the code is scanned"),
        (_change("setup.cfg", b"[bandit]\nexclude = a\n", None), "how the code is scanned"),
        (_change("a.py", b"x\n", b"x  # nosec\n"), "silences a scanner"),
        (_change("a.py", b"x\n", b"x  #NOSEC B101\n"), "silences a scanner"),
        (_change("a.py", b"x # nosec\n", b"x # nosec\ny # nosec\n"), "silences a scanner"),
        (_change("a.py", None, b"x  # nosemgrep: rule\n"), "silences a scanner"),
        (_change("a.js", b"x\n", b"x // lgtm[js/x]\n"), "silences a scanner"),
        (_change("a.py", b"x\n", b"x  # codeql[py/x]\n"), "silences a scanner"),
        (_change("a.java", b"x\n", b"x // NOSONAR\n"), "silences a scanner"),
        (_change("a.py", b"x\n", b"x  # noqa: S101\n"), "silences a scanner"),
        (_change("tests/test_a.py", b"def test_a(): pass\n", None), "test file was deleted"),
        (_change("tests/test_a.py", b"def test_a(): pass\n", b"pass\n"), "a test was deleted"),
        (_change("a.test.js", b"it('a')\n  test('b')\n", b"it('a')\n"), "a test was deleted"),
        (_change("tests/test_a.py", b"def test_a(): pass\n", b"@skip\ndef test_a(): pass\n"), "skipped that was not"),
        (_change("a.py", b"x\n", None, mode=FILE), "too large"),
    ],
)  # fmt: skip
def test_violations__name_path_and_rule(change: Change, problem: str) -> None:
    [found] = violations([change], Limits())

    assert found.startswith(f"{one_line(change.path, 120)}: ")
    assert problem in found


def test_violations__of_a_binary_file() -> None:
    change = Change(path="a.png", before_mode=FILE, after_mode=FILE, before=b"", after=b"", added=None, deleted=None)

    assert violations([change], Limits()) == ["a.png: a fix never changes binary files"]


def test_violations__of_size() -> None:
    many = [_change(f"{number}.py") for number in range(3)]

    assert violations(many, Limits(changed_files=3, changed_lines=6)) == []
    assert violations(many, Limits(changed_files=2, changed_lines=5)) == [
        "the fix changes 3 files, more than the 2 allowed",
        "the fix changes 6 lines, more than the 5 allowed",
    ]


def test_violations__show_strange_names_on_one_line() -> None:
    [found] = violations([_change(".github/\n\x1b[31mx\u202e.yml")], Limits())

    assert found.isprintable()
