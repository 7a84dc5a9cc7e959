"""Running a scanner: success, failure, time limit, environment. The program is a real one, made for the test."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from codeql_fixer.adapters.scanners.command import CommandScanner, ScannerProgram
from codeql_fixer.errors import UpstreamError, UserError


def _program(folder: Path, script: str) -> tuple[ScannerProgram, dict[str, str]]:
    """A shell script named `scanner` on the path; it gets the SARIF path as its only argument."""
    path = folder / "bin/scanner"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    environment = {"PATH": f"{path.parent}:/usr/bin:/bin", "DEVIN_API_KEY": "secret", "LANG": "C"}
    return ScannerProgram(name="scanner", arguments=lambda sarif: [sarif]), environment


def test_scan__leaves_the_result(tmp_path: Path) -> None:
    program, environment = _program(tmp_path, 'pwd > "$1"')
    target = tmp_path / "target"
    target.mkdir()

    CommandScanner(program, environment).scan(target, tmp_path / "out.sarif")

    assert (tmp_path / "out.sarif").read_text().strip() == str(target)


def test_scan__failure_is_never_a_result(tmp_path: Path) -> None:
    program, environment = _program(tmp_path, 'echo "{}" > "$1"; echo "cannot parse" >&2; exit 2')

    with pytest.raises(UpstreamError, match="scanner failed with exit code 2:\ncannot parse"):
        CommandScanner(program, environment).scan(tmp_path, tmp_path / "out.sarif")


def test_scan__success_without_a_file_is_a_failure(tmp_path: Path) -> None:
    program, environment = _program(tmp_path, "exit 0")
    (tmp_path / "out.sarif").write_text("of an earlier scan")

    with pytest.raises(UpstreamError, match="ended well and wrote no SARIF"):
        CommandScanner(program, environment).scan(tmp_path, tmp_path / "out.sarif")


def test_scan__stops_the_program_and_its_children_when_time_is_up(tmp_path: Path) -> None:
    child = tmp_path / "child"
    program, environment = _program(tmp_path, f"sleep 600 & echo $! > {child}; wait")

    with pytest.raises(UpstreamError, match=r"did not end within 0\.5 s and was stopped"):
        CommandScanner(program, environment, timeout_seconds=0.5).scan(tmp_path, tmp_path / "out.sarif")

    assert _is_gone(int(child.read_text()))


def _is_gone(pid: int) -> bool:
    """True when a process has ended, or does so within ten seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(handle) as ended:
        return bool(select.select([ended], [], [], 10)[0])


def test_scan__hands_no_secret_over_and_gives_a_home_of_its_own(tmp_path: Path) -> None:
    program, environment = _program(tmp_path, 'env > "$1"')

    CommandScanner(program, environment).scan(tmp_path, tmp_path / "out.sarif")

    passed = dict(line.split("=", 1) for line in (tmp_path / "out.sarif").read_text().splitlines())
    assert "DEVIN_API_KEY" not in passed
    assert passed["LANG"] == "C"
    assert not Path(passed["HOME"]).exists()
    assert passed["HOME"] != os.environ["HOME"]  # noqa: TID251 - tests


def test_scan__says_how_to_install_what_is_missing(tmp_path: Path) -> None:
    program = ScannerProgram(name="no-such-scanner", arguments=lambda sarif: [sarif])

    with pytest.raises(UserError, match="no-such-scanner is not installed; 'pip install no-such-scanner'"):
        CommandScanner(program, {"PATH": "/usr/bin"}).scan(tmp_path, tmp_path / "out.sarif")


def test_scan__needs_a_directory(tmp_path: Path) -> None:
    program, environment = _program(tmp_path, "exit 0")

    with pytest.raises(UserError, match=r"scanner cannot scan .*: No such file or directory"):
        CommandScanner(program, environment).scan(tmp_path / "missing", tmp_path / "out.sarif")


def test_scan__of_what_the_system_refuses_is_a_clear_error(tmp_path: Path) -> None:
    program, environment = _program(tmp_path, "exit 0")
    (tmp_path / "bin/scanner").write_text("#!/no/such/shell\n")

    with pytest.raises(UserError, match=r"scanner cannot scan .*: No such file or directory"):
        CommandScanner(program, environment).scan(tmp_path, tmp_path / "out.sarif")
