"""Agent whose sessions run on this machine, each in a process of its own that outlives the one that asked for it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import signal
import time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.adapters.local_agent.folder import Order, SessionFolder
from codeql_fixer.adapters.local_agent.steps import QUEUED, STEPS
from codeql_fixer.domain.record import Name, RepositoryName
from codeql_fixer.domain.session import TAG_PREFIX, Session, SessionMessage, SessionReport, SessionState
from codeql_fixer.errors import AgentUnavailableError, SessionNotFoundError, SessionRefusedError
from codeql_fixer.policy.plain_text import clean
from codeql_fixer.ports.agent import Capabilities, Created, MessagePage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from codeql_fixer.adapters.local_agent.folder import Ending, Status
    from codeql_fixer.adapters.local_agent.options import LocalOptions
    from codeql_fixer.domain.session import SessionRequest

_ID_PREFIX = "local-"
_PAGE_BYTES = _MESSAGE = 1_000_000  # several times as much as one entry of the journal can have
_STOP_SECONDS, _LOOK_SECONDS = 5, 0.05
_LOST = "lost"
_LOCK_DESCRIPTOR = 3  # in a worker: the first after the standard streams


class LocalAgent:
    """Runs sessions on this machine.

    Args:
        state_dir: where sessions, copies of repositories and slots are kept; agents of several names may share it.
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
        self._sessions = state_dir.absolute() / "sessions" / options.name
        self._options, self._worker, self._environment, self._now = options, tuple(worker), environment, now
        self._started: set[int] = set()
        self.name = options.name
        # Sessions that cost nothing may be tried anew by anybody; paid ones are known where their folders are only.
        place = f"{platform.node()}\0{self._sessions}"
        self.account = f"local/{hashlib.sha256(place.encode()).hexdigest()[:12]}" if options.is_paid else ""
        self.capabilities = Capabilities(
            is_paid=options.is_paid,
            tells_cost=False,
            takes_messages=False,
            takes_attachments=True,
            goes_on=bool(options.command),  # codemods give the same answer to the same code, whatever reviewers say
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
                        asked = replace(request, secrets={})
                        folder.put_order(Order(request=asked, options=self._options, at=self._now()))
                    self._start(folder, descriptor)
        except UnicodeEncodeError as error:
            raise SessionRefusedError(f"no session for {request!r}: its text is none: {error}") from None
        except OSError as error:
            raise AgentUnavailableError(f"{folder.path}: {error.strerror}: no session was started") from error
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
        messages = (
            SessionMessage(id=str(offset), is_agent=True, text=clean(line.text, _MESSAGE), at=line.at)
            for offset, line in said
        )
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
            status = folder.status()
            if status and status.pid:  # without one it has done nothing yet, and will see that it is to stop
                with contextlib.suppress(ProcessLookupError):
                    os.kill(status.pid, number)
            self._wait(folder)

    def _wait(self, folder: SessionFolder) -> None:
        for _ in range(int(_STOP_SECONDS / _LOOK_SECONDS)):
            self._reap()
            if not folder.is_alive:
                return
            time.sleep(_LOOK_SECONDS)

    def _start(self, folder: SessionFolder, descriptor: int) -> None:
        """Start a worker that holds the lock from its first moment on."""
        command = [*self._worker, str(folder.path), str(_LOCK_DESCRIPTOR)]
        log = str(folder.path / "worker.log")
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            # Made in the new process, so that a worker which another thread starts now does not get it as well.
            (os.POSIX_SPAWN_DUP2, descriptor, _LOCK_DESCRIPTOR),
        ]
        was_started = folder.was_started
        folder.note_start()  # before there is a worker that would go on although this failed
        try:
            # A Popen would have to be kept and waited for, and the worker is to outlive us.
            pid = os.posix_spawnp(command[0], command, self._environment, file_actions=streams, setsid=True)
        except OSError as error:
            if not was_started:
                folder.take_back_start()
            raise AgentUnavailableError(f"no worker can be started: {command[0]}: {error.strerror}") from error
        self._reap()
        self._started.add(pid)

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
        told = _ended(ending) if ending else _working(status) if is_alive else _gone(folder)
        last = ending or status or order
        return Session(
            id=folder.id,
            agent=self.name,
            state=told.state,
            raw_state=told.raw_state,
            title=order.request.title,
            tags=tuple(dict.fromkeys((order.request.tag, *order.request.tags))),
            created_at=order.at,
            updated_at=last.at,
            report=told.report,
            pull_requests=ending.pull_requests if ending else (),
            detail=told.detail,
        )


class _Told(Struct, frozen=True):
    """How a session is."""

    state: SessionState
    raw_state: str
    detail: str = ""
    report: SessionReport | None = None


def _ended(ending: Ending) -> _Told:
    return _Told(ending.state, ending.state.value, ending.detail, ending.report)


def _working(status: Status | None) -> _Told:
    if status is None or status.state is SessionState.QUEUED:
        return _Told(SessionState.QUEUED, QUEUED.name)
    progress = SessionReport(status=STEPS.get(status.step, QUEUED).status, progress_percent=status.percent)
    return _Told(status.state, status.step, "", progress)


def _gone(folder: SessionFolder) -> _Told:
    if folder.is_to_stop:
        return _Told(SessionState.STOPPED, SessionState.STOPPED.value, "stopped on request")
    return _Told(SessionState.FAILED, _LOST, f"its worker ended without a word: see {folder.path / 'worker.log'}")


def _is_id(text: str) -> bool:
    try:
        msgspec.convert(text.removeprefix(_ID_PREFIX), Name)
    except msgspec.ValidationError:
        return False
    return text.startswith(_ID_PREFIX)
