"""The surface under /__twin__/, for whoever started the twin: look behind the scenes, script faults, move the clock."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from codeql_fixer.twin.devin.faults import Faults, Rule
from codeql_fixer.twin.devin.reading import body_of
from codeql_fixer.twin.devin.routing import Call, Route
from codeql_fixer.twin.devin.timeline import Outcome
from codeql_fixer.twin.devin.wire import Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.devin.clock import TwinClock
    from codeql_fixer.twin.devin.session import Session
    from codeql_fixer.twin.devin.state import State
    from codeql_fixer.twin.devin.stats import Stats

ADMIN = "/__twin__/"


class _Advance(Struct, frozen=True, forbid_unknown_fields=True):
    advance_seconds: float


class _Outcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outcome: Outcome
    tag: str = ""


class Admin:
    """Answers requests of the admin surface."""

    def __init__(self, state: State, *, clock: TwinClock, faults: Faults, stats: Stats) -> None:
        self._state, self._clock, self._faults, self._stats = state, clock, faults, stats

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", "/__twin__/sessions", self.sessions)
        yield Route("GET", "/__twin__/stats", self.stats)
        yield Route("GET", "/__twin__/faults", self.faults)
        yield Route("POST", "/__twin__/faults", self.add_faults)
        yield Route("DELETE", "/__twin__/faults", self.clear_faults)
        yield Route("POST", "/__twin__/clock", self.advance)
        yield Route("POST", "/__twin__/outcomes", self.script_outcome)
        yield Route("POST", "/__twin__/reset", self.reset)

    def sessions(self, call: Call) -> Response:
        """All sessions that were ever created, oldest first."""
        return answer({"sessions": [self._described(one, call.now) for one in self._state.sessions.oldest_first()]})

    def _described(self, session: Session, now: float) -> dict[str, Any]:
        step, prompt = session.step(now), session.order.prompt.encode()
        return {
            "session_id": session.id,
            "number": session.number,
            "version": session.order.version,
            "tags": session.tags,
            "title": session.title,
            "repository": session.repository,
            "created_at": session.created_at,
            "updated_at": session.updated_at(now),
            "status": step.status,
            "status_detail": step.detail,
            "is_archived": session.is_archived,
            "outcome": session.outcome,
            "acus": session.acus(now),
            "max_acu_limit": session.order.max_acu_limit,
            "prompt_length": len(session.order.prompt),
            "prompt_sha256": sha256(prompt).hexdigest(),
            "requests": session.requests,
        }

    def stats(self, call: Call) -> Response:
        """Counts."""
        del call
        return answer(
            {
                "requests": self._stats.requests,
                "sessions": len(self._state.sessions),
                "max_concurrent_requests": self._stats.max_concurrent,
                "sessions_by_tag": self._state.sessions.by_tag(),
            }
        )

    def faults(self, call: Call) -> Response:
        """The script of faults, and what came of it."""
        del call
        return answer({"faults": self._faults.described()})

    def add_faults(self, call: Call) -> Response:
        """More faults: a list of rules."""
        for rule in body_of(call.request, list[Rule]):
            self._faults.add(rule)
        return self.faults(call)

    def clear_faults(self, call: Call) -> Response:
        """No faults any more."""
        self._faults.clear()
        return self.faults(call)

    def advance(self, call: Call) -> Response:
        """Move the clock on."""
        self._clock.advance(body_of(call.request, _Advance).advance_seconds)
        return answer({"now": self._clock.now()})

    def script_outcome(self, call: Call) -> Response:
        """How sessions with a tag end, or all that have none of the scripted tags."""
        given = body_of(call.request, _Outcome)
        if given.tag:
            self._state.outcomes.by_tag[given.tag] = given.outcome
            for session in self._state.sessions.with_tag(given.tag):
                session.redirect(given.outcome, call.now)
        else:
            self._state.outcomes.mix = {given.outcome: 1.0}
        return answer({"mix": self._state.outcomes.mix, "by_tag": self._state.outcomes.by_tag})

    def reset(self, call: Call) -> Response:
        """Forget sessions, faults and counts; the clock stays."""
        self._state.reset()
        self._faults.clear()
        self._stats.requests.clear()
        self._stats.max_concurrent = 0
        return self.stats(call)
