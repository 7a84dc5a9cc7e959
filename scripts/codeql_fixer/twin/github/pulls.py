"""Pull requests and their reviews. They are made and merged on the admin surface."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, Struct, UnsetType

from codeql_fixer.twin.github import shapes_of_work as shapes
from codeql_fixer.twin.github.git import MOST_LINES
from codeql_fixer.twin.github.model import Outcome
from codeql_fixer.twin.github.paging import paged
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.shapes import named
from codeql_fixer.twin.github.shapes_of_review import remark, review
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.model import Pull, Repository
    from codeql_fixer.twin.github.state import State

_ONE = "/repos/{owner}/{repo}/pulls/{number}"
_DIFF = re.compile(r"application/vnd\.github\.(?:v3\.)?diff")


class _Change(Struct, frozen=True, kw_only=True):
    title: str | UnsetType = UNSET
    body: str | UnsetType = UNSET
    state: Literal["open", "closed"] | UnsetType = UNSET


class Pulls:
    """Answers requests about them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", "/repos/{owner}/{repo}/pulls", self.pulls)
        yield Route("GET", _ONE, self.pull)
        yield Route("PATCH", _ONE, self.change)
        yield Route("GET", f"{_ONE}/reviews", self.reviews)
        yield Route("GET", f"{_ONE}/comments", self.remarks)

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
        """One of them, or its diff for those who accept that."""
        repository = found(self._state, call)
        pull = self._found(repository, call)
        if _DIFF.search(call.request.headers.get("accept", "")):
            return _diff(pull, repository)
        return answer(shapes.pull(pull, repository, self._state.url))

    def change(self, call: Call) -> Response:
        """Another title, text or state."""
        repository, given = found(self._state, call), call.body(_Change)
        pull = self._found(repository, call)
        if given.state is not UNSET and given.state != ("open" if pull.outcome is Outcome.OPEN else "closed"):
            if pull.outcome is Outcome.MERGED:
                raise Problem(422, "Validation Failed")
            is_closed = given.state == "closed"
            pull.outcome = Outcome.CLOSED if is_closed else Outcome.OPEN
            pull.ended_at = call.now if is_closed else None
        pull.title = pull.title if given.title is UNSET else given.title
        pull.body = pull.body if given.body is UNSET else given.body
        pull.updated_at = call.now
        described = shapes.pull(pull, repository, self._state.url)
        how: dict[str, object] = {"action": "edited", "changes": {}}
        if given.state is not UNSET:
            how = {"action": {"closed": "closed", "open": "reopened"}[given.state]}
        sender = named(call.actor, self._state.url)
        told = {**how, "number": pull.number, "pull_request": described, "sender": sender}
        self._state.hooks.tell(repository, "pull_request", told, now=call.now)
        return answer(described)

    def reviews(self, call: Call) -> Response:
        """Those of one, oldest first."""
        repository, url = found(self._state, call), self._state.url
        pull = self._found(repository, call)
        reviews = repository.talk(pull.number).reviews
        return paged(call, reviews, lambda one: review(one, pull, repository, url=url), url=url)

    def remarks(self, call: Call) -> Response:
        """Comments on lines of one, oldest first."""
        repository, url = found(self._state, call), self._state.url
        pull = self._found(repository, call)
        remarks = repository.talk(pull.number).remarks
        return paged(call, remarks, lambda one: remark(one, pull, repository, url=url), url=url)

    def _found(self, repository: Repository, call: Call) -> Pull:
        pull = repository.pulls.get(call.number("number"))
        if pull is None:
            raise not_found()
        follow(pull, repository, call.now)
        return pull


def follow(pull: Pull, repository: Repository, now: float) -> None:
    """Have an open pull request know what was pushed to the repository behind it."""
    if repository.git is None or pull.outcome is not Outcome.OPEN:
        return
    head, base = repository.tip(pull.head), repository.tip(pull.base)
    if head != pull.head_commit:
        pull.updated_at = now
    pull.head_commit, pull.base_commit = head, base


def _diff(pull: Pull, repository: Repository) -> Response:
    text = repository.git.diff(pull.base_commit, pull.head_commit) if repository.git else pull.diff
    if text.count("\n") > MOST_LINES:
        raise Problem(406, f"Sorry, the diff exceeded the maximum number of lines ({MOST_LINES})")
    return Response(content=text.encode(), media_type="application/vnd.github.diff; charset=utf-8")


def _is_wanted(one: Pull, call: Call) -> bool:
    state = call.text("state", "open")
    is_open = one.outcome is Outcome.OPEN
    if state != "all" and is_open != (state == "open"):
        return False
    head, base = call.text("head"), call.text("base")
    return head in {"", f"{one.head_owner}:{one.head}"} and base in {"", one.base}
