"""An agent in memory: the twin of the others for tests of the use cases. It passes the contract suite of agents."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.domain.session import (
    TAG_PREFIX,
    PullRequestLink,
    ReportStatus,
    Session,
    SessionMessage,
    SessionReport,
    SessionState,
)
from codeql_fixer.errors import (
    AgentUnavailableError,
    SessionNotFoundError,
    SessionRefusedError,
    SessionUnsettledError,
)
from codeql_fixer.ports.agent import Capabilities, Created, MessagePage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from codeql_fixer.domain.session import SessionRequest
    from codeql_fixer.domain.triage import TriageAnswer

_OVER = {SessionState.FINISHED, SessionState.FAILED, SessionState.STOPPED, SessionState.BUDGET_STOP}


class MemoryAgent:
    """Sessions that end as `ends` says, at the second look.

    Args:
        clock: the time.
        ends: how the session for a request ends. One that is FINISHED has proposed a change, reports so, and waits for
            the next message, as Devin's do.
    """

    name = "devin"
    account = "memory"
    capabilities = Capabilities(
        is_paid=True, tells_cost=True, takes_messages=True, takes_attachments=True, takes_triage=True
    )

    def __init__(
        self, clock: Callable[[], datetime], ends: Callable[[SessionRequest], SessionState] | None = None
    ) -> None:
        self._clock, self._ends = clock, ends or (lambda _: SessionState.FINISHED)
        self._lock = threading.Lock()
        self.sessions: dict[str, Session] = {}
        self.requests: list[SessionRequest] = []
        self.faults: list[Exception | str] = []
        self.is_reachable = True
        self.answer: TriageAnswer | None = None  # to whoever asks how much issues matter
        self.address: Callable[[str], str] = "https://agent.example/{}".format
        self._written: dict[str, list[SessionMessage]] = {}
        self._final: dict[str, SessionState] = {}
        self._looks: dict[str, int] = {}
        self._is_triage: dict[str, bool] = {}

    def create(self, request: SessionRequest) -> Created:
        with self._lock:
            fault = self.faults.pop(0) if self.faults else ""
            if isinstance(fault, Exception):
                raise fault
            session_id = f"s-{len(self.sessions) + 1}"
            session = Session(
                id=session_id,
                agent=self.name,
                state=SessionState.QUEUED,
                raw_state="new",
                url=self.address(session_id),
                title=request.title,
                tags=(request.tag, *request.tags),
                created_at=self._clock(),
                acu_used=0.0,
            )
            self.sessions[session_id], self._looks[session_id] = session, 0
            self.requests.append(request)
            self._final[session_id] = self._ends(request)
            self._is_triage[session_id] = request.is_triage
            self._written[session_id] = []
            self._write(session_id, request.prompt, is_agent=False)
        if fault == "commit-then-silence":
            raise SessionUnsettledError("no answer")
        return Created(session_id=session_id, url=session.url)

    def get(self, session_id: str) -> Session:
        self._reach()
        if session_id not in self.sessions:
            raise SessionNotFoundError(f"{session_id}: there is no such session")
        self._looks[session_id] += 1
        if self._looks[session_id] == 2:
            self.end(session_id)
        return self.sessions[session_id]

    def end(self, session_id: str) -> None:
        """Let a session come to its end, or answer what was written to it since."""
        session, final = self.sessions[session_id], self._final[session_id]
        if not self._written[session_id][-1].is_agent:
            self._write(session_id, "I looked at it.", is_agent=True)
        if session.state is not SessionState.QUEUED or final in {SessionState.QUEUED, SessionState.WORKING}:
            return
        if final is not SessionState.FINISHED:
            self.sessions[session_id] = replace(session, state=final, raw_state=final.value, acu_used=1.5)
            return
        if self._is_triage[session_id]:
            report = SessionReport(status=ReportStatus.COMPLETED)
            self.sessions[session_id] = replace(
                session, state=SessionState.WAITING, raw_state="done", report=report, triage=self.answer, acu_used=0.5
            )
            return
        url = f"https://github.com/acme/shop/pull/{session_id[2:]}"
        self.sessions[session_id] = replace(
            session,
            state=SessionState.WAITING,
            raw_state="running/waiting_for_user",
            report=SessionReport(status=ReportStatus.COMPLETED, progress_percent=100, pull_request_url=url),
            pull_requests=(PullRequestLink(url, "open"),),
            acu_used=1.5,
        )

    def _write(self, session_id: str, text: str, *, is_agent: bool) -> None:
        written = self._written[session_id]
        written.append(SessionMessage(id=str(len(written)), is_agent=is_agent, text=text, at=self._clock()))

    def find_by_tag(self, tag: str) -> list[Session]:
        self._reach()
        return [session for session in self.sessions.values() if tag in session.tags]

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        self._reach()
        return iter([self.get(name) for name in dict.fromkeys(session_ids) if name in self.sessions])

    def ours(self) -> Iterator[Session]:
        self._reach()
        newest_first = reversed(self.sessions.values())
        return iter([item for item in newest_first if any(tag.startswith(TAG_PREFIX) for tag in item.tags)])

    def messages(self, session_id: str, cursor: str = "") -> MessagePage:
        self.get(session_id)
        written = self._written[session_id]
        return MessagePage(tuple(written[int(cursor or 0) :]), str(len(written)))

    def send(self, session_id: str, text: str) -> None:
        if self.get(session_id).state in _OVER:
            raise SessionRefusedError(f"{session_id}: has ended")
        self._write(session_id, text, is_agent=False)

    def stop(self, session_id: str) -> None:
        session = self.get(session_id)
        if session.state not in _OVER:
            self.sessions[session_id] = replace(session, state=SessionState.STOPPED, raw_state="stopped")

    def _reach(self) -> None:
        if not self.is_reachable:
            raise AgentUnavailableError("the agent does not answer")
