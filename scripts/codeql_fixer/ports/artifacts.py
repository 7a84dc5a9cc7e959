"""Artifacts: where a run leaves what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.scan_run import IssueRecord, ScanRun
    from codeql_fixer.domain.sessions import SessionsSummary


class Artifacts(Protocol):
    """Keeps the outcome of one run."""

    def clear(self) -> None:
        """Make the place ready before any work, and take away what an earlier run left.

        Raises:
            UserError: nothing can be kept there.
        """
        ...

    def save(
        self,
        work: FixWork,
        run: ScanRun,
        *,
        issues: Iterable[IssueRecord],
        prompts: Mapping[str, str],
        summary: str,
    ) -> None:
        """Keep everything.

        Args:
            work: issues and batches.
            run: the record of the run, whose list of issues is still empty.
            issues: what goes into that list; made one at a time, since a large run has many.
            prompts: batch id to text.
            summary: Markdown.

        Raises:
            UserError: it cannot be kept.
        """
        ...

    def save_sessions(self, sessions: SessionsSummary, summary: str) -> None:
        """Keep what became of sessions, and the summary again, which tells of them now.

        Raises:
            UserError: it cannot be kept.
        """
        ...
