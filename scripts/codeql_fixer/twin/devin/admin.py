"""The surface under /__twin__/, for whoever started the twin: look behind the scenes, script faults, move the clock."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from codeql_fixer.twin.devin.faults import Rule
from codeql_fixer.twin.devin.reading import body_of
from codeql_fixer.twin.devin.routing import Call, Route
from codeql_fixer.twin.devin.stats import most_live, most_live_by_repository
from codeql_fixer.twin.devin.timeline import Outcome
from codeql_fixer.twin.wire import ADMIN, Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.clock import TwinClock
    from codeql_fixer.twin.devin.faults import Faults
    from codeql_fixer.twin.devin.journal import Journal
    from codeql_fixer.twin.devin.session import Session
    from codeql_fixer.twin.devin.state import State
    from codeql_fixer.twin.stats import Stats


class _Advance(Struct, frozen=True, forbid_unknown_fields=True):
    advance_seconds: Annotated[float, Meta(ge=0)]


class _Outcomes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either an outcome, for a tag or for all that have no scripted one, or a mix of weights for all these."""

    outcome: Outcome | None = None
    tag: str = ""
    mix: Annotated[dict[Outcome, Annotated[float, Meta(gt=0)]], Meta(min_length=1)] | None = None


class Admin:
    """Answers requests of the admin surface."""

    def __init__(
        self, state: State, *, clock: TwinClock, faults: Faults, stats: Stats, journal: Journal | None
    ) -> None:
        self._state, self._clock, self._faults = state, clock, faults
        self._stats, self._journal = stats, journal

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", f"{ADMIN}sessions", self.sessions)
        yield Route("GET", f"{ADMIN}sessions/{{devin_id}}", self.session)
        yield Route("GET", f"{ADMIN}stats", self.stats)
        yield Route("GET", f"{ADMIN}faults", self.faults)
        yield Route("POST", f"{ADMIN}faults", self.add_faults, is_kept=False)
        yield Route("DELETE", f"{ADMIN}faults", self.clear_faults, is_kept=False)
        yield Route("POST", f"{ADMIN}clock", self.advance, is_kept=False)
        yield Route("POST", f"{ADMIN}outcomes", self.script_outcomes)
        yield Route("POST", f"{ADMIN}switches", self.switch, is_kept=False)
        yield Route("POST", f"{ADMIN}reset", self.reset, is_kept=False)
        yield Route("POST", f"{ADMIN}disconnect", self.disconnect, is_kept=False)

    def sessions(self, call: Call) -> Response:
        """All sessions that were ever created, oldest first."""
        return answer({"sessions": [_described(one, call.now) for one in self._state.sessions]})

    def session(self, call: Call) -> Response:
        """One of them, with all that was asked for; of secrets, the names only."""
        session = self._state.sessions.get(call.parts["devin_id"])
        if session is None:
            raise Problem(404, "There is no such session")
        return answer({**_described(session, call.now), "order": session.order})

    def stats(self, call: Call) -> Response:
        """Counts since the start or the last reset."""
        sessions = list(self._state.sessions)
        return answer(
            {
                "now": call.now,
                "requests": self._stats.requests,
                "max_concurrent_requests": self._stats.max_concurrent,
                "sessions": len(sessions),
                "sessions_by_tag": self._state.sessions.by_tag(),
                "max_live_sessions": most_live(sessions, call.now),
                "max_live_sessions_by_repository": most_live_by_repository(sessions, call.now),
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
        seconds = body_of(call.request, _Advance).advance_seconds
        self._clock.advance(seconds)
        if self._journal:
            self._journal.move(seconds)
        return answer({"now": self._clock.now()})

    def script_outcomes(self, call: Call) -> Response:
        """How sessions with a tag end, also those that are under way; or all that come and have no scripted tag."""
        given, outcomes = body_of(call.request, _Outcomes), self._state.outcomes
        if (given.outcome is None) == (given.mix is None) or (given.mix and given.tag):
            raise Problem(422, "Give an outcome, for a tag or for all, or a mix")
        if given.tag and given.outcome:
            outcomes.by_tag[given.tag] = given.outcome
            for session in self._state.sessions.newest_first(tags=[given.tag]):
                session.redirect(given.outcome, call.now)
        elif given.outcome:
            outcomes.mix = {given.outcome: 1.0}
        elif given.mix:
            outcomes.mix = dict(given.mix)
        return answer({"mix": outcomes.mix, "by_tag": outcomes.by_tag})

    def switch(self, call: Call) -> Response:
        """Change switches; those that are not named stay as they are."""
        given = body_of(call.request, dict[str, Any])
        try:
            switches = {**msgspec.to_builtins(self._state.switches), **given}
            self._state.switches = msgspec.convert(switches, type(self._state.switches))
        except msgspec.ValidationError as error:
            raise Problem(422, str(error)) from error
        return answer(self._state.switches)

    def reset(self, call: Call) -> Response:
        """Forget what clients did, outcomes, faults and counts; clock and switches stay."""
        self._state.reset()
        self._faults.clear()
        self._stats.reset()
        if self._journal:
            self._journal.forget(call.now)
        return self.stats(call)

    def disconnect(self, call: Call) -> Response:
        """Cut the connections made before this one: a request that is still on its way over them is never done."""
        self._state.first_connection = call.request.connection
        return answer({"first_connection": call.request.connection})


def _described(session: Session, now: float) -> dict[str, Any]:
    step, prompt = session.step(now), session.order.prompt
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
        "is_live": step.is_live,
        "outcome": session.outcome,
        "acus": session.acus(now),
        "max_acu_limit": session.order.max_acu_limit,
        "pull_request_url": session.pull_request_url if step.has_pull_request else "",
        "prompt_length": len(prompt),
        "prompt_sha256": sha256(prompt.encode()).hexdigest(),
        "requests": session.requests,
    }
