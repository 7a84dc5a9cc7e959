"""Runs git in bare repositories of this machine, under nobody's configuration."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from codeql_fixer.errors import UpstreamError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PASSED_ON = ("PATH", "TMPDIR")
_ALONE = {"LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
# A repository of this machine may hold hooks of whoever pushed its files there; nothing here needs one.
_SETTINGS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")
_SECONDS = 120
_TAIL = 600


class GitError(UpstreamError):
    """Git said no; `code` is its exit code, `output` what it printed."""

    def __init__(self, command: str, code: int, *, output: str, errors: str) -> None:
        self.code, self.output = code, output
        super().__init__(f"git {command} failed with exit code {code}: {(errors or output).strip()[-_TAIL:]}")


class Git:
    """Runs git.

    Args:
        environment: where PATH comes from.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {name: environment[name] for name in _PASSED_ON if name in environment} | _ALONE

    def run(self, repository: Path, *arguments: str, given: str = "", extra: Mapping[str, str] | None = None) -> str:
        """What git prints, without the last line break.

        Args:
            repository: the bare repository.
            arguments: the command.
            given: its standard input.
            extra: more variables.

        Raises:
            GitError: it failed.
            UpstreamError: it did not end in time.
            UserError: git is not installed.
        """
        command = ["git", *_SETTINGS, f"--git-dir={repository}", *arguments]
        try:
            process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                command,
                env={**self._environment, **(extra or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="surrogateescape",
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise UserError(f"git cannot be started: {error.filename} is not there") from error
        with process:
            try:
                output, errors = process.communicate(given, _SECONDS)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise UpstreamError(f"git {arguments[0]} did not end within {_SECONDS} s and was stopped") from None
                raise
        if process.returncode:
            raise GitError(arguments[0], process.returncode, output=output, errors=errors)
        return output.rstrip("\n")
