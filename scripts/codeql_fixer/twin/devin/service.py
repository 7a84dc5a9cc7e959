"""The twin without its socket: a request in, an answer and the manner of its delivery out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.twin.devin.admin import Admin
from codeql_fixer.twin.devin.faults import Faults, Listing, Sabotage
from codeql_fixer.twin.devin.journal import Asked
from codeql_fixer.twin.devin.problems import rendered
from codeql_fixer.twin.devin.routing import Call, Routes
from codeql_fixer.twin.devin.uploads import STORAGE
from codeql_fixer.twin.devin.v1_library import V1Library
from codeql_fixer.twin.devin.v1_sessions import V1Sessions
from codeql_fixer.twin.devin.v3_account import V3Account
from codeql_fixer.twin.devin.v3_library import V3Library
from codeql_fixer.twin.devin.v3_sessions import V3Sessions
from codeql_fixer.twin.stats import Stats
from codeql_fixer.twin.wire import ADMIN, Delivery, Manner, Problem, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.twin.clock import TwinClock
    from codeql_fixer.twin.devin.faults import Rule
    from codeql_fixer.twin.devin.journal import Journal
    from codeql_fixer.twin.devin.state import State

_INVALID = 422
_NO_PERMISSION = "You do not have permission to access this resource"


class Service:
    """Answers requests, one at a time.

    Args:
        state: what the twin knows.
        clock: its time.
        journal: where what changes something is written down.
    """

    def __init__(self, state: State, clock: TwinClock, *, journal: Journal | None = None) -> None:
        self._state, self._clock, self._journal = state, clock, journal
        self._faults, self._stats = Faults(), Stats()
        self._lock = threading.Lock()
        families = (V3Sessions, V3Library, V3Account, V1Sessions, V1Library)
        self._routes = Routes(route for family in families for route in family(state).routes())
        admin = Admin(state, clock=clock, faults=self._faults, stats=self._stats, journal=journal)
        self._admin = Routes(admin.routes())

    def handle(self, request: Request) -> Delivery:
        """Do what a request asks for, or what the script of faults makes of it."""
        with self._lock:
            if request.path.startswith(ADMIN):
                return Delivery(response=self._answered(self._admin, request, Listing()))
            self._stats.begin(request.method, self._routes.pattern_of(request.path))
            if request.connection < self.first_connection:
                return Delivery(response=Response(), manner=Manner.RESET)
            sabotage = Sabotage(self._faults.take(request))
            response = self._sabotaged(request, sabotage)
        manner, seconds = sabotage.manner
        delay = self._state.switches.latency_ms / 1000 + sabotage.delay_seconds
        return Delivery(response=response, manner=manner, delay_seconds=delay, seconds=seconds)

    @property
    def first_connection(self) -> int:
        """Requests over connections with smaller numbers are not done any more."""
        return self._state.first_connection

    def done(self) -> None:
        """A client's request was answered."""
        with self._lock:
            self._stats.end()

    def repeat(self, asked: Asked) -> None:
        """Do what a journal says once more."""
        routes = self._admin if asked.path.startswith(ADMIN) else self._routes
        route, parts = routes.find(asked.method, asked.path)
        route.handler(Call(request=_request(asked), now=asked.at, parts=parts))

    def _sabotaged(self, request: Request, sabotage: Sabotage) -> Response:
        if sabotage.refusal:
            return self._refused(sabotage.refusal, request)
        if sabotage.is_before:
            return Response()
        try:
            if not request.path.startswith(STORAGE):
                self._check_key(request)
        except Problem as problem:
            return self._failed(problem, request)
        response = self._answered(self._routes, request, sabotage.listing)
        if sabotage.lost_answer:
            return self._failed(Problem(500, sabotage.lost_answer.detail or "Something went wrong"), request)
        return replace(response, content=sabotage.garbled(response.content))

    def _answered(self, routes: Routes, request: Request, listing: Listing) -> Response:
        now = self._clock.now()
        try:
            route, parts = routes.find(request.method, request.path)
            self._check_organization(parts)
            response = route.handler(Call(request=request, now=now, parts=parts, listing=listing))
        except Problem as problem:
            return self._failed(problem, request)
        if self._journal and route.is_for_journal:
            self._journal.keep(_asked(request, now))
        return response

    def _refused(self, rule: Rule, request: Request) -> Response:
        response = self._failed(Problem(rule.refusal, rule.detail or "A fault by script"), request)
        if rule.retry_after is None:
            return response
        return replace(response, headers=(("Retry-After", str(rule.retry_after)),))

    def _check_key(self, request: Request) -> None:
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        keys = (self._state.api_key, self._state.v1_api_key)
        if kind.lower() != "bearer" or key not in keys:
            raise Problem(401, "Missing or invalid Authorization header")
        if key != keys[request.path.startswith("/v1/")]:
            raise Problem(403, _NO_PERMISSION)

    def _check_organization(self, parts: Mapping[str, str]) -> None:
        if parts.get("org_id", self._state.org_id) != self._state.org_id:
            raise Problem(403, _NO_PERMISSION)

    def _failed(self, problem: Problem, request: Request) -> Response:
        switches = self._state.switches
        if not request.path.startswith("/v1/"):
            return rendered(problem, switches.errors, request.path)
        if switches.v1_era == "old" and problem.status == _INVALID:
            problem = Problem(400, "Invalid input or request")
        return rendered(problem, "detail" if switches.errors == "problem" else switches.errors, request.path)


def _asked(request: Request, now: float) -> Asked:
    return Asked(
        at=now,
        method=request.method,
        path=request.path,
        query=dict(request.query),
        content_type=request.headers.get("content-type", ""),
        body=request.body,
    )


def _request(asked: Asked) -> Request:
    return Request(
        method=asked.method,
        path=asked.path,
        query=asked.query,
        headers={"content-type": asked.content_type},
        body=asked.body,
    )
