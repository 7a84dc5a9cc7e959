"""`stream`: what a session writes, as it comes. Any number of people can look at once: each keeps its own place."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.bootstrap.session_room import agents_of, our_session
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import state_dir_of
from codeql_fixer.errors import AgentUnavailableError
from codeql_fixer.policy.plain_text import clean, counted
from codeql_fixer.policy.session_end import is_over, state_of
from codeql_fixer.settings import DispatchSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.session import SessionMessage
    from codeql_fixer.ports.agent import Agent

_MOST_TEXT = 100_000
_MOST_OF_OURS = 5  # lines: who looks on wants the agent's words, and a prompt has more than a hundred


def run(flags: Mapping[str, str], own: Mapping[str, str], *, is_json: bool) -> None:
    """Do it; ends when the session is over. Ctrl-C ends the looking, not the session.

    Raises:
        UserError: there is no such session, or it is not ours.
    """
    settings = DispatchSettings.from_environ(os.environ, flags)
    agents = agents_of(settings, state_dir_of(flags), os.environ, tell=say)
    agent, session = our_session(agents, own["session"])
    cursor = _end_of(agent, session.id) if own["new"] else ""
    while True:
        try:
            session = agent.get(session.id)
            is_done = is_over(session)  # looked at before the last page is read, so that nothing is missed
            cursor = _show(agent, session.id, cursor, is_json=is_json)
        except AgentUnavailableError as error:
            say(f"warning: {error}; looking again")
            is_done = False
        if is_done:
            break
        time.sleep(settings.poll_seconds)
    if is_json:
        print(json.dumps({"state": state_of(session), "raw_state": session.raw_state, "is_final": True}), flush=True)
    else:
        say(f"{session.id}: {state_of(session)} ({session.raw_state})")


def _show(agent: Agent, session_id: str, cursor: str, *, is_json: bool) -> str:
    """Print what is new, and return where the next look goes on."""
    while True:
        page = agent.messages(session_id, cursor)
        for message in page.messages:
            if is_json:
                print(json.dumps(msgspec.to_builtins(message)), flush=True)
            else:
                _print(message)
        if not page.messages or page.cursor == cursor:
            return page.cursor or cursor
        cursor = page.cursor


def _end_of(agent: Agent, session_id: str) -> str:
    cursor = ""
    while True:
        page = agent.messages(session_id, cursor)
        if not page.messages or page.cursor == cursor:
            return page.cursor or cursor
        cursor = page.cursor


def _print(message: SessionMessage) -> None:
    at = f"{message.at:%H:%M:%S} " if message.at else ""
    who = "agent" if message.is_agent else "  you"
    lines = clean(message.text, _MOST_TEXT).rstrip("\n").split("\n")
    if not message.is_agent and len(lines) > _MOST_OF_OURS:
        lines[_MOST_OF_OURS:] = [f"... {counted(len(lines) - _MOST_OF_OURS, 'line')} more; --json shows all"]
    for line in lines:
        print(f"{at}{who}  {line}", flush=True)
