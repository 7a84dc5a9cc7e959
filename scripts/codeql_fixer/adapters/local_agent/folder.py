"""The folder of one session: everything that is known of it, readable by any process while another one works."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.adapters.local_agent.options import LocalOptions
from codeql_fixer.domain.session import PullRequestLink, SessionReport, SessionRequest, SessionState
from codeql_fixer.errors import AgentUnavailableError
from codeql_fixer.transport.message_types import ready

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = TypeVar("T")

_ABSENT = (FileNotFoundError, NotADirectoryError)
_LOCK_TRIES, _LOCK_SECONDS = 5, 0.05  # a reader that looks whether a worker lives holds the lock for a moment


class Order(Struct, frozen=True, kw_only=True):
    """What a worker is told: the request without its secrets, and the operator's options."""

    request: SessionRequest
    options: LocalOptions
    at: datetime


class Status(Struct, frozen=True, kw_only=True):
    """How far a session is; `starts` counts its workers, `pid` is 0 while the last of them has not said anything."""

    step: str
    state: SessionState
    percent: int
    at: datetime
    pid: int = 0
    starts: int = 0


class Draft(Struct, frozen=True, kw_only=True):
    """A fix that passed everything and only has to be pushed and proposed."""

    commit: str
    base: str
    body: str
    report: SessionReport


class Ending(Struct, frozen=True, kw_only=True):
    """How a session ended."""

    state: SessionState
    detail: str
    report: SessionReport
    at: datetime
    pull_requests: tuple[PullRequestLink, ...] = ()


class Line(Struct, frozen=True, kw_only=True):
    """One entry of the journal."""

    at: datetime
    step: str
    text: str


class SessionFolder:
    """Reads and writes the files of a session; each is written whole or not at all.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.id = path, path.name

    @property
    def exists(self) -> bool:
        """True when a worker was about to start: whoever is killed before that has made no session."""
        return self.was_started or self.is_alive

    @property
    def was_started(self) -> bool:
        """True when a worker, or whoever was about to start it, got to say so."""
        return (self.path / "started").exists() or self.status() is not None

    def note_start(self) -> None:
        """A worker is about to start, whether it gets to say so itself or not. The one before it has no process."""
        if (status := self.status()) and status.pid:
            self.put_status(replace(status, pid=0))
        (self.path / "started").touch()

    def take_back_start(self) -> None:
        """It was not started after all, and was to be the first."""
        with contextlib.suppress(OSError):  # then it is a session whose worker is lost
            (self.path / "started").unlink()

    # --- the worker's life

    @contextlib.contextmanager
    def lock(self) -> Iterator[int | None]:
        """The descriptor that makes its holder the worker of this session, None when there is one."""
        descriptor = os.open(self.path / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor if _is_locked_by(descriptor, fcntl.LOCK_EX) else None
        finally:
            os.close(descriptor)

    @property
    def is_alive(self) -> bool:
        """True while a worker, or a program that it started, runs."""
        try:
            descriptor = os.open(self.path / "worker.lock", os.O_RDWR)
        except _ABSENT:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def ask_to_stop(self) -> None:
        """Tell the worker, now or whenever it starts, that the session is to end."""
        (self.path / "stop").touch()

    @property
    def is_to_stop(self) -> bool:
        """True when somebody asked for the end."""
        return (self.path / "stop").exists()

    # --- files

    def order(self) -> Order:
        """What is to be done."""
        order = self._read("order.json", Order)
        if order is None:
            raise AgentUnavailableError(f"{self.path}/order.json is missing")
        return order

    def put_order(self, order: Order) -> None:
        """Say what is to be done."""
        _write(self.path / "order.json", order)

    def status(self) -> Status | None:
        """How far it is; None before there was a worker."""
        return self._read("status.json", Status)

    def put_status(self, status: Status) -> None:
        """Say how far it is."""
        _write(self.path / "status.json", status)

    def draft(self) -> Draft | None:
        """The fix that is ready to be pushed, if there is one."""
        return self._read("draft.json", Draft)

    def put_draft(self, draft: Draft) -> None:
        """Keep a fix that passed everything."""
        _write(self.path / "draft.json", draft)

    def ending(self) -> Ending | None:
        """How it ended, None while it has not."""
        return self._read("ending.json", Ending)

    def put_ending(self, ending: Ending) -> None:
        """End it. What stands there already stays."""
        if self.ending() is None:
            _write(self.path / "ending.json", ending)

    def say(self, line: Line) -> None:
        """Add to the journal. It begins with the end of a line, since a killed worker may have left half a one."""
        with (self.path / "journal.jsonl").open("ab") as stream:
            stream.write(b"\n" + msgspec.json.encode(line) + b"\n")

    def said(self, offset: int, most_bytes: int) -> list[tuple[int, Line]]:
        """Entries of the journal from an offset on, each with the offset behind it; a half one is left for later."""
        try:
            with (self.path / "journal.jsonl").open("rb") as stream:
                stream.seek(offset)
                data = stream.read(most_bytes)
        except _ABSENT:
            return []
        found = []
        for text in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
            offset += len(text)
            try:
                found.append((offset, msgspec.json.decode(text, type=ready(Line))))
            except msgspec.DecodeError:  # nothing, or what a worker wrote when it was killed
                continue
        return found

    def _read(self, name: str, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode((self.path / name).read_bytes(), type=ready(kind))
        except _ABSENT:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise AgentUnavailableError(f"{self.path / name} cannot be read: {error}") from error


def _write(path: Path, value: Struct) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with half.open("wb") as stream:
        stream.write(msgspec.json.encode(value))
        stream.flush()
        os.fsync(stream.fileno())
    half.replace(path)


def _is_locked_by(descriptor: int, kind: int) -> bool:
    for left in reversed(range(_LOCK_TRIES)):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_LOCK_SECONDS)
        else:
            return True
    return False
