"""What a local forge remembers of pull requests: one JSON file each, inside the bare repository."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.errors import InputError
from codeql_fixer.transport.message_types import ready

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER, _LOCK = "codeql-fixer-pulls", "codeql-fixer.lock"


class PullRecord(Struct, frozen=True, kw_only=True):
    """One pull request as it was written down last; what git knows better is asked of git."""

    number: int
    head: str
    base: str
    title: str
    body: str
    head_commit: str
    created_at: datetime
    state: PullRequestState = PullRequestState.OPEN
    merge_commit: str = ""
    merged_at: datetime | None = None


def write_whole(path: Path, record: Struct) -> None:
    """Write a record, whole or not at all, durably. Whoever does it holds the lock of the repository."""
    half = path.with_suffix(".new")
    with half.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    half.replace(path)


class PullRecords:
    """The records of one repository.

    Args:
        repository: the bare repository, which is there.
    """

    def __init__(self, repository: Path) -> None:
        self._repository, self._folder = repository, repository / _FOLDER

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes pull requests of this repository meanwhile; the lock dies with the process."""
        descriptor = os.open(self._repository / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def get(self, number: int) -> PullRecord | None:
        """One record, None where there is none.

        Raises:
            InputError: it cannot be read.
        """
        path = self._path(number)
        try:
            return msgspec.json.decode(path.read_bytes(), type=ready(PullRecord))
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise InputError(str(path), "", f"is no record of a pull request: {error}") from error

    def all(self) -> list[PullRecord]:
        """All records, newest first."""
        numbers = [int(path.stem) for path in self._folder.glob("*.json") if path.stem.isdecimal()]
        return [record for number in sorted(numbers, reverse=True) if (record := self.get(number)) is not None]

    def put(self, record: PullRecord) -> None:
        """Write a record, whole or not at all, durably."""
        self._folder.mkdir(exist_ok=True)
        write_whole(self._path(record.number), record)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.json"
