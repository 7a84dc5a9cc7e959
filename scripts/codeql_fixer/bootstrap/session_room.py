"""Finds the agent that a session belongs to, and touches only sessions that are ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.bootstrap.agents import AgentRoom, profiles_of, registry_of
from codeql_fixer.bootstrap.pipeline import playbook_directory
from codeql_fixer.errors import AgentDeniedError, AgentUnavailableError, SessionNotFoundError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codeql_fixer.domain.session import Session
    from codeql_fixer.errors import CodeqlFixerError
    from codeql_fixer.ports.agent import Agent
    from codeql_fixer.settings import DispatchSettings


def agents_of(
    settings: DispatchSettings, state_dir: str, environ: Mapping[str, str], *, tell: Callable[[str], None]
) -> dict[str, Agent]:
    """All agents that are set up here, by name.

    Raises:
        UserError: none is, or the registry is wrong.
    """
    registry, warnings = registry_of(settings)
    for warning in warnings:
        tell(f"warning: {warning}")
    room = AgentRoom(
        settings,
        profiles_of(registry),
        state=Path(state_dir) / "agents",
        playbooks=playbook_directory(),
        environ=environ,
        tell=tell,
    )
    return room.agents(is_starting=False)


def our_session(agents: Mapping[str, Agent], session_id: str) -> tuple[Agent, Session]:
    """A session of ours and its agent.

    Raises:
        UserError: there is no such session, or somebody else started it.
        UpstreamError: an agent that may know it does not answer.
    """
    if not session_id.isascii() or not session_id.isprintable():
        raise UserError(f"{session_id!r:.80}: is no id of a session")
    silent: list[CodeqlFixerError] = []
    for agent in agents.values():
        try:
            session = agent.get(session_id)
        except SessionNotFoundError:
            continue
        except (AgentUnavailableError, AgentDeniedError) as error:
            silent.append(error)  # the session may be another agent's
            continue
        if not session.intent_id:
            raise UserError(f"{session_id}: bears no tag of ours, so somebody else started it; it is left alone")
        return agent, session
    if silent:
        raise silent[0]
    raise UserError(f"{session_id}: none of the agents here ({', '.join(agents)}) knows such a session")
