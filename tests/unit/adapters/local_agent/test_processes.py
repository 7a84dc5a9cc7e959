"""Programs that are not ours: what they see, what is kept of their output, and that none outlives its call."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.local_agent.processes import Ended, Output, Programs, Surroundings
from codeql_fixer.errors import UserError
from tests.local_sessions import ROOT, is_running, require, until

if TYPE_CHECKING:
    from collections.abc import Sequence


def _run(
    folder: Path, command: Sequence[str], *, seconds: float = 60, most_bytes: int = 1000
) -> tuple[Ended, list[str]]:
    passed_on: list[str] = []
    surroundings = Surroundings.fresh({"PATH": require(), "TOKEN": "secret"}, folder)
    output = Output(passed_on.append, most_bytes)
    ended = Programs().run(command, surroundings, cwd=folder, seconds=seconds, output=output)
    return ended, passed_on


def _python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_run__tells_how_it_ended_and_what_was_printed(tmp_path: Path) -> None:
    script = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"

    ended, passed_on = _run(tmp_path, _python(script))

    assert (ended.code, ended.tail, "".join(passed_on)) == (3, "out\nerr", "out\nerr\n")


def test_run__stops_what_runs_out_of_time(tmp_path: Path) -> None:
    ended, passed_on = _run(
        tmp_path, _python("import time; print('half', end='', flush=True); time.sleep(600)"), seconds=1
    )

    assert (ended.code, ended.tail, passed_on) == (None, "half", ["half"])


def test_run__goes_on_when_the_output_is_closed(tmp_path: Path) -> None:
    script = "import os, sys; os.close(1); os.close(2); open('mark', 'w').close(); sys.exit(5)"

    ended, _ = _run(tmp_path, _python(script))

    assert ended.code == 5
    assert (tmp_path / "mark").exists()


def test_run__does_not_wait_for_what_goes_on_writing_in_the_background(tmp_path: Path) -> None:
    ended, _ = _run(tmp_path, ["sh", "-c", "yes & echo $! > pid; exit 7"])

    assert ended.code == 7
    until(lambda: not is_running(int((tmp_path / "pid").read_text())))


def test_run__that_is_killed_by_a_signal_is_told(tmp_path: Path) -> None:
    ended, _ = _run(tmp_path, _python("import os; os.kill(os.getpid(), 9)"))

    assert ended.code == -9


def test_run__of_what_cannot_be_started_says_so(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")

    for name in ("nowhere", "text"):
        with pytest.raises(UserError, match=f"{name} cannot be started"):
            _run(tmp_path, [str(tmp_path / name)])


@pytest.mark.parametrize(
    ("chunks", "most_bytes", "lines"),
    [
        ([b"a\nb"], 100, ["a\n", "b"]),
        ([b"a", b"b\n"], 100, ["ab\n"]),
        ([b"\xc3", b"\xa4\n\xff"], 100, ["ä\n", "\ufffd"]),
        ([b"abcdef\n", b"more\n"], 5, ["abcdef\n", "[more output is not kept]\n"]),
        ([b"abc", b"def"], 6, ["abcdef", "[more output is not kept]\n"]),
        ([b"x" * 5000], 10_000, ["x" * 5000]),
        ([], 100, []),
    ],
)
def test_output__passes_on_whole_lines_until_there_is_too_much(
    chunks: list[bytes], most_bytes: int, lines: list[str]
) -> None:
    passed_on: list[str] = []
    output = Output(passed_on.append, most_bytes)

    for chunk in chunks:
        output.take(chunk)
    tail = output.end()

    assert passed_on == lines
    assert tail == b"".join(chunks).decode(errors="replace").strip()[-1500:]


def test_surroundings__are_clean_and_new_each_time(tmp_path: Path) -> None:
    first = Surroundings.fresh({"PATH": "/bin", "LC_ALL": "C", "TOKEN": "secret", "HOME": "/root"}, tmp_path)

    second = Surroundings.fresh({"PATH": "/bin"}, tmp_path)

    rest = {name: value for name, value in first.environment.items() if name not in {"HOME", "TMPDIR"}}
    assert rest == {"PATH": "/bin", "LC_ALL": "C", "LANG": "C.UTF-8"}
    places = [surroundings.environment[name] for surroundings in (first, second) for name in ("HOME", "TMPDIR")]
    assert len(set(places)) == 4
    assert all(Path(place).parent == tmp_path and not list(Path(place).iterdir()) for place in places)


def test_surroundings__know_python_by_both_names(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text("#!/bin/sh\n")
    (tmp_path / "python3").chmod(0o755)

    surroundings = Surroundings({"PATH": str(tmp_path)})

    assert surroundings.found("python") == str(tmp_path / "python3")
    assert surroundings.found("ruff") is None


def test_guard__kills_what_is_left_when_its_maker_is_killed(tmp_path: Path) -> None:
    script = f"""
import os, signal, subprocess, sys
sys.path.insert(0, {str(ROOT / "scripts")!r})
from codeql_fixer.adapters.local_agent.guard import Guard
guard = Guard()
sleepers = [subprocess.Popen(["sleep", "600"], start_new_session=True) for _ in range(3)]
for sleeper in sleepers:
    guard.add(sleeper.pid)
guard.remove(sleepers[2].pid)
print(*(sleeper.pid for sleeper in sleepers), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended, passed_on = _run(tmp_path, _python(script))

    assert ended.code == -9
    killed, also_killed, spared = (int(pid) for pid in "".join(passed_on).split())
    until(lambda: not is_running(killed) and not is_running(also_killed))
    assert is_running(spared)
    os.kill(spared, signal.SIGKILL)
