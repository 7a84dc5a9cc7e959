"""What a run did about sessions, for people, scripts and the surroundings of the run."""

from __future__ import annotations

from msgspec import Struct

from codeql_fixer.domain.dispatch import DispatchStatus

_HAS_SESSION = frozenset({DispatchStatus.CREATED, DispatchStatus.ADOPTED})


class SessionSummary(Struct, frozen=True, kw_only=True):
    """A claim of this run and what became of it.

    `status` is None while nobody can tell; the next run looks. `state` and `pull_requests` are filled where the run
    waited for the session to end.
    """

    batch_id: str
    intent_id: str
    agent: str
    reason: str
    issues: int
    status: DispatchStatus | None
    problem: str = ""
    session_id: str = ""
    session_url: str = ""
    state: str = ""
    pull_requests: tuple[str, ...] = ()

    @property
    def has_session(self) -> bool:
        """True when a session exists."""
        return self.status in _HAS_SESSION


class HeldSummary(Struct, frozen=True, kw_only=True):
    """How many issues got no session, and why; `action` is skip, wait or ask."""

    action: str
    reason: str
    issues: int


class SessionsSummary(Struct, frozen=True, kw_only=True):
    """All of it. `stopped` says why no more were started, `paused` why the next wave did not start.

    `is_denied` goes with `stopped`: trying again later does not help, a person has to mend it.
    """

    sessions: tuple[SessionSummary, ...] = ()
    held: tuple[HeldSummary, ...] = ()
    settled: int = 0
    stopped: str = ""
    is_denied: bool = False
    paused: str = ""

    @property
    def created(self) -> int:
        """How many sessions exist because of this run."""
        return sum(session.has_session for session in self.sessions)

    @property
    def failed(self) -> int:
        """How many were refused."""
        return sum(session.status is DispatchStatus.REFUSED for session in self.sessions)

    @property
    def unsettled(self) -> int:
        """Of how many nobody can tell yet."""
        return sum(session.status is None for session in self.sessions)


NO_SESSIONS = SessionsSummary()
