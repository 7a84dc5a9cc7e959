"""Pull requests. They are made, merged and closed on the admin surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.twin.github import shapes_of_work as shapes
from codeql_fixer.twin.github.model import Outcome
from codeql_fixer.twin.github.paging import paged
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.model import Pull
    from codeql_fixer.twin.github.state import State


class Pulls:
    """Answers requests about them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", "/repos/{owner}/{repo}/pulls", self.pulls)
        yield Route("GET", "/repos/{owner}/{repo}/pulls/{number}", self.pull)

    def pulls(self, call: Call) -> Response:
        """Those of a state, head and base; open ones where no state is named."""
        repository, url = found(self._state, call), self._state.url
        pulls = [one for one in repository.pulls.values() if _is_wanted(one, call)]
        order = call.text("sort", "created")
        is_newest_first = call.text("direction", "desc" if order == "created" else "asc") == "desc"
        pulls.sort(
            key=lambda one: (one.updated_at if order == "updated" else one.created_at, one.number),
            reverse=is_newest_first,
        )
        return paged(call, pulls, lambda one: shapes.listed_pull(one, repository, url), url=url)

    def pull(self, call: Call) -> Response:
        """One of them."""
        repository = found(self._state, call)
        pull = repository.pulls.get(call.number("number"))
        if pull is None:
            raise not_found()
        return answer(shapes.pull(pull, repository, self._state.url))


def _is_wanted(one: Pull, call: Call) -> bool:
    state = call.text("state", "open")
    is_open = one.outcome is Outcome.OPEN
    if state != "all" and is_open != (state == "open"):
        return False
    head, base = call.text("head"), call.text("base")
    return head in {"", f"{one.head_owner}:{one.head}"} and base in {"", one.base}
