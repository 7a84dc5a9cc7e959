"""Writes the output directory. run.json comes last: where it is, everything else is whole."""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING

import msgspec

from codeql_fixer.adapters.artifacts.documents import batches_file, issue_entry, issues_file, left_out_entry
from codeql_fixer.adapters.artifacts.stream import ListWriter
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from codeql_fixer.domain.batch import LeftOut
    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.scan_run import IssueRecord, ScanRun

_RUN, _PROMPTS = "run.json", "prompts"
_CHUNK = 1000


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
            self._clear()
            # The last to be opened is the first to take its place.
            with self._replacing(_RUN) as run_stream, self._replacing("issues.json") as issues_stream:
                batched = _stream_issues(work, run, issues, run_stream=run_stream, issues_stream=issues_stream)
                with self._replacing("batches.json") as stream:
                    _stream_left_out(ListWriter(stream, batches_file(work, run, batched)), work.batching.left_out)
                self._write("summary.md", summary.encode())
                for batch_id, text in prompts.items():
                    self._write(f"{_PROMPTS}/{batch_id}.md", text.encode())
        except OSError as error:
            where = error.filename or self._root
            raise UserError(f"{where}: cannot be written: {error.strerror or error}") from error

    def _clear(self) -> None:
        """Make the directory, and take away what would look like this run's."""
        (self._root / _PROMPTS).mkdir(parents=True, exist_ok=True)
        (self._root / _RUN).unlink(missing_ok=True)
        for stale in (self._root / _PROMPTS).glob("B*.md"):
            stale.unlink()

    def _write(self, name: str, data: bytes) -> None:
        with self._replacing(name) as stream:
            stream.write(data)

    @contextmanager
    def _replacing(self, name: str) -> Iterator[IO[bytes]]:
        """A stream that becomes the file when all went well, so that a reader never sees half of it."""
        path = self._root / name
        partial = path.with_name(f".{path.name}.partial")
        try:
            with partial.open("wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _stream_issues(
    work: FixWork, run: ScanRun, records: Iterable[IssueRecord], *, run_stream: IO[bytes], issues_stream: IO[bytes]
) -> dict[str, bytes]:
    """Write every issue into run.json and issues.json, and return the encoded records of those in batches."""
    encode = msgspec.json.Encoder().encode
    run_list, issues_list = ListWriter(run_stream, run), ListWriter(issues_stream, issues_file(work, run))
    batched: dict[str, bytes] = {}
    pairs = zip(records, work.issues, strict=True)
    while chunk := list(islice(pairs, _CHUNK)):
        encoded = [encode(record) for record, _ in chunk]
        run_list.write(encoded)
        issues_list.write([issue_entry(text, issue) for text, (_, issue) in zip(encoded, chunk, strict=True)])
        batched |= {record.id: text for text, (record, _) in zip(encoded, chunk, strict=True) if record.batch_id}
    run_list.close()
    issues_list.close()
    return batched


def _stream_left_out(writer: ListWriter, left_out: Sequence[LeftOut]) -> None:
    groups = iter(left_out)
    while chunk := list(islice(groups, _CHUNK)):
        writer.write([left_out_entry(group) for group in chunk])
    writer.close()
