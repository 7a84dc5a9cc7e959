"""Follows sessions until they are over, and records what their service says of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.author import Author, address
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.cycle import LinkedBy, PullRequestObservation, PullRequestState, SessionObservation
from codeql_fixer.domain.session import Session, SessionState
from codeql_fixer.errors import AgentUnavailableError, CodeqlFixerError, SessionNotFoundError
from codeql_fixer.policy.plain_text import one_line
from codeql_fixer.policy.session_end import is_over, proposals, state_of
from codeql_fixer.ports.agent import Agent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.domain.cycle import Decision

_MOST_DETAIL = 2000
HOSTS = frozenset({"github.com", "local-forge.invalid"})  # where pull requests may be seen; see `hosts_with`
_STATES = {"merged": PullRequestState.MERGED, "closed": PullRequestState.CLOSED}


def hosts_with(server: str) -> frozenset[str]:
    """Where pull requests may be seen, the server at this address among that; "" for none."""
    return (HOSTS | {urlsplit(server).netloc.lower()}) - {""}


class Watched(Struct, frozen=True, kw_only=True):
    """A session to follow: its id, agent, intent and the repository that its pull request may be in."""

    session_id: str
    agent: str
    intent_id: str
    repository: str
    started_at: datetime


class Follower(Struct, frozen=True, kw_only=True):
    """Asks agents how their sessions are doing.

    Args:
        agents: by name.
        recorder: puts observations on the ledger, or keeps them.
        author: of the records.
        sleep: waits some seconds.
        poll_seconds: between two looks; services ask for 10 to 30.
        time_limit: a session that takes longer is stopped; None stops none.
        time_limits: shorter ones, of single agents.
        on_session: hears of each session whose state has changed.
        hosts: where repositories may be seen.
    """

    agents: Mapping[str, Agent]
    recorder: Recorder
    author: Author
    sleep: Callable[[float], None]
    poll_seconds: float
    time_limit: timedelta | None
    on_session: Callable[[Session], None]
    time_limits: Mapping[str, timedelta] = {}
    hosts: Collection[str] = HOSTS

    def look(self, watched: Sequence[Watched]) -> dict[str, Session]:
        """What the agents say of the sessions now; those of an agent that does not answer are left out."""
        found: dict[str, Session] = {}
        for name, agent in self.agents.items():
            ids = [item.session_id for item in watched if item.agent == name]
            found |= _looked_at(agent, ids) if ids else {}
        return found

    def follow(self, watched: Sequence[Watched], last: dict[str, Session] | None = None) -> dict[str, Session]:
        """Wait until all are over or out of time, and record what was seen, also when the waiting is broken off.

        Args:
            watched: the sessions.
            last: gets the last word about each, by id; made here when it is not given.

        Returns:
            `last`.

        Raises:
            LedgerNotWrittenError: what was seen is kept.
        """
        last = {} if last is None else last
        waiting = [item for item in watched if item.agent in self.agents]
        try:
            while waiting:
                for session in self.look(waiting).values():
                    before = last.get(session.id)
                    last[session.id] = session
                    if before is None or before.raw_state != session.raw_state or before.report != session.report:
                        self.on_session(session)
                rest = [item for item in waiting if not self._is_done(item, last)]
                over, waiting = [item for item in waiting if item not in rest], rest
                self.record(over, last)
                if waiting:
                    self.sleep(self.poll_seconds)
        finally:
            self.record(waiting, last)
        return last

    def _is_done(self, item: Watched, last: dict[str, Session]) -> bool:
        session = last.get(item.session_id)
        if session is not None and is_over(session):
            return True
        if self.time_limit is None:
            return False
        limit = min(self.time_limit, self.time_limits.get(item.agent, self.time_limit))
        return self.author.clock() >= item.started_at + limit and self._stop(item, last, limit)

    def _stop(self, item: Watched, last: dict[str, Session], limit: timedelta) -> bool:
        """End a session that takes too long; only ones that we started come here."""
        agent = self.agents[item.agent]
        try:
            session = agent.get(item.session_id)
            if is_over(session):
                last[item.session_id] = session
                return True
            agent.stop(item.session_id)
        except SessionNotFoundError:
            return True  # whoever took it away has ended it, and left nothing to tell
        except CodeqlFixerError:
            return False
        detail = f"stopped after {limit.total_seconds() / 3600:g} h"
        last[item.session_id] = replace(session, state=SessionState.STOPPED, detail=detail)
        self.on_session(last[item.session_id])
        return True

    def record(
        self, watched: Sequence[Watched], sessions: Mapping[str, Session], decisions: Iterable[Decision] = ()
    ) -> None:
        """Put on the ledger what was seen and decided.

        Raises:
            LedgerNotWrittenError: it is kept.
        """
        now = self.author.clock()
        pairs = [(item, sessions[item.session_id]) for item in watched if item.session_id in sessions]
        cycle = self.author.cycle(
            "follow",
            decisions=decisions,
            sessions=(observation(item, session, now) for item, session in pairs),
            pull_requests=(seen for pair in pairs for seen in proposed(*pair, now, hosts=self.hosts)),
        )
        if cycle.sessions or cycle.decisions:
            self.recorder.record([cycle])


def _looked_at(agent: Agent, session_ids: Sequence[str]) -> dict[str, Session]:
    """What an agent says of sessions; one that cannot be told does not hide the others."""
    try:
        return {session.id: session for session in agent.states(session_ids)}
    except AgentUnavailableError:
        return {}  # a service that rests says nothing about its sessions
    except CodeqlFixerError:
        found = {}
        for session_id in session_ids:
            with suppress(CodeqlFixerError):
                found[session_id] = agent.get(session_id)
        return found


def observation(item: Watched, session: Session, now: datetime) -> SessionObservation:
    """A session as a record has it."""
    report = session.report
    said = session.detail or (report.error if report else "")
    return SessionObservation(
        session_id=session.id,
        state=state_of(session),
        raw_state=session.raw_state[:_MOST_DETAIL],
        observed_at=now,
        intent_id=item.intent_id,
        session_url=address(session.url),
        acu_used=session.acu_used if session.acu_used is not None and session.acu_used >= 0 else None,
        detail=one_line(said, _MOST_DETAIL)[:_MOST_DETAIL],
    )


def proposed(item: Watched, session: Session, now: datetime, *, hosts: Collection[str]) -> list[PullRequestObservation]:
    """The pull requests that a session is said to have opened in its own repository; the forge knows better later."""
    return [
        PullRequestObservation(
            target_repo=item.repository,
            number=number,
            state=_STATES.get(link.state, PullRequestState.OPEN),
            observed_at=now,
            url=address(link.url),
            session_id=session.id,
            intent_id=item.intent_id,
            linked_by=LinkedBy.SESSION,
        )
        for number, link in proposals(session, item.repository, hosts).items()
    ]
