"""Reporter: tells the surroundings of a run what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.domain.sessions import SessionsSummary


class Reporter(Protocol):
    """Called once, after everything is kept."""

    def report(self, work: FixWork, run: ScanRun, *, sessions: SessionsSummary, summary: str) -> None:
        """Tell; `summary` is Markdown.

        Raises:
            UserError: the surroundings cannot be told.
        """
        ...
