"""The twin without its socket: a request in, an answer and the manner of its delivery out."""

from __future__ import annotations

import threading
from email.utils import formatdate
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode

from msgspec.structs import replace

from codeql_fixer.twin.github.actions import Actions
from codeql_fixer.twin.github.admin import Admin
from codeql_fixer.twin.github.apps import AppsAndUsers
from codeql_fixer.twin.github.checks import Checks
from codeql_fixer.twin.github.doors import actor_of, bearer_of
from codeql_fixer.twin.github.faults import Faults, Sabotage
from codeql_fixer.twin.github.issues import Issues
from codeql_fixer.twin.github.limits import SECONDARY, Limits
from codeql_fixer.twin.github.pulls import Pulls
from codeql_fixer.twin.github.repositories import Repositories
from codeql_fixer.twin.github.routing import Call, Routes, natural
from codeql_fixer.twin.github.scanning import Scanning
from codeql_fixer.twin.stats import Stats
from codeql_fixer.twin.wire import ADMIN, Delivery, Manner, Problem, Request, Response, answer

if TYPE_CHECKING:
    from codeql_fixer.twin.clock import TwinClock
    from codeql_fixer.twin.github.faults import Rule
    from codeql_fixer.twin.github.state import State

FAMILIES = (Repositories, Actions, Pulls, Scanning, Issues, Checks, AppsAndUsers)
_DOCUMENTATION = "https://docs.github.com/rest"
_LIMIT = "/rate_limit"


class Service:
    """Answers requests, one at a time.

    Args:
        state: what the twin knows.
        clock: its time.
    """

    def __init__(self, state: State, clock: TwinClock) -> None:
        self._state, self._clock = state, clock
        self._faults, self._stats, self._limits = Faults(), Stats(), Limits(state)
        self._lock = threading.Lock()
        self._routes = Routes(route for family in FAMILIES for route in family(state).routes())
        admin = Admin(state, clock=clock, faults=self._faults, stats=self._stats, limits=self._limits)
        self._admin = Routes(admin.routes())

    def handle(self, request: Request) -> Delivery:
        """Do what a request asks for, or what the script of faults makes of it."""
        with self._lock:
            if request.path.startswith(ADMIN):
                return Delivery(response=self._routed(self._admin, request))
            self._stats.begin(request.method, self._routes.pattern_of(self._named(request).path))
            if request.connection < self.first_connection:
                return Delivery(response=Response(), manner=Manner.RESET)
            sabotage = Sabotage(self._faults.take(request))
            response = self._dated(self._sabotaged(request, sabotage))
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

    def _sabotaged(self, request: Request, sabotage: Sabotage) -> Response:
        if sabotage.refusal:
            return _refused(sabotage.refusal)
        if sabotage.is_before:
            return Response()
        response = self._allowed(request)
        if sabotage.lost_answer:
            return failed(Problem(500, sabotage.lost_answer.detail or "Server Error"))
        return response

    def _allowed(self, request: Request) -> Response:
        """The answer for those who may ask, which their limits count."""
        token, now = bearer_of(request), self._clock.now()
        try:
            actor, problem = actor_of(self._named(request), self._state, now), None
        except Problem as refused:
            if refused.status == 401:  # noqa: PLR2004 - Unauthorized: nobody's limit counts it
                return failed(refused)
            actor, problem = "", refused
        if request.path == _LIMIT:
            rate = self._limits.described(token, now)
            return answer({"resources": {"core": rate, "search": rate}, "rate": rate})
        refusal = self._limits.take(token, request.method, now)
        if refusal:
            response = failed(Problem(403, refusal))
            wait = (("Retry-After", str(self._state.switches.retry_after)),) if refusal == SECONDARY else ()
            return _with(response, *self._limits.headers(token, now), *wait)
        if problem is not None:
            response = failed(problem)
        else:
            response = self._moved(request) or self._routed(self._routes, self._named(request), actor)
            response = _unchanged(request, response)
        if response.status == 304:  # noqa: PLR2004 - Not Modified
            self._limits.give_back(token)
        return _with(response, *self._limits.headers(token, now))

    def _moved(self, request: Request) -> Response | None:
        """The way to a repository that has another name now."""
        match request.path.split("/"):
            case ["", "repos", owner, name, *rest]:
                number = self._state.moved(unquote(owner), unquote(name))
            case _:
                return None
        if number is None:
            return None
        query = f"?{urlencode(request.query, doseq=True)}" if request.query else ""
        location = "/".join((self._state.url, "repositories", str(number), *rest)) + query
        body = {"message": "Moved Permanently", "url": location, "documentation_url": _DOCUMENTATION}
        return _with(answer(body, status=301 if request.method == "GET" else 307), ("Location", location))

    def _named(self, request: Request) -> Request:
        """A request with the name of the repository in the place of its id."""
        match request.path.split("/"):
            case ["", "repositories", number, *rest]:
                repository = self._state.numbered(natural(number))
                if repository is not None:
                    return replace(request, path="/".join(("", "repos", repository.full_name, *rest)))
            case _:
                pass
        return request

    def _routed(self, routes: Routes, request: Request, actor: str = "") -> Response:
        try:
            route, parts = routes.find(request.method, request.path)
            return route.handler(Call(request=request, now=self._clock.now(), actor=actor, parts=parts))
        except Problem as problem:
            return failed(problem)

    def _dated(self, response: Response) -> Response:
        return _with(response, ("Date", formatdate(self._clock.now(), usegmt=True)))


def failed(problem: Problem) -> Response:
    """The answer for a problem."""
    body = {"message": problem.detail, "documentation_url": _DOCUMENTATION, "status": str(problem.status)}
    return answer(body, status=problem.status)


def _refused(rule: Rule) -> Response:
    return _with(failed(Problem(rule.refusal, rule.words)), *rule.retry_header)


def _unchanged(request: Request, response: Response) -> Response:
    """The answer with its ETag, without what the client has already (RFC 9110, 13.1.2)."""
    if request.method != "GET" or response.status != 200:  # noqa: PLR2004 - OK
        return response
    tag = f'W/"{sha256(response.content).hexdigest()}"'
    known = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if tag in known:
        return Response(status=304, headers=(("ETag", tag),))
    return _with(response, ("ETag", tag), ("Cache-Control", "private, max-age=60"))


def _with(response: Response, *headers: tuple[str, str]) -> Response:
    return replace(response, headers=(*response.headers, *headers))
