"""The end of what a job of GitHub Actions wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.errors import UserError
from codeql_fixer.policy.logs import tail
from codeql_fixer.transport.errors import HttpError

if TYPE_CHECKING:
    from codeql_fixer.adapters.github.caller import Caller
    from codeql_fixer.adapters.github.library import Library


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
