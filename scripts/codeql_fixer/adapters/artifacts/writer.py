"""Writes the output directory. run.json comes last: where it is, everything else is whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.adapters.artifacts.documents import batches_file, issues_file
from codeql_fixer.adapters.artifacts.stream import stream_list
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.scan_run import IssueRecord, ScanRun

_RUN, _PROMPTS = "run.json", "prompts"


class OutputDirectory:
    """Artifacts in a directory; what an earlier run left there under the same names is replaced."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(
        self,
        work: FixWork,
        run: ScanRun,
        *,
        issues: Iterable[IssueRecord],
        prompts: Mapping[str, str],
        summary: str,
    ) -> None:
        """Write everything; `issues` become the issues of `run`.

        Raises:
            UserError: the directory cannot be written, with the reason of the system.
        """
        try:
            (self._root / _PROMPTS).mkdir(parents=True, exist_ok=True)
            (self._root / _RUN).unlink(missing_ok=True)
            for stale in (self._root / _PROMPTS).glob("B*.md"):
                stale.unlink()
            for batch_id, text in prompts.items():
                self._write(f"{_PROMPTS}/{batch_id}.md", [text.encode()])
            named = {"target_repo": run.target_repo, "run_id": run.run_id}
            self._write("issues.json", issues_file(work, **named))
            self._write("batches.json", [msgspec.json.encode(batches_file(work, **named))])
            self._write("summary.md", [summary.encode()])
            self._write(_RUN, stream_list(run, issues))
        except OSError as error:
            where = error.filename or self._root
            raise UserError(f"{where}: cannot be written: {error.strerror or error}") from error

    def _write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Replace a file as a whole, so that a reader never sees half of it."""
        path = self._root / name
        partial = path.with_name(f".{path.name}.partial")
        try:
            with partial.open("wb") as stream:
                stream.writelines(pieces)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
