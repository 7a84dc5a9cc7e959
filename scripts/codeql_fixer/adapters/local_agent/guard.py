"""A second process that outlives a killed worker for a moment, to take away what the worker had started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Guard:
    """Knows which process groups and which directory are to go with this process, whatever it dies of.

    Started before any thread. It is told through a pipe whose other end nobody but this process holds, so its end is
    the end of this process, by the kernel's word. It also holds what it inherits until everything is gone: a lock
    that the worker holds stays locked as long as something of the worker runs.
    """

    def __init__(self) -> None:
        read, self._write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(self._write)
            _watch(read)
        os.close(read)

    def add(self, group: int) -> None:
        """Let this process group die with us."""
        self._tell(b"+%d" % group)

    def remove(self, group: int) -> None:
        """It is gone already."""
        self._tell(b"-%d" % group)

    def clear(self, directory: Path) -> None:
        """Let this directory be removed in the end."""
        self._tell(b"=" + os.fsencode(directory))

    def _tell(self, line: bytes) -> None:
        os.write(self._write, line + b"\n")


def _watch(read: int) -> None:
    """Wait for the end of the other process; never returns."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    directories: list[bytes] = []
    with os.fdopen(read, "rb") as told:
        for line in told:
            kind, name = line[:1], line[1:-1]
            if kind == b"=":
                directories.append(name)
            elif kind == b"+":
                groups.add(int(name))
            else:
                groups.discard(int(name))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)
