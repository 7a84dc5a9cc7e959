"""Errors become exit codes in one place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codeql_fixer.entrypoints.boundary import guarded, say
from codeql_fixer.errors import ConfigError, InputError, UpstreamError


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (ConfigError("a\nb"), 2, "error: a\nb\n"),
        (InputError("f.sarif", "$.runs", "is missing"), 2, "error: f.sarif: $.runs: is missing\n"),
        (UpstreamError("bandit failed"), 3, "error: bandit failed\n"),
    ],
)
def test_guarded__shows_our_errors_without_a_traceback(
    capsys: pytest.CaptureFixture[str], *, error: Exception, code: int, shown: str
) -> None:
    heard: list[tuple[int, str]] = []

    exit_code = guarded(lambda: _raise(error), lambda *what: heard.append(what))

    assert exit_code == code
    assert capsys.readouterr().err == shown
    assert heard == [(code, str(error))]


def test_guarded__calls_a_bug_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = guarded(lambda: _raise(KeyError("x")), lambda *_: None)

    shown = capsys.readouterr().err
    assert exit_code == 1
    assert "Traceback" in shown
    assert "error: this is a bug in codeql-fixer: KeyError: 'x'" in shown


def test_guarded__an_interruption_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: _raise(KeyboardInterrupt()), lambda *_: None) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_guarded__a_reader_that_has_gone_is_no_bug() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    code = (
        "import sys; from codeql_fixer.entrypoints.boundary import guarded; sys.exit(guarded(lambda: print(1), print))"
    )

    with os.fdopen(writing, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
            env={"PYTHONPATH": str(Path(__file__).parents[3] / "scripts")},
        )

    assert (done.returncode, done.stderr) == (141, b"")


def test_guarded__returns_zero_when_all_is_well() -> None:
    assert guarded(lambda: None, lambda *_: None) == 0


def test_say__prints_empty_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\n\nb")

    assert capsys.readouterr().err == "a\n\nb\n"
