"""Where a process can die: before each file that is written, each program that starts, each call of an agent.

The interpreter's audit events name these moments, so nothing of the product is replaced. "After" a step is "before" the
next one; calls of the agent have a moment on both sides.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from codeql_fixer.errors import SessionUnsettledError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from codeql_fixer.domain.session import Session, SessionRequest
    from codeql_fixer.ports.agent import Agent, Created, MessagePage

_T = TypeVar("_T")
_EVENTS = frozenset({"subprocess.Popen", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect", "socket.connect"})


class Points:
    """Counts the moments of this process, and strikes at one of them.

    Args:
        strike_at: number of the moment, 0 for none; below 0 the number of the prompt that is written then.
        how: "kill" as by the system, "stop" until somebody lets it go on, "fail" with an error of the system.
    """

    def __init__(self, strike_at: int, how: str) -> None:
        self._strike_at, self._how = strike_at, how
        self.count = 0
        self._calls, self._lock = 0, threading.Lock()
        self._stops, self._thread = 0, threading.local()
        self._prompts = 0

    def arm(self) -> None:
        """Listen from now on, for ever."""
        sys.addaudithook(self._heard)

    def at(self, *, is_of_agent: bool = False) -> None:
        """One moment more."""
        self.count += 1
        if self.count != self._strike_at:
            return
        if self._how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._how == "stop" and not is_of_agent:
            self._stop()
        if self._how == "fail" and not is_of_agent:
            raise OSError(errno.EIO, "the disk failed")

    def at_prompt(self) -> None:
        """A prompt is written: the claim has landed, and no session is started yet."""
        self._prompts += 1
        if self._prompts == -self._strike_at:
            self._strike_at = self.count + 1
        self.at()

    def looked(self) -> None:
        """This thread looks at the clock."""
        self._thread.stops = self._stops

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call of the agent; several threads have theirs at the same time.

        Raises:
            SessionUnsettledError: this process was stopped since this thread looked at the clock. A request that is
                sent all the same is the gap that docs/adr/0014 names; nobody can close it, so it is not tested.
        """
        with self._lock:
            if getattr(self._thread, "stops", self._stops) != self._stops:
                raise SessionUnsettledError("stopped between the last look at the clock and the request")
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1

    def _stop(self) -> None:
        """Sleep, but not with a request on its way: no request takes as long as a claim lasts."""
        with self._lock:
            if not self._calls:
                self._stops += 1
                os.kill(os.getpid(), signal.SIGSTOP)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        is_write = (
            event == "open" and len(arguments) > 1 and isinstance(arguments[1], str) and arguments[1][:1] in "wxa"
        )
        if is_write or event in _EVENTS:
            self.at()


class WatchedAgent:
    """An agent whose calls are moments, before and after."""

    def __init__(self, agent: Agent, points: Points) -> None:
        self._agent, self._points = agent, points
        self.name, self.account, self.capabilities = agent.name, agent.account, agent.capabilities

    def create(self, request: SessionRequest) -> Created:
        return self._watched(lambda: self._agent.create(request))

    def get(self, session_id: str) -> Session:
        return self._watched(lambda: self._agent.get(session_id))

    def find_by_tag(self, tag: str) -> list[Session]:
        return self._watched(lambda: self._agent.find_by_tag(tag))

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        return self._watched(lambda: self._agent.states(session_ids))

    def ours(self) -> Iterator[Session]:
        return self._watched(self._agent.ours)

    def messages(self, session_id: str, cursor: str = "") -> MessagePage:
        return self._watched(lambda: self._agent.messages(session_id, cursor))

    def send(self, session_id: str, text: str) -> None:
        self._watched(lambda: self._agent.send(session_id, text))

    def stop(self, session_id: str) -> None:
        self._watched(lambda: self._agent.stop(session_id))

    def _watched(self, call: Callable[[], _T]) -> _T:
        self._points.at(is_of_agent=True)
        try:
            with self._points.call():
                return call()
        finally:
            self._points.at(is_of_agent=True)
