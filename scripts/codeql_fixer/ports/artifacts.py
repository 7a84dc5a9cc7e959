"""Artifacts: where a run leaves what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.scan_run import ScanRun


class Artifacts(Protocol):
    """Keeps the outcome of one run."""

    def save(self, work: FixWork, run: ScanRun, *, prompts: Mapping[str, str], summary: str) -> None:
        """Keep everything; `prompts` maps batch ids to texts, `summary` is Markdown.

        Raises:
            UserError: it cannot be kept.
        """
        ...
