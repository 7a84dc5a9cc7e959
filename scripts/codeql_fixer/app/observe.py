"""Looks at the sessions that may be at work, so that decisions rest on what is and not on what was last heard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.author import Author
from codeql_fixer.app.follow import HOSTS, Watched, observation, proposed
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.cycle import SessionObservation
from codeql_fixer.domain.session import SessionState
from codeql_fixer.errors import CodeqlFixerError
from codeql_fixer.policy.session_end import is_over, state_of
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.index import Index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.domain.session import Session

# A session that waits for a person holds its issues and a place among those at work; somebody had a day to answer.
_PATIENCE = timedelta(days=1)
# Listings lag behind by minutes; what a service has not shown for a day it has forgotten.
_FORGOTTEN_AFTER = timedelta(days=1)


class Observer(Struct, frozen=True, kw_only=True):
    """Asks agents about sessions that are at work as far as the ledger knows.

    Without it a session that nobody follows would count against limits, and hold its issues, for ever. One that takes
    longer than it may, or waits for a person for a day, is ended.

    Args:
        index: knows which those are.
        agents: by name.
        recorder: puts on the ledger what has changed, or keeps it.
        author: of the record.
        tell: hears, for people, of agents that do not answer.
        hosts: where repositories may be seen.
        time_limits: how long sessions of an agent may take; those that are not named may take any time.
    """

    index: Index
    agents: Mapping[str, Agent]
    recorder: Recorder
    author: Author
    tell: Callable[[str], None]
    hosts: Collection[str] = HOSTS
    time_limits: Mapping[str, timedelta] = {}

    def observe(self) -> int:
        """Record every session whose state has changed; returns how many those are.

        Raises:
            LedgerNotWrittenError: the record is kept.
        """
        claims = [claim for claim in self.index.claims(self.author.clock()) if claim.session_id and claim.is_at_work]
        changes: list[tuple[Watched, Session]] = []
        forgotten: list[Claim] = []
        for name, agent in self.agents.items():
            mine = [claim for claim in claims if claim.agent == name and claim.account in {"", agent.account}]
            found = self._found(agent, mine) if mine else None
            if found is None:
                continue
            for claim in mine:
                session = found.get(claim.session_id)
                if session is None:
                    forgotten.append(claim)
                    continue
                session = self._in_time(claim, session, agent)
                if state_of(session) is not claim.session:
                    changes.append((_watched(claim), session))
        return self._record(changes, forgotten)

    def _in_time(self, claim: Claim, session: Session, agent: Agent) -> Session:
        """The session, ended where nobody is to wait for it any longer."""
        age, limit = self.author.clock() - claim.claimed_at, self.time_limits.get(claim.agent)
        if is_over(session):
            return session
        if limit is not None and age >= limit:
            why = f"stopped after {limit.total_seconds() / 3600:g} h"
        elif state_of(session) is SessionState.WAITING and age >= _PATIENCE:
            why = f"stopped: it waited for a person for {_PATIENCE.total_seconds() / 3600:g} h"
        else:
            return session
        try:
            session = agent.get(session.id)
            if is_over(session):
                return session
            agent.stop(session.id)
        except CodeqlFixerError as error:
            self.tell(f"warning: session {session.id} could not be ended, end it by hand: {error}")
            return session
        return replace(session, state=SessionState.STOPPED, detail=why)

    def _found(self, agent: Agent, claims: Sequence[Claim]) -> dict[str, Session] | None:
        """What an agent says of sessions, by id; None when it does not answer."""
        try:
            return {session.id: session for session in agent.states([claim.session_id for claim in claims])}
        except CodeqlFixerError as error:
            self.tell(f"warning: {agent.name} does not say how its sessions are doing: {error}")
            return None

    def _record(self, changes: Sequence[tuple[Watched, Session]], missing: Sequence[Claim]) -> int:
        now = self.author.clock()
        gone = [_gone(claim, self.author) for claim in missing if now - claim.claimed_at > _FORGOTTEN_AFTER]
        seen = [observation(item, session, now) for item, session in changes]
        if not gone and not seen:
            return 0
        pulls = [found for item, session in changes for found in proposed(item, session, now, hosts=self.hosts)]
        self.recorder.record([self.author.cycle("observe", sessions=[*seen, *gone], pull_requests=pulls)])
        return len(seen) + len(gone)


def _watched(claim: Claim) -> Watched:
    return Watched(
        session_id=claim.session_id,
        agent=claim.agent,
        intent_id=claim.intent_id,
        repository=claim.repository,
        started_at=claim.claimed_at,
    )


def _gone(claim: Claim, author: Author) -> SessionObservation:
    return SessionObservation(
        session_id=claim.session_id,
        state=SessionState.STOPPED,
        observed_at=author.clock(),
        intent_id=claim.intent_id,
        detail="its service does not know it any more",
    )
