"""`stop`: ends a session of ours."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from codeql_fixer.bootstrap.session_room import agents_of, our_session
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import state_dir_of
from codeql_fixer.policy.session_end import state_of
from codeql_fixer.settings import DispatchSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, str], own: Mapping[str, str], *, is_json: bool) -> None:
    """Do it; one that has ended stays as it is.

    Raises:
        UserError: there is no such session, or it is not ours.
    """
    settings = DispatchSettings.from_environ(os.environ, flags)
    agents = agents_of(settings, state_dir_of(flags), os.environ, tell=say)
    agent, session = our_session(agents, own["session"])
    agent.stop(session.id)
    session = agent.get(session.id)
    say(f"{session.id}: {state_of(session)} ({session.raw_state})")
    if is_json:
        print(json.dumps({"session_id": session.id, "state": state_of(session)}))
