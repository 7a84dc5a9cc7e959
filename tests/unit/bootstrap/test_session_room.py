"""Whose session it is, and what happens when not everybody can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.bootstrap.session_room import our_session
from codeql_fixer.domain.session import SessionRequest
from codeql_fixer.errors import AgentUnavailableError, UserError
from tests.agents import MemoryAgent
from tests.records import at

if TYPE_CHECKING:
    from codeql_fixer.domain.session import Session


class _Foreign(MemoryAgent):
    """An agent whose sessions bear no tag of ours."""

    def get(self, session_id: str) -> Session:
        return replace(super().get(session_id), tags=("theirs",))


def _with_session(agent: MemoryAgent) -> MemoryAgent:
    order = SessionRequest(intent_id="i-1", target_repo="acme/shop", title="t", prompt="p", family="f", targets=())
    agent.create(order)
    return agent


def _silent() -> MemoryAgent:
    agent = MemoryAgent(lambda: at(0))
    agent.is_reachable = False
    return agent


def test_our_session__is_found_although_another_agent_is_silent() -> None:
    mine = _with_session(MemoryAgent(lambda: at(0)))

    agent, session = our_session({"silent": _silent(), "mine": mine}, "s-1")

    assert (agent, session.id) == (mine, "s-1")


def test_our_session__that_nobody_knows_may_be_the_silent_ones() -> None:
    with pytest.raises(AgentUnavailableError):
        our_session({"silent": _silent(), "other": MemoryAgent(lambda: at(0))}, "s-1")


def test_our_session__that_nobody_knows() -> None:
    with pytest.raises(UserError, match=r"none of the agents here \(one, two\) knows such a session"):
        our_session({"one": MemoryAgent(lambda: at(0)), "two": MemoryAgent(lambda: at(0))}, "s-1")


def test_our_session__is_not_somebody_elses() -> None:
    with pytest.raises(UserError, match="somebody else started it"):
        our_session({"one": _with_session(_Foreign(lambda: at(0)))}, "s-1")
