"""Runs programs that are not ours: in a session of their own, with a clean environment and a time limit."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from codeql_fixer.adapters.local_agent.guard import Guard

# All that programs get of our environment: they work on a stranger's code, and need no token for that.
_PASSED_ON = ("PATH", "LANG", "LC_ALL")
_CHUNK = 65_536
_TAIL = 1_500  # characters, which go into the reason of a failure
_LINE = 4_000  # characters of a line without end before it is passed on
_WAIT_SECONDS = 0.2  # for output before another look at the process
_LAST_WORDS_SECONDS = 1  # for output that an ended program has left to be read, or that its children go on writing


class Ended(Struct, frozen=True, kw_only=True):
    """How a program ended; `code` is None when it ran out of time. `tail` is the end of its output, both streams."""

    code: int | None
    tail: str


class Surroundings(Struct, frozen=True):
    """What a program sees of this machine: a home and a directory for temporary files that are its own and empty."""

    environment: Mapping[str, str]

    @classmethod
    def fresh(cls, environment: Mapping[str, str], folder: Path) -> Surroundings:
        """Make a new home and a new directory for temporary files below `folder`."""
        places = {name: tempfile.mkdtemp(prefix=f"{name.lower()}-", dir=folder) for name in ("HOME", "TMPDIR")}
        passed = {name: environment[name] for name in _PASSED_ON if name in environment}
        return cls({"LANG": "C.UTF-8", **passed, **places})

    def found(self, program: str) -> str | None:
        """Where a program is, None when it is not installed. `python` may be called python3."""
        path = self.environment.get("PATH", os.defpath)
        others = ("python3",) if program == "python" else ()
        return next((place for name in (program, *others) if (place := shutil.which(name, path=path))), None)


class Programs:
    """Starts programs, none of which outlives its call.

    Args:
        guard: kills them when this process is killed.
    """

    def __init__(self, guard: Guard | None = None) -> None:
        self._guard = guard

    @contextmanager
    def started(
        self, command: Sequence[str], environment: Mapping[str, str], *, cwd: Path, stdin: int, stderr: int
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A running program whose output can be read; its whole process group is killed at the end.

        Raises:
            UserError: it cannot be started.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell
                command,
                cwd=cwd,
                env=environment,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise UserError(f"{command[0]} cannot be started: {error.strerror}") from error
        if self._guard:
            self._guard.add(process.pid)
        with process:
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if self._guard:
                    self._guard.remove(process.pid)

    def run(
        self, command: Sequence[str], surroundings: Surroundings, *, cwd: Path, seconds: float, output: Output
    ) -> Ended:
        """Run a program to its end or to the end of its time, and what it started with it.

        Raises:
            UserError: it cannot be started.
        """
        deadline = time.monotonic() + seconds
        streams = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        with self.started(command, surroundings.environment, cwd=cwd, **streams) as process:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            while (left := deadline - time.monotonic()) > 0:
                is_over = process.returncode is not None
                if not is_over and process.poll() is not None:
                    is_over, deadline = True, min(deadline, time.monotonic() + _LAST_WORDS_SECONDS)
                if select.select([process.stdout], [], [], 0 if is_over else min(left, _WAIT_SECONDS))[0]:
                    if chunk := os.read(process.stdout.fileno(), _CHUNK):
                        output.take(chunk)
                        continue
                    with contextlib.suppress(subprocess.TimeoutExpired):  # it closed its output and goes on
                        process.wait(max(0, deadline - time.monotonic()))
                    break
                if is_over:  # what it left running in the background may still hold the output
                    break
            code = process.returncode
        return Ended(code=code, tail=output.end())


class Output:
    """Takes what a program prints: passes lines on until there is too much, and remembers the end.

    Args:
        pass_on: gets whole lines as they come, or what there is of one that is very long.
        most_bytes: that are passed on.
    """

    def __init__(self, pass_on: Callable[[str], None], most_bytes: int) -> None:
        self._pass_on, self._left = pass_on, most_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._line = self._tail = ""

    def take(self, chunk: bytes) -> None:
        """One piece, as it was read."""
        text = self._decoder.decode(chunk)
        self._tail = (self._tail + text)[-_TAIL:]
        if self._left <= 0:
            return
        self._left -= len(chunk)
        self._line += text
        whole = self._line.rfind("\n") + 1
        if not whole and (len(self._line) > _LINE or self._left <= 0):
            whole = len(self._line)
        if whole:
            self._pass_on(self._line[:whole])
            self._line = self._line[whole:]
        if self._left <= 0:
            self._pass_on("[more output is not kept]\n")

    def end(self) -> str:
        """Pass on what is left of the last line; gives the end of everything."""
        if self._line and self._left > 0:
            self._pass_on(self._line)
        return self._tail.strip()
