"""What fixers are told to do, with a program in the place of codemodder; the integration tests have the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.local_agent.fixers import Bench, CodemodFixer, CommandFixer
from codeql_fixer.adapters.local_agent.processes import Ended, Surroundings
from codeql_fixer.domain.session import Attachment
from codeql_fixer.errors import UpstreamError, UserError
from tests.local_sessions import request, target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

SQL = "pixee:python/sql-parameterization"
RANDOM = "pixee:python/secure-random"


class _Program:
    """Stands where codemodder stands: notes how it is called, and does something to the checkout."""

    def __init__(self, act: Callable[[Path], object] = lambda _: None, code: int | None = 0) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.variables: list[Mapping[str, str]] = []
        self._act, self._code = act, code

    def run(self, command: Sequence[str], tree: Path, more: Mapping[str, str]) -> Ended:
        self.calls.append(tuple(command))
        self.variables.append(more)
        self._act(tree)
        return Ended(code=self._code, tail="last words")


def _bench(folder: Path, program: _Program, *, installed: Sequence[str] = ("codemodder", "semgrep")) -> Bench:
    tree, programs = folder / "tree", folder / "bin"
    tree.mkdir()
    programs.mkdir()
    for name in installed:
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    files = {"app.py": "100644", "b,c.py": "100644", "link.py": "120000", "app.js": "100644"}
    for file in files:
        (tree / file).write_text("import sqlite3, random\nx = random.random()\n")
    return Bench(
        tree=tree,
        given=folder / "given",
        files=files,
        surroundings=Surroundings({"PATH": str(programs)}),
        run=program.run,
    )


def test_codemods__run_each_on_the_files_of_its_own_issues(tmp_path: Path) -> None:
    program = _Program()
    bench = _bench(tmp_path, program)
    asked = request("i-1", target(1), target(2, rule_id="B608", line=2), target(3, rule_id="py/sql-injection"))

    notes = CodemodFixer().fix(asked, bench)

    assert notes == {}
    assert [call[1:] for call in program.calls] == [
        (f"--codemod-include={RANDOM}", "--path-include=app.py", "."),
        (f"--codemod-include={SQL}", "--path-include=app.py", "."),
    ]
    assert program.calls[0][0] == str(tmp_path / "bin/codemodder")
    assert {variables["SEMGREP_ENABLE_VERSION_CHECK"] for variables in program.variables} == {"0"}


@pytest.mark.parametrize(
    ("rule_id", "file", "note"),
    [
        ("B999", "app.py", "there is no codemod for this rule"),
        ("B311", "link.py", "it is in no Python file of the repository"),
        ("B311", "app.js", "it is in no Python file of the repository"),
        ("B311", "gone.py", "it is in no Python file of the repository"),
        ("B311", "../bin/semgrep", "it is in no Python file of the repository"),
        ("B311", "b,c.py", "codemodder cannot be told this file name"),
    ],
)
def test_codemods__leave_alone_what_they_cannot_fix(tmp_path: Path, *, rule_id: str, file: str, note: str) -> None:
    program = _Program()

    notes = CodemodFixer().fix(request("i-1", target(1, rule_id=rule_id, file=file)), _bench(tmp_path, program))

    assert notes == {"CQLF-R1-0001": note}
    assert program.calls == []


def test_codemods__take_back_what_they_broke(tmp_path: Path) -> None:
    program = _Program(lambda tree: (tree / "app.py").write_text("x = random.random()\n"))
    bench = _bench(tmp_path, program)

    notes = CodemodFixer().fix(request(), bench)

    assert notes == {"CQLF-R1-0001": f"{RANDOM} was taken back: the file uses random, which nothing defines"}
    assert (bench.tree / "app.py").read_text().startswith("import sqlite3, random\n")


@pytest.mark.parametrize(("code", "how"), [(1, "failed with exit code 1"), (None, "ran out of time and was stopped")])
def test_codemods__that_fail_say_so(tmp_path: Path, code: int | None, how: str) -> None:
    with pytest.raises(UpstreamError, match=f"codemodder {how}:\nlast words"):
        CodemodFixer().fix(request(), _bench(tmp_path, _Program(code=code)))


@pytest.mark.parametrize(("installed", "missing"), [((), "codemodder"), (("codemodder",), "semgrep")])
def test_codemods__name_the_program_that_is_missing(tmp_path: Path, installed: tuple[str, ...], missing: str) -> None:
    with pytest.raises(UserError, match=f"{missing} is not installed; docs/guides/local-agent.md tells how"):
        CodemodFixer().fix(request(), _bench(tmp_path, _Program(), installed=installed))


def test_codemods__that_need_no_semgrep_do_without(tmp_path: Path) -> None:
    program = _Program()

    CodemodFixer().fix(request("i-1", target(1, rule_id="B608")), _bench(tmp_path, program, installed=["codemodder"]))

    assert len(program.calls) == 1


def test_command__gets_its_arguments_filled_in(tmp_path: Path) -> None:
    program = _Program()
    bench = _bench(tmp_path, program, installed=["fix"])
    files = (Attachment(name="../../a b.sarif", content=b"{}"),)
    asked = request("i-1", target(1), target(2), target(3, file="-x.py"), attachments=files)

    notes = CommandFixer(["fix", "{mode}", "--in={worktree}", "{prompt_file}", "{files}"]).fix(asked, bench)

    assert notes == {}
    prompt = tmp_path / "given/prompt.md"
    assert program.calls == [
        (str(tmp_path / "bin/fix"), f"--in={bench.tree}", str(prompt), "./app.py", "./-x.py"),
    ]
    assert sorted(path.name for path in prompt.parent.iterdir()) == ["attachment-.._.._a_b.sarif", "prompt.md"]
    assert program.variables == [{}]
