"""Agent: a service or program that fixes code in sessions. The one port behind which money is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from codeql_fixer.domain.session import SessionMessage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from codeql_fixer.domain.session import Session, SessionRequest


class Capabilities(Struct, frozen=True, kw_only=True):
    """What an agent can do beside fixing. `is_paid` agents cost per session; `tells_cost` ones say how much.

    `goes_on`: though it may take no messages, a new session of it can go on with the branch of an old one.
    Those that `takes_triage` say how much issues matter, in a session without a repository.
    """

    is_paid: bool
    tells_cost: bool
    takes_messages: bool
    takes_attachments: bool
    goes_on: bool = False
    takes_triage: bool = False


class Created(Struct, frozen=True, kw_only=True):
    """A session that exists. `was_there` is True when it was found by its tag and not made by this call."""

    session_id: str
    url: str
    was_there: bool = False


class MessagePage(Struct, frozen=True):
    """Messages in the order in which they were written; `cursor` is where the next call goes on."""

    messages: tuple[SessionMessage, ...]
    cursor: str


class Agent(Protocol):
    """Runs sessions. Every call may raise these.

    Raises:
        AgentDeniedError: the key is not accepted; no other call will be.
        AgentUnavailableError: the service does not answer, or asks to come back later.
        SessionNotFoundError: there is no such session.
    """

    name: str
    account: str
    """Names what the sessions live in: a claim is settled only by somebody with the same one. "" where anybody may."""
    capabilities: Capabilities

    def create(self, request: SessionRequest) -> Created:
        """Start a session that bears `request.tag`: one call makes one at most. After an earlier call look its tag up.

        Raises:
            SessionRefusedError: the service said no; nothing was started.
            BudgetStopError: the same, since somebody's money is used up: no other session will be started, either.
            AgentUnavailableError: surely nothing was started.
            SessionUnsettledError: nobody can tell whether one was started; look it up by its tag later.
        """
        ...

    def get(self, session_id: str) -> Session:
        """One session."""
        ...

    def find_by_tag(self, tag: str) -> list[Session]:
        """All sessions that bear exactly this tag, each once, oldest first."""
        ...

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        """Those of the sessions that exist, in any order, by as few calls as the service allows."""
        ...

    def ours(self) -> Iterator[Session]:
        """All sessions that bear a tag of ours, newest first; nobody else's."""
        ...

    def messages(self, session_id: str, cursor: str = "") -> MessagePage:
        """What was written since a cursor, "" for everything."""
        ...

    def send(self, session_id: str, text: str) -> None:
        """Write to a session. A sleeping one wakes up, which may cost.

        Raises:
            SessionRefusedError: it has ended.
        """
        ...

    def stop(self, session_id: str) -> None:
        """End a session and keep what it wrote. One that has ended stays as it is."""
        ...
