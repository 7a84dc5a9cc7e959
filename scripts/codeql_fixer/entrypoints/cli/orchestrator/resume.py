"""`resume`: lets a repository go on that a bad wave has paused."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import codeql_fixer
from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.author import Author
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.record import Producer
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import caught_up
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import one_line
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_REASON = 500


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: nothing holds the repository.
        LedgerNotWrittenError: it is kept for a replay.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    fleet = Fleet(settings, os.environ, say)
    index = fleet.index()
    caught_up(fleet, index)
    repository = own["repository"] or ""
    pause = index.pause_of(repository)
    if not pause:
        raise UserError(f"{repository}: nothing holds it")
    producer = Producer(name="codeql-fixer", version=codeql_fixer.__version__)
    after = pause.at + timedelta(microseconds=1)  # of whoever paused it, whose clock may be ahead of this one
    author = Author(producer=producer, run_id="by-hand", clock=lambda: max(SystemClock().now(), after))
    reason = one_line(own["reason"] or "a person said so", _MOST_REASON)
    decision = Decision(action=DecisionAction.RESUME, reason=reason, target_repo=repository)
    fleet.recorder().record([author.cycle("resume", decisions=[decision])])
    say(f"{repository}: goes on; it was paused: {pause.reason}")
    if is_json:
        print(json.dumps({"repository": repository, "was_paused": pause.reason, "reason": reason}))
