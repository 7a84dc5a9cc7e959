"""Quality gates with real programs: what the fix broke counts, what was broken before does not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.local_agent.options import Limits
from codeql_fixer.domain.gate import Gate, GateKind
from codeql_fixer.domain.session import SessionState
from tests.local_sessions import GOOD, NAME, TARGET, Machine, is_running, report_of, request, run, said, until

if TYPE_CHECKING:
    from pathlib import Path

BREAKS = "from pathlib import Path\nPath('app.py').write_text('def token():\\n    return 4\\n')\n"


def _gate(script: str, kind: GateKind = GateKind.TESTS) -> Gate:
    return Gate(kind=kind, command=(sys.executable, "-c", script))


def test_gates__tests_that_fail_only_after_the_fix_stop_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    session = run(machine.agent(machine.command(BREAKS)))

    assert session.state is SessionState.FAILED
    assert session.detail.startswith("gate tests: python -m pytest failed and passes without the fix:")
    assert "assert 4 != 4" in session.detail
    assert machine.branches() == []


def test_gates__that_failed_before_have_no_say(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {**TARGET, "tests/test_old.py": "def test_old():\n    assert False\n"})

    session = run(machine.agent(machine.command(GOOD)))

    assert session.state is SessionState.FINISHED
    assert report_of(session).tests == "tests: python -m pytest failed before the fix, too"
    assert report_of(session).confidence == "low"
    [pull] = machine.forge.pull_requests(NAME)
    assert "`tests: python -m pytest failed before the fix, too`" in pull.body


@pytest.mark.parametrize(
    "gate", [_gate("raise SystemExit(1)"), Gate(kind=GateKind.TESTS, command=("no-such-program",))]
)
def test_gates__without_tests_that_pass_there_is_no_fix_where_the_operator_wants_them(
    tmp_path: Path, gate: Gate
) -> None:
    machine = Machine(tmp_path)

    session = run(machine.agent(machine.command(GOOD, gates=(gate,), needs_tests=True)))

    assert session.state is SessionState.FAILED
    assert "no tests passed, and the operator wants that" in session.detail
    assert machine.branches() == []


def test_gates__whose_program_is_missing_are_reported(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    gate = Gate(kind=GateKind.LINT, command=("no-such-linter", "."))

    session = run(machine.agent(machine.command(GOOD, gates=(gate,))))

    assert session.state is SessionState.FINISHED
    assert "lint: no-such-linter . could not run" in report_of(session).approach


def test_gates__may_be_a_script_of_the_target(tmp_path: Path) -> None:
    machine = Machine(
        tmp_path, {**TARGET, "check.py": f"#!{sys.executable}\nimport app\nprint('CHECKED', app.token())\n"}
    )
    (tmp_path / "source/check.py").chmod(0o755)
    machine.forge.add_repository("acme/other", tmp_path / "source")
    gates = (
        Gate(kind=GateKind.SETUP, command=("./no-such-script",)),
        Gate(kind=GateKind.TESTS, command=("./check.py",)),
        _gate("raise SystemExit(1)", GateKind.LINT),
    )

    session = run(machine.agent(machine.command(GOOD, gates=gates)), request(target_repo="acme/other"))

    assert session.state is SessionState.FINISHED, session.detail
    assert report_of(session).tests == "tests: ./check.py passed"
    assert "setup: ./no-such-script could not run" in report_of(session).approach


def test_gates__take_the_place_of_what_is_found_for_the_same_kind(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    session = run(machine.agent(machine.command(BREAKS, gates=(_gate("print('mine')"),))))

    assert session.state is SessionState.FINISHED
    assert "mine\n" in said(machine.agent(), session.id)
    assert "pytest" not in report_of(session).tests


def test_gates__are_not_looked_for_where_the_operator_does_not_want_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    session = run(machine.agent(machine.command(BREAKS, finds_gates=False)))

    assert report_of(session).tests == "no tests were found"


RUFF = '[tool.ruff.lint]\nselect = ["I"]\n'


def test_gates__let_formatters_repair_the_fix(tmp_path: Path) -> None:
    """Judged again as a whole: the commit is what ruff made of it, and only in files that the fix changed."""
    other = "x   =  1\n"
    machine = Machine(tmp_path, {**TARGET, "pyproject.toml": RUFF, "other.py": other})
    ugly = "import  uuid\nimport secrets\n\n\ndef token( ):\n    return secrets.token_hex( ), uuid\n"
    script = f"from pathlib import Path\nPath('app.py').write_text({ugly!r})\n"

    session = run(machine.agent(machine.command(script)))

    assert session.state is SessionState.FINISHED, session.detail
    text = machine.show("cqf/i-1:app.py")
    assert text == "import secrets\nimport uuid\n\n\ndef token():\n    return secrets.token_hex(), uuid"
    assert machine.show("cqf/i-1:other.py") == other.strip()
    assert "format: ruff format --check (changed files) passed" in report_of(session).approach
    assert "lint: ruff check (changed files) passed" in report_of(session).approach


def test_gates__that_cannot_be_repaired_stop_the_fix(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {**TARGET, "pyproject.toml": '[tool.ruff.lint]\nselect = ["E7"]\n'})
    script = GOOD + "path.write_text(path.read_text() + 'l = 1\\n')\n"

    session = run(machine.agent(machine.command(script)))

    assert session.state is SessionState.FAILED
    assert "E741" in session.detail


@pytest.mark.parametrize(
    ("more", "state"), [("", SessionState.FINISHED), ("def more():\\n    return 1\\n", SessionState.FAILED)]
)
def test_gates__hold_a_coverage_floor(tmp_path: Path, more: str, state: SessionState) -> None:
    settings = f"{TARGET['pyproject.toml']}\n[tool.coverage.run]\nsource = ['app']\n"
    machine = Machine(tmp_path, {**TARGET, "pyproject.toml": settings})
    script = f"{GOOD}path.write_text(path.read_text() + '{more}')\n"

    session = run(machine.agent(machine.command(script, coverage_floor=100)))

    assert session.state is state, session.detail
    said_so = report_of(session).tests if state is SessionState.FINISHED else session.detail
    assert "coverage: python -m pytest --cov --cov-fail-under=100" in said_so


def test_gates__that_never_end_are_stopped_with_all_they_started(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    place = tmp_path / "pids"
    script = (
        "import os, pathlib, subprocess, sys, time\n"
        "if 'secrets' in pathlib.Path('app.py').read_text():\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"    open({str(place)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "    time.sleep(600)\n"
    )
    limits = Limits(gate_seconds=1)

    session = run(machine.agent(machine.command(GOOD, gates=(_gate(script),), limits=limits)))

    assert session.state is SessionState.FAILED
    assert "ran out of time" in session.detail
    until(lambda: not any(is_running(int(pid)) for pid in place.read_text().split()))


def test_gates__leave_nothing_running_and_do_not_wait_for_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    place = tmp_path / "pid"
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(place)!r}, 'w').write(str(child.pid))\n"
    )

    session = run(machine.agent(machine.command(GOOD, gates=(_gate(script),))))

    assert session.state is SessionState.FINISHED
    until(lambda: not is_running(int(place.read_text())))


def test_gates__look_at_exactly_what_is_pushed(tmp_path: Path) -> None:
    """A file that the target ignores is not pushed, so it cannot be what makes the tests pass."""
    machine = Machine(
        tmp_path, {**TARGET, ".gitignore": "helper.py\n", "tests/test_app.py": "import app\ndef test(): app\n"}
    )
    script = (
        "from pathlib import Path\n"
        "Path('app.py').write_text('import helper\\n\\n\\ndef token():\\n    return helper.token()\\n')\n"
        "Path('helper.py').write_text('token = id\\n')\n"
    )

    session = run(machine.agent(machine.command(script)))

    assert session.state is SessionState.FAILED
    assert "No module named 'helper'" in session.detail


def test_gates__get_nothing_of_ours(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    gate = _gate(
        "import os\nfor name in sorted(os.environ): print('VARIABLE', name)\nprint(os.listdir(os.environ['HOME']))"
    )

    session = run(machine.agent(machine.command(GOOD, gates=(gate,))))

    lines = said(machine.agent(), session.id).splitlines()
    names = {line.split()[1] for line in lines if line.startswith("VARIABLE")}
    assert {"HOME", "PATH", "TMPDIR"} <= names <= {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR"}
    assert "[]" in lines


def test_gates__prepare_the_base_as_they_prepare_the_fix(tmp_path: Path) -> None:
    """Otherwise tests would fail on the base for want of what was set up, and be excused."""
    machine = Machine(tmp_path)
    setup = _gate("open('ready', 'w').close()", GateKind.SETUP)
    tests = _gate("import os, sys; sys.exit(not os.path.exists('ready') or 'return 4' in open('app.py').read())")

    session = run(machine.agent(machine.command(BREAKS, gates=(setup, tests))))

    assert session.state is SessionState.FAILED
    assert "passes without the fix" in session.detail


def test_gates__run_in_their_order(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    gates = tuple(_gate(f"print('GATE {kind}')", kind) for kind in reversed(GateKind))

    session = run(machine.agent(machine.command(GOOD, gates=gates)))

    ran = [line.split()[1] for line in said(machine.agent(), session.id).splitlines() if line.startswith("GATE ")]
    assert ran == list(GateKind)
