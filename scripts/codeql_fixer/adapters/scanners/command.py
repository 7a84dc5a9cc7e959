"""Runs one scanner program and tells its failure from its findings."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.errors import UpstreamError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_TIMEOUT_SECONDS = 900
_TAIL = 2000
_INTERRUPTS = frozenset({signal.SIGINT, signal.SIGTERM})
# All that a scanner gets of our environment: it works on a stranger's code, and needs no token for that.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


class ScannerProgram(Struct, frozen=True, kw_only=True):
    """How to call a scanner: `arguments` maps the SARIF path to what follows the program's name.

    Exit code 0 has to mean that the scan was whole, whether it found something or not.
    """

    name: str
    arguments: Callable[[str], list[str]]


class CommandScanner:
    """Scanner that runs a program in the target directory, so that its paths are relative to that.

    Args:
        program: what to run.
        environment: where PATH and the locale come from.
        timeout_seconds: after this the program and its children are stopped.
    """

    def __init__(
        self, program: ScannerProgram, environment: Mapping[str, str], timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        self._program, self._timeout_seconds = program, timeout_seconds
        self._environment = {name: environment[name] for name in _PASSED_ON if name in environment}

    def scan(self, target: Path, sarif: Path) -> None:
        """Scan `target` and leave the result at `sarif`.

        Raises:
            UserError: the program is not installed, or the system does not let it start.
            UpstreamError: the program failed, ran out of time or wrote nothing.
        """
        name = self._program.name
        executable = shutil.which(name, path=self._environment.get("PATH", os.defpath))
        if executable is None:
            raise UserError(f"{name} is not installed; 'pip install {name}' or give its results with --sarif")
        try:
            sarif.unlink(missing_ok=True)
            with tempfile.TemporaryDirectory(prefix="codeql-fixer-") as home:
                command = [executable, *self._program.arguments(str(sarif.resolve()))]
                code, output = self._run(command, target, {**self._environment, "HOME": home})
        except OSError as error:
            raise UserError(f"{name} cannot scan {target}: {error.filename}: {error.strerror or error}") from error
        if code:
            raise UpstreamError(f"{name} failed with exit code {code}:\n{output[-_TAIL:]}")
        if not sarif.is_file():
            raise UpstreamError(f"{name} ended well and wrote no SARIF:\n{output[-_TAIL:]}")

    def _run(self, command: list[str], target: Path, environment: dict[str, str]) -> tuple[int, str]:
        """Exit code and output; the output goes to a file, so that no pipe fills up."""
        with tempfile.TemporaryFile() as output:
            process: subprocess.Popen[bytes] | None = None
            # An interrupt while the program is being started would leave it behind: it waits until we know its id.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
            try:
                process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
                    command,
                    cwd=target,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=partial(signal.pthread_sigmask, signal.SIG_SETMASK, before),  # noqa: PLW1509 - no threads
                )
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                code = process.wait(self._timeout_seconds)
            except BaseException as error:
                if process is not None:
                    os.killpg(process.pid, signal.SIGKILL)  # its own session: children of the scanner go with it
                    process.wait()
                if isinstance(error, subprocess.TimeoutExpired):
                    problem = f"{self._program.name} did not end within {self._timeout_seconds:g} s and was stopped"
                    raise UpstreamError(problem) from None
                raise
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            output.seek(0)
            return code, output.read().decode(errors="replace")
