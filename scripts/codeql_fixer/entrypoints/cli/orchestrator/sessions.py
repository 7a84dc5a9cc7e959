"""`sessions`: what was started, and how it is doing now."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import codeql_fixer
from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.author import Author
from codeql_fixer.app.follow import Follower, Watched
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.bootstrap.session_room import agents_of
from codeql_fixer.domain.record import Producer
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import aligned, caught_up, cell, days_of
from codeql_fixer.policy.session_end import state_of
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.domain.session import Session

_DAYS = 7


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it. Only sessions of claims on the ledger are ever looked at, and none is ever stopped.

    Raises:
        UserError: the days are no number, or no agent is set up.
        LedgerNotWrittenError: what was seen while following is kept.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    fleet = Fleet(settings, os.environ, say)
    index = fleet.index()
    caught_up(fleet, index)
    clock = SystemClock().now
    claims = index.claims(clock() - timedelta(days=days_of(own["days"], _DAYS)))
    wanted = (own["repo"] or "").lower()
    claims = [claim for claim in claims if wanted in {"", claim.repository.lower()}]
    agents = agents_of(settings.dispatch, settings.state_dir, os.environ, tell=say)
    author = Author(
        producer=Producer(name="codeql-fixer", version=codeql_fixer.__version__), run_id="by-hand", clock=clock
    )
    follower = Follower(
        agents=agents,
        recorder=fleet.recorder(),
        author=author,
        sleep=time.sleep,
        poll_seconds=settings.dispatch.poll_seconds,
        time_limit=None,
        on_session=lambda session: _tell(session, is_json=is_json),
    )
    watched = [_watched(claim) for claim in claims if claim.session_id]
    if own["follow"]:
        follower.follow([item for item, claim in _pairs(watched, claims) if claim.is_at_work])
        return
    sessions = follower.look(watched)
    if is_json:
        for claim in claims:
            print(json.dumps(_document(claim, sessions.get(claim.session_id))))
        return
    rows = [_row(claim, sessions.get(claim.session_id)) for claim in claims]
    print("\n".join(aligned([("CLAIMED", "REPOSITORY", "ISSUES", "AGENT", "STATE", "SESSION"), *rows])))


def _pairs(watched: Sequence[Watched], claims: Sequence[Claim]) -> list[tuple[Watched, Claim]]:
    by_intent = {claim.intent_id: claim for claim in claims}
    return [(item, by_intent[item.intent_id]) for item in watched]


def _watched(claim: Claim) -> Watched:
    return Watched(
        session_id=claim.session_id,
        agent=claim.agent,
        intent_id=claim.intent_id,
        repository=claim.repository,
        started_at=claim.claimed_at,
    )


def _state(claim: Claim, session: Session | None) -> str:
    """What is known: the agent's word now, else the ledger's."""
    if session is not None:
        return state_of(session)
    if claim.session is not None:
        return f"{claim.session} (on record)"
    return claim.outcome or "not settled yet"


def _row(claim: Claim, session: Session | None) -> tuple[str, ...]:
    url = session.url if session else ""
    return (
        f"{claim.claimed_at:%Y-%m-%d %H:%M}",
        claim.repository or claim.family,  # a triage has no repository
        str(len(claim.fingerprints)),
        claim.agent,
        _state(claim, session),
        cell(url or claim.session_id, 80),
    )


def _document(claim: Claim, session: Session | None) -> dict[str, object]:
    return {
        "intent_id": claim.intent_id,
        "claimed_at": claim.claimed_at.isoformat(),
        "repository": claim.repository,
        "fingerprints": list(claim.fingerprints),
        "agent": claim.agent,
        "attempt": claim.attempt,
        "outcome": claim.outcome,
        "session_id": claim.session_id or None,
        "state": _state(claim, session),
        "raw_state": session.raw_state if session else None,
        "session_url": session.url if session else None,
        "pull_requests": [link.url for link in session.pull_requests] if session else [],
        "acu_used": session.acu_used if session else claim.acu_used,
    }


def _tell(session: Session, *, is_json: bool) -> None:
    report = session.report
    if is_json:
        document = {
            "session_id": session.id,
            "state": state_of(session),
            "raw_state": session.raw_state,
            "progress_percent": report.progress_percent if report else None,
            "pull_requests": [link.url for link in session.pull_requests],
        }
        print(json.dumps(document), flush=True)
        return
    at = f" {report.progress_percent} %" if report else ""
    links = ", ".join(link.url for link in session.pull_requests)
    print(cell(f"{session.id}: {state_of(session)}{at} ({session.raw_state}) {links}", 200), flush=True)
