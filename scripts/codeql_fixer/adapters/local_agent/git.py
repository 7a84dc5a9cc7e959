"""Runs git for a session: under nobody's configuration, and with the way into the server only where it talks to one."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from codeql_fixer.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from codeql_fixer.adapters.local_agent.processes import Programs

_PASSED_ON = (
    *("PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"),
    *("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"),
)
_ALONE = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}
# A repository is a stranger's: nothing in it may name a program that we then run.
_SETTINGS = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.addEmbeddedRepo=false"),
)
_TAIL = 600


class GitError(UpstreamError):
    """Git failed; `code` is its exit code."""

    def __init__(self, command: str, code: int, words: str) -> None:
        self.code = code
        super().__init__(f"git {command} failed with exit code {code}: {words.strip()[-_TAIL:]}")


class Git:
    """Runs git.

    Args:
        programs: starts it, and takes it along when this process is killed.
        environment: where PATH and proxies come from.
        access: variables that let git in at the server; they reach fetch and push only.
        seconds: after this git is stopped.
    """

    def __init__(
        self, programs: Programs, environment: Mapping[str, str], *, access: Mapping[str, str], seconds: float
    ) -> None:
        self._programs, self._seconds, self._access = programs, seconds, access
        self._environment = {name: environment[name] for name in _PASSED_ON if name in environment} | _ALONE

    def talk(self, *arguments: str, cwd: Path) -> str:
        """Run a command that talks to the server."""
        return self._run(arguments, cwd, {**self._environment, **self._access}).decode(errors="surrogateescape")

    def run(self, *arguments: str, cwd: Path, given: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        """What git prints.

        Args:
            arguments: the command.
            cwd: the repository or work tree.
            given: its standard input.
            extra: more variables.

        Raises:
            GitError: it failed.
            UpstreamError: it did not end in time.
            UserError: it is not installed.
        """
        return self._run(arguments, cwd, {**self._environment, **(extra or {})}, given=given)

    def line(self, *arguments: str, cwd: Path, given: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
        """The one line that git prints."""
        return self.run(*arguments, cwd=cwd, given=given, extra=extra).decode(errors="surrogateescape").strip()

    def _run(
        self, arguments: tuple[str, ...], cwd: Path, environment: Mapping[str, str], *, given: bytes = b""
    ) -> bytes:
        command = ["git", *_SETTINGS, *arguments]
        streams = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
        with self._programs.started(command, environment, cwd=cwd, **streams) as process:
            try:
                output, errors = process.communicate(given, self._seconds)
            except subprocess.TimeoutExpired:
                problem = f"git {arguments[0]} did not end within {self._seconds:g} s and was stopped"
                raise UpstreamError(problem) from None
        if process.returncode:
            raise GitError(arguments[0], process.returncode, (errors or output).decode(errors="replace"))
        return output
