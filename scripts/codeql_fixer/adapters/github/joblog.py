"""The end of what a job of GitHub Actions wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.errors import UserError
from codeql_fixer.transport.errors import HttpError

if TYPE_CHECKING:
    from codeql_fixer.adapters.github.caller import Caller
    from codeql_fixer.adapters.github.library import Library

LOG_BYTES = 4096


class JobLogs:
    """Reads logs of jobs.

    Args:
        caller: makes the calls.
        library: knows how they are written.
    """

    def __init__(self, caller: Caller, library: Library) -> None:
        self._caller, self._library = caller, library

    def read(self, base: str, job: int) -> str:
        """The end of a job's log, "" where it cannot be read: it has gone, or is too long, or the token may not.

        Args:
            base: path of the repository.
            job: its number, which is that of its check run.
        """
        path = self._library.whole(f"{base}/actions/jobs/{job}/logs")
        try:
            return tail(self._caller.read_elsewhere(path).decode(errors="replace"))
        except (HttpError, UserError):
            return ""  # the check's own words are left


def tail(text: str) -> str:
    """The last lines of a text that have no more than 4 kB together; of a longer line, its end."""
    content = text.encode(errors="replace")
    if len(content) <= LOG_BYTES:
        return text
    cut = content[-LOG_BYTES:]
    begin = cut.find(b"\n", 0, LOG_BYTES // 2) + 1
    return cut[begin:].decode(errors="ignore")
