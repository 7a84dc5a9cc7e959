"""The twin without its socket: a request in, an answer and the manner of its delivery out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.twin.devin.admin import ADMIN, Admin
from codeql_fixer.twin.devin.faults import Faults, Rule
from codeql_fixer.twin.devin.problems import rendered
from codeql_fixer.twin.devin.routing import Call, Routes
from codeql_fixer.twin.devin.stats import Stats
from codeql_fixer.twin.devin.v3_sessions import V3Sessions
from codeql_fixer.twin.devin.wire import Delivery, Manner, Problem, Request, Response

if TYPE_CHECKING:
    from codeql_fixer.twin.devin.clock import TwinClock
    from codeql_fixer.twin.devin.state import State


class Service:
    """Answers requests, one at a time.

    Args:
        state: what the twin knows.
        clock: its time.
        latency_seconds: real seconds that every answer takes.
    """

    def __init__(self, state: State, clock: TwinClock, *, latency_seconds: float = 0.0) -> None:
        self._state, self._clock, self._latency = state, clock, latency_seconds
        self._faults, self._stats = Faults(), Stats()
        self._lock = threading.Lock()
        self._routes = Routes(V3Sessions(state).routes())
        self._admin = Routes(Admin(state, clock=clock, faults=self._faults, stats=self._stats).routes())

    def handle(self, request: Request) -> Delivery:
        """Do what a request asks for, or what a fault makes of it."""
        with self._lock:
            if request.path.startswith(ADMIN):
                return Delivery(response=self._answered(self._admin, request))
            self._stats.begin()
            rules = self._faults.take(request)
            delivery = self._delivery(request, rules)
        delay = self._latency + sum(rule.ms for rule in rules) / 1000
        return msgspec.structs.replace(delivery, delay_seconds=delay)

    def done(self) -> None:
        """A request of a client, not of an admin, was answered."""
        with self._lock:
            self._stats.end()

    def _delivery(self, request: Request, rules: list[Rule]) -> Delivery:
        rule = next((one for one in rules if one.fault != "latency"), None)
        if rule is None:
            return Delivery(response=self._served(request))
        if rule.fault.isdigit() or rule.fault == "expired-key":
            status = int(rule.fault) if rule.fault.isdigit() else 401
            problem = Problem(status, rule.detail or "This is a fault by script")
            headers = (("Retry-After", str(rule.retry_after)),) if rule.retry_after is not None else ()
            return Delivery(response=msgspec.structs.replace(self._failed(problem, request), headers=headers))
        if rule.fault == "timeout-before":
            return Delivery(response=Response(), manner=Manner.SILENCE, seconds=rule.seconds)
        response = self._served(request)
        if rule.fault == "commit-then-500":
            return Delivery(response=self._failed(Problem(500, rule.detail or "Internal Server Error"), request))
        manner = {
            "timeout-after-commit": Manner.SILENCE,
            "half-body": Manner.HALF,
            "slow-drip": Manner.DRIP,
            "reset": Manner.RESET,
        }
        return Delivery(response=response, manner=manner.get(rule.fault, Manner.WHOLE), seconds=rule.seconds)

    def _served(self, request: Request) -> Response:
        try:
            self._check_key(request)
        except Problem as problem:
            return self._failed(problem, request)
        return self._answered(self._routes, request)

    def _answered(self, routes: Routes, request: Request) -> Response:
        try:
            route, parts = routes.find(request.method, request.path)
            self._stats.count(request.method, route.pattern)
            return route.handler(Call(request=request, now=self._clock.now(), parts=parts))
        except Problem as problem:
            return self._failed(problem, request)

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        key = given.removeprefix("Bearer ") if given.startswith("Bearer ") else ""
        keys = (self._state.api_key, self._state.v1_api_key)
        if key not in keys:
            raise Problem(401, "Missing or invalid Authorization header")
        if key != keys[request.path.startswith("/v1/")]:
            raise Problem(403, "You do not have permission to access this resource")

    def _failed(self, problem: Problem, request: Request) -> Response:
        form = self._state.switches.errors
        if request.path.startswith("/v1/") and form == "problem":
            form = "detail"
        return rendered(problem, form, request.path)
