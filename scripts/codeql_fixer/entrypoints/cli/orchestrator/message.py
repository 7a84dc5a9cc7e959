"""`message`: writes to a session of ours."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from codeql_fixer.bootstrap.session_room import agents_of, our_session
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import state_dir_of
from codeql_fixer.errors import UserError
from codeql_fixer.settings import DispatchSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(flags: Mapping[str, str], own: Mapping[str, str], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: there is no such session, it is not ours, its agent takes no messages, or there is nothing to write.
        SessionRefusedError: it has ended.
    """
    text = own["text"].encode(errors="replace").decode()  # arguments are bytes, which need not be text
    if not text.strip():
        raise UserError("TEXT is empty; a message without words would wake the session for nothing")
    settings = DispatchSettings.from_environ(os.environ, flags)
    agents = agents_of(settings, state_dir_of(flags), os.environ, tell=say)
    agent, session = our_session(agents, own["session"])
    if not agent.capabilities.takes_messages:
        raise UserError(f"{agent.name} takes no messages")
    agent.send(session.id, text)
    say(f"{session.id}: written")
    if is_json:
        print(json.dumps({"session_id": session.id}))
