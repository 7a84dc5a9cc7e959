"""`settle`: a person says what became of a claim of which nobody could tell."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import codeql_fixer
from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.author import Author
from codeql_fixer.app.follow import Watched, observation
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.bootstrap.session_room import agents_of, our_session
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.record import Producer
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import caught_up
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import one_line
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.domain.cycle import SessionObservation

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_REASON = 500


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: there is no such claim, its end is known, or the session is not one of that claim.
        LedgerNotWrittenError: it is kept for a replay.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    if bool(own["session"]) == bool(own["none"]):
        raise UserError("say either --session ID, the one that was started, or --none when you are sure that none was")
    fleet = Fleet(settings, os.environ, say)
    index = fleet.index()
    caught_up(fleet, index)
    claim = next((claim for claim in index.claims(_EVER) if claim.intent_id == own["intent"]), None)
    if claim is None:
        raise UserError(f"{own['intent']}: the ledger has no such claim; 'history FINGERPRINT' names those of an issue")
    if not claim.repository:
        raise UserError(
            f"{claim.intent_id}: is a triage, of which nothing is to be settled; the next one takes its place"
        )
    if claim.outcome is not DispatchStatus.AMBIGUOUS:
        raise UserError(f"{claim.intent_id}: nothing is to be settled, it is {claim.outcome or 'still open'}")
    clock = SystemClock().now
    author = Author(
        producer=Producer(name="codeql-fixer", version=codeql_fixer.__version__), run_id="by-hand", clock=clock
    )
    seen = [_seen(claim, own["session"], settings, author=author)] if own["session"] else []
    decision = Decision(
        action=DecisionAction.SETTLE,
        reason=one_line(own["reason"] or "a person looked", _MOST_REASON),
        target_repo=claim.repository,
        fingerprints=claim.fingerprints,
        intent_id=claim.intent_id,
    )
    fleet.recorder().record([author.cycle("settle", decisions=[decision], sessions=seen)])
    became = f"session {own['session']}" if seen else "no session; its issues are free again"
    say(f"{claim.intent_id}: {became}")
    if is_json:
        print(json.dumps({"intent_id": claim.intent_id, "session_id": own["session"]}))


def _seen(claim: Claim, session_id: str, settings: FleetSettings, *, author: Author) -> SessionObservation:
    """The session as its service describes it now; it has to bear the claim's tag."""
    agents = agents_of(settings.dispatch, settings.state_dir, os.environ, tell=say)
    _, session = our_session(agents, session_id)
    if session.intent_id != claim.intent_id:
        raise UserError(f"{session_id}: belongs to the claim {session.intent_id}")
    now = author.clock()
    watched = Watched(
        session_id=session.id,
        agent=claim.agent,
        intent_id=claim.intent_id,
        repository=claim.repository,
        started_at=now,
    )
    return observation(watched, session, now)
