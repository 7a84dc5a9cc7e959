"""The surface under /__twin__/, for whoever started the twin: put things in, script faults, move the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from codeql_fixer.twin.github import shapes, shapes_of_work
from codeql_fixer.twin.github.admin_of_review import AdminOfReview
from codeql_fixer.twin.github.admin_of_work import AdminOfWork
from codeql_fixer.twin.github.faults import Rule
from codeql_fixer.twin.github.model import Repository
from codeql_fixer.twin.github.orders import MOST_SECONDS, NewCommits, NewRepository, Rename
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.wire import ADMIN, Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.clock import TwinClock
    from codeql_fixer.twin.github.faults import Faults
    from codeql_fixer.twin.github.limits import Limits
    from codeql_fixer.twin.github.state import State
    from codeql_fixer.twin.stats import Stats


class _Advance(Struct, frozen=True, forbid_unknown_fields=True):
    advance_seconds: Annotated[float, Meta(ge=0, le=MOST_SECONDS)]


class Admin:
    """Answers requests of the admin surface."""

    def __init__(self, state: State, *, clock: TwinClock, faults: Faults, stats: Stats, limits: Limits) -> None:
        self._state, self._clock, self._faults = state, clock, faults
        self._stats, self._limits = stats, limits

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("PUT", f"{ADMIN}repos/{{owner}}/{{repo}}", self.put_repository)
        yield Route("POST", f"{ADMIN}repos/{{owner}}/{{repo}}/rename", self.rename)
        yield Route("POST", f"{ADMIN}repos/{{owner}}/{{repo}}/commits", self.commit)
        yield from AdminOfWork(self._state).routes()
        yield from AdminOfReview(self._state).routes()
        yield Route("GET", f"{ADMIN}runs", self.runs)
        yield Route("GET", f"{ADMIN}stats", self.stats)
        yield Route("GET", f"{ADMIN}faults", self.faults)
        yield Route("POST", f"{ADMIN}faults", self.add_faults)
        yield Route("DELETE", f"{ADMIN}faults", self.clear_faults)
        yield Route("POST", f"{ADMIN}clock", self.advance)
        yield Route("POST", f"{ADMIN}switches", self.switch)
        yield Route("POST", f"{ADMIN}reset", self.reset)
        yield Route("POST", f"{ADMIN}disconnect", self.disconnect)

    def put_repository(self, call: Call) -> Response:
        """A repository with one commit; one that is there gets what is told of it and keeps the rest."""
        given, owner, name = call.body(NewRepository), call.parts["owner"], call.parts["repo"]
        parent = self._state.repository(*_pair(given.fork_of)) if given.fork_of else None
        try:
            repository = found(self._state, call)
        except Problem:
            repository = Repository(
                id=self._state.new_id(),
                owner=self._state.account(owner, given.owner_kind),
                name=name,
                default_branch=given.default_branch,
                created_at=call.now,
            )
            self._state.add(repository)
            if given.has_commits:
                repository.commit(given.default_branch, call.now, "Begin")
        repository.parent = parent
        repository.is_private, repository.is_archived = given.is_private, given.is_archived
        repository.has_code_scanning = given.has_code_scanning
        return answer(shapes.repository(repository, self._state.url))

    def rename(self, call: Call) -> Response:
        """Give a repository another owner or name; the old one leads to it."""
        repository, (owner, name) = found(self._state, call), _pair(call.body(Rename).to)
        self._state.rename(repository, self._state.account(owner), name)
        return answer(shapes.repository(repository, self._state.url))

    def commit(self, call: Call) -> Response:
        """Commits on a branch, which is made where it is not there."""
        repository, given = found(self._state, call), call.body(NewCommits)
        branch, last = given.branch or repository.default_branch, given.at if given.at is not None else call.now
        for place in reversed(range(given.count)):
            newest = repository.commit(branch, last - place * given.every_seconds, given.message)
        return answer({"sha": newest.sha, "tip": repository.tip(branch)})

    def runs(self, call: Call) -> Response:
        """All runs that were ever started, oldest first, with what they were given."""
        runs = sorted(((one, run) for one in self._state.repositories() for run in one.runs), key=lambda two: two[1].id)
        shown = (
            {
                "repository": repository.full_name,
                "workflow": run.workflow.file,
                "ref": run.ref,
                "inputs": run.inputs,
                "created_at": run.created_at,
                "status": run.status(call.now),
                "url": shapes_of_work.run_page(run, repository),
            }
            for repository, run in runs
        )
        return answer({"runs": list(shown)})

    def stats(self, call: Call) -> Response:
        """Counts since the start or the last reset."""
        return answer(
            {
                "now": call.now,
                "requests": self._stats.requests,
                "max_concurrent_requests": self._stats.max_concurrent,
                "repositories": len(list(self._state.repositories())),
                "rate": self._limits.described(self._state.token, call.now),
            }
        )

    def faults(self, call: Call) -> Response:
        """The script of faults, and what came of it."""
        del call
        return answer({"faults": self._faults.described()})

    def add_faults(self, call: Call) -> Response:
        """More faults: a list of rules."""
        for rule in call.body(list[Rule]):
            self._faults.add(rule)
        return self.faults(call)

    def clear_faults(self, call: Call) -> Response:
        """No faults any more."""
        self._faults.clear()
        return self.faults(call)

    def advance(self, call: Call) -> Response:
        """Move the clock on."""
        self._clock.advance(call.body(_Advance).advance_seconds)
        return answer({"now": self._clock.now()})

    def switch(self, call: Call) -> Response:
        """Change switches; those that are not named stay as they are."""
        given = call.body(dict[str, Any])
        try:
            switches = {**msgspec.to_builtins(self._state.switches), **given}
            self._state.switches = msgspec.convert(switches, type(self._state.switches))
        except msgspec.ValidationError as error:
            raise Problem(422, str(error)) from error
        return answer(self._state.switches)

    def reset(self, call: Call) -> Response:
        """Forget what was put in, faults, limits and counts; clock and switches stay."""
        self._state.reset()
        self._faults.clear()
        self._stats.reset()
        self._limits.reset()
        return self.stats(call)

    def disconnect(self, call: Call) -> Response:
        """Cut the connections made before this one: a request that is still on its way over them is never done."""
        self._state.first_connection = call.request.connection
        return answer({"first_connection": call.request.connection})


def _pair(full_name: str) -> tuple[str, str]:
    owner, slash, name = full_name.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise Problem(422, f"{full_name!r} is no owner/name of a repository")
    return owner, name
