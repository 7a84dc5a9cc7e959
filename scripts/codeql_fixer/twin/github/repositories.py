"""Organizations, repositories and commits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from codeql_fixer.twin.github import shapes
from codeql_fixer.twin.github.paging import paged
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.model import Account, Repository
    from codeql_fixer.twin.github.state import State


class Repositories:
    """Answers requests about them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", "/orgs/{owner}", self.organization)
        yield Route("GET", "/orgs/{owner}/repos", self.of_organization)
        yield Route("GET", "/users/{owner}/repos", self.of_user)
        yield Route("GET", "/repos/{owner}/{repo}", self.repository)
        yield Route("GET", "/repos/{owner}/{repo}/commits", self.commits)

    def organization(self, call: Call) -> Response:
        """One organization."""
        owner = self._owner(call, "Organization")
        return answer(shapes.organization(owner, self._state.url, len(self._owned(owner))))

    def of_organization(self, call: Call) -> Response:
        """All its repositories."""
        return self._list(call, self._owned(self._owner(call, "Organization")))

    def of_user(self, call: Call) -> Response:
        """Those that everybody sees."""
        owned = self._owned(self._owner(call, "Organization", "User"))
        return self._list(call, [one for one in owned if not one.is_private])

    def repository(self, call: Call) -> Response:
        """One repository."""
        return answer(shapes.repository(found(self._state, call), self._state.url))

    def commits(self, call: Call) -> Response:
        """Those of a branch, newest first, since and until a time."""
        repository = found(self._state, call)
        if not repository.git and not any(repository.branches.values()):
            raise Problem(409, "Git Repository is empty.")
        branch = call.text("sha", repository.default_branch)
        known = repository.commits(branch)
        since, until = _time_of(call, "since"), _time_of(call, "until")
        commits = [
            one for one in reversed(known) if (since is None or one.at >= since) and (until is None or one.at <= until)
        ]
        if not known and branch not in repository.branches:
            raise not_found()
        url = self._state.url
        return paged(call, commits, lambda one: shapes.commit(one, repository, url), url=url)

    def _owner(self, call: Call, *kinds: str) -> Account:
        owner = self._state.accounts.get(call.parts["owner"].lower())
        if owner is None or owner.kind not in kinds:
            raise not_found()
        return owner

    def _owned(self, owner: Account) -> list[Repository]:
        return [one for one in self._state.repositories() if one.owner is owner]

    def _list(self, call: Call, repositories: list[Repository]) -> Response:
        url = self._state.url
        return paged(call, repositories, lambda one: shapes.listed(one, url), url=url)


def found(state: State, call: Call) -> Repository:
    """The repository that the path names.

    Raises:
        Problem: 404, there is none.
    """
    return state.repository(call.parts["owner"], call.parts["repo"])


def _time_of(call: Call, name: str) -> float | None:
    text = call.text(name)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise Problem(422, f"Invalid value for {name}") from error
