"""Follows sessions until they are over, and records what their service says of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.author import Author
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.cycle import PullRequestObservation, PullRequestState, SessionObservation
from codeql_fixer.domain.session import Session, SessionState
from codeql_fixer.errors import AgentUnavailableError, SessionNotFoundError, SessionRefusedError
from codeql_fixer.policy.plain_text import one_line
from codeql_fixer.policy.session_end import is_over, state_of
from codeql_fixer.ports.agent import Agent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codeql_fixer.domain.cycle import Decision

_MOST_DETAIL = 2000
_PULL_REQUEST = re.compile(r"(?:https?://[^\s/@]+|local:)/*(?P<repository>[\w.-]+/[\w.-]+)/pull/(?P<number>[0-9]{1,9})")
_STATES = {"merged": PullRequestState.MERGED, "closed": PullRequestState.CLOSED}


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
        on_session: hears of each session whose state has changed.
    """

    agents: Mapping[str, Agent]
    recorder: Recorder
    author: Author
    sleep: Callable[[float], None]
    poll_seconds: float
    time_limit: timedelta | None
    on_session: Callable[[Session], None]

    def look(self, watched: Sequence[Watched]) -> dict[str, Session]:
        """What the agents say of the sessions now; those of an agent that does not answer are left out."""
        found: dict[str, Session] = {}
        for name, agent in self.agents.items():
            ids = [item.session_id for item in watched if item.agent == name]
            try:
                found |= {session.id: session for session in agent.states(ids)} if ids else {}
            except AgentUnavailableError:
                continue  # a service that rests says nothing about its sessions
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
                waiting = [item for item in waiting if not self._is_done(item, last)]
                if waiting:
                    self.sleep(self.poll_seconds)
        finally:
            self.record(watched, last)
        return last

    def _is_done(self, item: Watched, last: dict[str, Session]) -> bool:
        session = last.get(item.session_id)
        if session is not None and is_over(session):
            return True
        if self.time_limit is None or self.author.clock() < item.started_at + self.time_limit:
            return False
        return self._stop(item, last, self.time_limit)

    def _stop(self, item: Watched, last: dict[str, Session], limit: timedelta) -> bool:
        """End a session that takes too long; only ones that we started come here."""
        try:
            self.agents[item.agent].stop(item.session_id)
        except SessionNotFoundError:
            return True  # whoever took it away has ended it, and left nothing to tell
        except (AgentUnavailableError, SessionRefusedError):
            return False
        hours = limit.total_seconds() / 3600
        session = last.get(item.session_id)
        if session is not None:
            detail = f"stopped after {hours:g} h"
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
            pull_requests=(seen for item, session in pairs for seen in proposals(item, session, now)),
        )
        if cycle.sessions or cycle.decisions:
            self.recorder.record([cycle])


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
        session_url=session.url,
        acu_used=session.acu_used,
        detail=one_line(said, _MOST_DETAIL)[:_MOST_DETAIL],
    )


def proposals(item: Watched, session: Session, now: datetime) -> Iterator[PullRequestObservation]:
    """The pull requests that a session is said to have opened in its own repository; the forge knows better later."""
    links = {link.url: link.state for link in session.pull_requests}
    if session.report is not None and session.report.pull_request_url:
        links.setdefault(session.report.pull_request_url, "")
    for url, state in links.items():
        found = _PULL_REQUEST.fullmatch(url)
        if found and found["repository"].lower() == item.repository.lower():
            yield PullRequestObservation(
                target_repo=item.repository,
                number=int(found["number"]),
                state=_STATES.get(state, PullRequestState.OPEN),
                observed_at=now,
                url=url if url.startswith("http") else "",
                session_id=session.id,
                intent_id=item.intent_id,
            )
