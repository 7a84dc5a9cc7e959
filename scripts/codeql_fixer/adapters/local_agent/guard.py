"""A second process that outlives a killed worker for a moment, to kill the programs that the worker had started."""

from __future__ import annotations

import contextlib
import os
import signal


class Guard:
    """Knows which process groups are to die with this process, whatever it dies of.

    Started before any thread. It is told through a pipe whose other end nobody but this process holds, so its end is
    the end of this process, by the kernel's word. It also holds what it inherits until the last program is gone: a
    lock that the worker holds stays locked as long as something of the worker runs.
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
        os.write(self._write, b"+%d\n" % group)

    def remove(self, group: int) -> None:
        """It is gone already."""
        os.write(self._write, b"-%d\n" % group)


def _watch(read: int) -> None:
    """Wait for the end of the other process; never returns."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    with os.fdopen(read, "rb") as told:
        for line in told:
            group = int(line[1:])
            if line.startswith(b"+"):
                groups.add(group)
            else:
                groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    os._exit(0)
