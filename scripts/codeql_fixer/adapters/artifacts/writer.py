"""Writes the output directory. run.json comes last: where it is, everything else is whole."""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, TypeVar

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
    from codeql_fixer.domain.sessions import SessionsSummary

_RUN, _ISSUES, _BATCHES, _SUMMARY, _PROMPTS = "run.json", "issues.json", "batches.json", "summary.md", "prompts"
_SESSIONS = "sessions.json"
_LEFT_BY_EARLIER_RUNS = (
    *(_RUN, _ISSUES, _BATCHES, _SUMMARY, _SESSIONS, ".*.partial"),
    *(f"{_PROMPTS}/B*.md", f"{_PROMPTS}/.*.partial"),
)
_CHUNK = 1000
_T = TypeVar("_T")


class OutputDirectory:
    """Artifacts in a directory, which may lie inside the target's checkout: no link in it is followed.

    Args:
        root: the directory; one run at a time.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def clear(self) -> None:
        """Make the directory and take away what would look like this run's; other files stay.

        Raises:
            UserError: the directory cannot be written, with the reason of the system.
        """
        with self._told():
            (self._root / _PROMPTS).mkdir(parents=True, exist_ok=True)
            if (self._root / _PROMPTS).is_symlink():
                raise UserError(f"{self._root / _PROMPTS}: is a link, which is not followed; remove it")
            for pattern in _LEFT_BY_EARLIER_RUNS:
                for stale in self._root.glob(pattern):
                    stale.unlink()

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
        # The last to be opened is the first to take its place.
        with self._told(), self._replacing(_RUN) as run_stream, self._replacing(_ISSUES) as issues_stream:
            batched = _stream_issues(work, run, issues, run_stream=run_stream, issues_stream=issues_stream)
            with self._replacing(_BATCHES) as stream:
                _stream_left_out(ListWriter(stream, batches_file(work, run, batched)), work.batching.left_out)
            self._write(_SUMMARY, summary.encode())
            for batch_id, text in prompts.items():
                self._write(f"{_PROMPTS}/{batch_id}.md", text.encode())

    def save_sessions(self, sessions: SessionsSummary, summary: str) -> None:
        """Write sessions.json, and the summary again.

        Raises:
            UserError: the directory cannot be written, with the reason of the system.
        """
        with self._told():
            self._write(_SESSIONS, msgspec.json.format(msgspec.json.encode(sessions), indent=2) + b"\n")
            (self._root / _SUMMARY).unlink(missing_ok=True)
            self._write(_SUMMARY, summary.encode())

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the system as errors for people."""
        try:
            yield
        except OSError as error:
            where = error.filename or self._root
            raise UserError(f"{where}: cannot be written: {error.strerror or error}") from error

    def _write(self, name: str, data: bytes) -> None:
        with self._replacing(name) as stream:
            stream.write(data)

    @contextmanager
    def _replacing(self, name: str) -> Iterator[IO[bytes]]:
        """A stream that becomes the file when all went well, so that a reader never sees half of it."""
        path = self._root / name
        partial = path.with_name(f".{path.name}.partial")
        try:
            with partial.open("xb") as stream:  # x: the author of a checkout may have put a link there
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
    for chunk in _chunks(zip(records, work.issues, strict=True)):
        encoded = [encode(record) for record, _ in chunk]
        run_list.write(encoded)
        issues_list.write([issue_entry(text, issue) for text, (_, issue) in zip(encoded, chunk, strict=True)])
        batched |= {record.id: text for text, (record, _) in zip(encoded, chunk, strict=True) if record.batch_id}
    run_list.close()
    issues_list.close()
    return batched


def _stream_left_out(writer: ListWriter, left_out: Sequence[LeftOut]) -> None:
    for chunk in _chunks(left_out):
        writer.write([left_out_entry(group) for group in chunk])
    writer.close()


def _chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    """Lists of `_CHUNK` items, so that never more than those stand encoded in memory."""
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
