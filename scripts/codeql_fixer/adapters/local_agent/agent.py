"""Agent whose sessions run on this machine, each in a process of its own that outlives the one that asked for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from codeql_fixer.adapters.local_agent.folder import Order, SessionFolder
from codeql_fixer.adapters.local_agent.steps import QUEUED, STEPS
from codeql_fixer.domain.record import Name, RepositoryName
from codeql_fixer.domain.session import TAG_PREFIX, Session, SessionMessage, SessionReport, SessionState
from codeql_fixer.errors import SessionNotFoundError, SessionRefusedError, UpstreamError
from codeql_fixer.policy.plain_text import clean
from codeql_fixer.ports.agent import Capabilities, Created, MessagePage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from codeql_fixer.adapters.local_agent.options import LocalOptions
    from codeql_fixer.domain.session import SessionRequest

_ID_PREFIX = "local-"
_PAGE_BYTES = _MESSAGE = 1_000_000  # several times as much as one entry of the journal can have
_STOP_SECONDS, _LOOK_SECONDS = 5, 0.05
_LOST = "lost"


class LocalAgent:
    """Runs sessions on this machine.

    Args:
        state_dir: where sessions, copies of repositories and slots are kept; one per machine and user.
        options: what the operator decides.
        worker: the command that runs a session, to which the session's folder and the descriptor of its lock are
            added; it ends in `worker.run_session`.
        environment: what that command sees, whole.
        now: tells the time.
    """

    def __init__(
        self,
        state_dir: Path,
        options: LocalOptions,
        *,
        worker: Sequence[str],
        environment: Mapping[str, str],
        now: Callable[[], datetime],
    ) -> None:
        self._sessions, self._options, self._worker = state_dir.absolute() / "sessions", options, tuple(worker)
        self._environment, self._now = environment, now
        self._started: set[int] = set()
        self.name = options.name
        self.capabilities = Capabilities(
            is_paid=options.is_paid, tells_cost=False, takes_messages=False, takes_attachments=True
        )

    def create(self, request: SessionRequest) -> Created:
        """Start a session, or start its worker again where that was killed; see Agent.create."""
        try:
            msgspec.convert(request.intent_id, Name)
            msgspec.convert(request.target_repo, RepositoryName)
        except msgspec.ValidationError as error:
            raise SessionRefusedError(f"no session for {request!r}: {error}") from None
        folder = SessionFolder(self._sessions / f"{_ID_PREFIX}{request.intent_id}")
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            with folder.lock() as descriptor:
                was_there = descriptor is None or folder.was_started
                if descriptor is not None and folder.ending() is None and not folder.is_to_stop:
                    if not was_there:
                        order = Order(
                            request=replace(request, secrets={}), options=self._options, created_at=self._now()
                        )
                        folder.put_order(order)
                    self._start(folder, descriptor)
        except UnicodeEncodeError as error:
            raise SessionRefusedError(f"no session for {request!r}: its text is none: {error}") from None
        except OSError as error:
            raise UpstreamError(f"{folder.path}: {error.strerror}: no session was started") from error
        return Created(session_id=folder.id, url="", was_there=was_there)

    def get(self, session_id: str) -> Session:
        """One session."""
        return self._session(self._folder(session_id))

    def find_by_tag(self, tag: str) -> list[Session]:
        """All sessions that bear exactly this tag, oldest first."""
        if tag.startswith(TAG_PREFIX):
            return list(self.states([f"{_ID_PREFIX}{tag.removeprefix(TAG_PREFIX)}"]))
        return [session for session in reversed(list(self.ours())) if tag in session.tags]

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        """Those of the sessions that exist."""
        for session_id in dict.fromkeys(session_ids):
            try:
                yield self.get(session_id)
            except SessionNotFoundError:
                continue

    def ours(self) -> Iterator[Session]:
        """All sessions, newest first."""
        names = [path.name for path in self._sessions.glob(f"{_ID_PREFIX}*")]
        found = sorted(self.states(names), key=lambda session: (session.created_at or self._now(), session.id))
        return iter(found[::-1])

    def messages(self, session_id: str, cursor: str = "") -> MessagePage:
        """What steps, fixer and gates wrote; the cursor is a place in the journal."""
        said = self._folder(session_id).said(int(cursor or 0), _PAGE_BYTES)
        messages = []
        for _, entries in groupby(said, key=lambda entry: entry[1].step):
            offsets, lines = zip(*entries, strict=True)
            text = clean("".join(line.text for line in lines), _MESSAGE)
            messages.append(SessionMessage(id=str(offsets[-1]), is_agent=True, text=text, at=lines[-1].at))
        return MessagePage(tuple(messages), str(said[-1][0]) if said else cursor)

    def send(self, session_id: str, text: str) -> None:
        """Refuse: there is nobody to read it."""
        del text
        self._folder(session_id)
        raise SessionRefusedError("a local session takes no messages")

    def stop(self, session_id: str) -> None:
        """Ask the worker to end; it is killed when it does not within some seconds."""
        folder = self._folder(session_id)
        if folder.ending() is not None:
            return
        folder.ask_to_stop()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not folder.is_alive:
                break
            if (
                status := folder.status()
            ):  # one that has not said anything yet looks whether it is to stop before it does
                with contextlib.suppress(ProcessLookupError):
                    os.kill(status.pid, number)
            self._wait(folder)
        status = folder.status()
        if status and status.workspace and not folder.is_alive:
            shutil.rmtree(status.workspace, ignore_errors=True)

    def _wait(self, folder: SessionFolder) -> None:
        for _ in range(int(_STOP_SECONDS / _LOOK_SECONDS)):
            self._reap()
            if not folder.is_alive:
                return
            time.sleep(_LOOK_SECONDS)

    def _start(self, folder: SessionFolder, descriptor: int) -> None:
        """Start a worker that holds the lock from its first moment on."""
        command = [*self._worker, str(folder.path), str(descriptor)]
        log = str(folder.path / "worker.log")
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - the lock is what the worker is to get, and nothing else
        try:
            # A Popen would have to be kept and waited for, and the worker is to outlive us.
            pid = os.posix_spawnp(command[0], command, self._environment, file_actions=streams, setsid=True)
        except OSError as error:
            raise UpstreamError(f"no worker can be started: {command[0]}: {error.strerror}") from error
        self._reap()
        self._started.add(pid)
        folder.note_start()

    def _reap(self) -> None:
        """Let workers of ours that have ended go; the others go on without us."""
        for pid in list(self._started):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG) == (0, 0):
                    continue
            self._started.discard(pid)

    def _folder(self, session_id: str) -> SessionFolder:
        folder = SessionFolder(self._sessions / session_id)
        if not _is_id(session_id) or not folder.exists:
            raise SessionNotFoundError(f"there is no local session {session_id!r}")
        return folder

    def _session(self, folder: SessionFolder) -> Session:
        self._reap()
        is_alive = folder.is_alive  # before its ending is read, since it writes that before it dies
        order, status, ending = folder.order(), folder.status(), folder.ending()
        if ending:
            state, raw_state, report, detail = ending.state, ending.state.value, ending.report, ending.detail
        elif is_alive:
            state = status.state if status else SessionState.QUEUED
            raw_state, detail = status.step if status else QUEUED.name, ""
            report = _progress(raw_state, status.percent if status else 0)
        elif folder.is_to_stop:
            state, raw_state, report, detail = (
                SessionState.STOPPED,
                SessionState.STOPPED.value,
                None,
                "stopped on request",
            )
        else:
            detail = f"its worker ended without a word: see {folder.path / 'worker.log'}"
            state, raw_state, report = SessionState.FAILED, _LOST, None
        return Session(
            id=folder.id,
            agent=self.name,
            state=state,
            raw_state=raw_state,
            title=order.request.title,
            tags=tuple(dict.fromkeys((order.request.tag, *order.request.tags))),
            created_at=order.created_at,
            updated_at=ending.at if ending else status.at if status else order.created_at,
            report=report,
            pull_requests=ending.pull_requests if ending else (),
            detail=detail,
        )


def _is_id(text: str) -> bool:
    try:
        msgspec.convert(text.removeprefix(_ID_PREFIX), Name)
    except msgspec.ValidationError:
        return False
    return text.startswith(_ID_PREFIX)


def _progress(step_name: str, percent: int) -> SessionReport:
    return SessionReport(status=STEPS.get(step_name, QUEUED).status, progress_percent=percent)
