"""Checks of commits, statuses, and what branches require."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from codeql_fixer.twin.github import shapes_of_checks as shapes
from codeql_fixer.twin.github import shapes_of_work
from codeql_fixer.twin.github.git import Commit
from codeql_fixer.twin.github.model_of_review import CheckRun, RunConclusion, RunStatus, Status, StatusState
from codeql_fixer.twin.github.paging import paged
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.shapes import commit as commit_shape
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import ADMIN, Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.model import Repository
    from codeql_fixer.twin.github.state import State

_BASE = "/repos/{owner}/{repo}"
_Sha = Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]


class _Output(Struct, frozen=True, kw_only=True):
    title: str | None = None
    summary: Annotated[str, Meta(max_length=65_535)] | None = None
    text: Annotated[str, Meta(max_length=65_535)] | None = None


class _NewRun(Struct, frozen=True, kw_only=True):
    name: str
    head_sha: _Sha
    status: RunStatus = "queued"
    conclusion: RunConclusion | None = None
    external_id: str = ""
    output: _Output = _Output()


class _Change(Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    status: RunStatus | UnsetType = UNSET
    conclusion: RunConclusion | UnsetType = UNSET
    external_id: str | UnsetType = UNSET
    output: _Output | UnsetType = UNSET


class _NewStatus(Struct, frozen=True, kw_only=True):
    state: StatusState
    context: str = "default"
    description: Annotated[str, Meta(max_length=140)] | None = None
    target_url: str | None = None


class Checks:
    """Answers requests about them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", f"{_BASE}/commits/{{ref}}/check-runs", self.runs)
        yield Route("POST", f"{_BASE}/check-runs", self.add_run)
        yield Route("PATCH", f"{_BASE}/check-runs/{{run}}", self.change_run)
        yield Route("GET", f"{_BASE}/check-runs/{{run}}/annotations", self.annotations)
        yield Route("GET", f"{_BASE}/actions/jobs/{{run}}/logs", self.log)
        yield Route("GET", f"{_BASE}/commits/{{ref}}/statuses", self.statuses)
        yield Route("POST", f"{_BASE}/statuses/{{sha}}", self.add_status)
        yield Route("GET", f"{_BASE}/commits/{{ref}}/pulls", self.pulls)
        yield Route("GET", f"{_BASE}/branches/{{branch}}", self.branch)
        yield Route("GET", f"{_BASE}/rules/branches/{{branch}}", self.rules)

    def runs(self, call: Call) -> Response:
        """Those of a commit, newest first; of each App and name the newest, unless all are asked for."""
        repository, url = found(self._state, call), self._state.url
        commit, name = _commit(repository, call), call.text("check_name")
        wanted = [one for one in reversed(repository.check_runs) if one.commit == commit and name in {"", one.name}]
        if call.text("filter", "latest") == "latest":
            newest: dict[tuple[str, str], CheckRun] = {}
            for one in wanted:
                newest.setdefault((one.app, one.name), one)
            wanted = list(newest.values())
        return paged(call, wanted, lambda one: shapes.check_run(one, repository, url), url=url, member="check_runs")

    def add_run(self, call: Call) -> Response:
        """A new one, which only Apps make."""
        repository, given = found(self._state, call), call.body(_NewRun)
        one = CheckRun(
            id=self._state.new_id(),
            app=_slug(call),
            commit=given.head_sha,
            name=given.name,
            status="completed" if given.conclusion else given.status,
            conclusion=given.conclusion,
            started_at=call.now,
            external_id=given.external_id,
            title=given.output.title,
            summary=given.output.summary,
            text=given.output.text,
        )
        repository.check_runs.append(one)
        return self._told(one, repository, call, action="created", status=201)

    def change_run(self, call: Call) -> Response:
        """What became of one; only the App that made it may tell."""
        repository, given = found(self._state, call), call.body(_Change)
        one, slug = self._run(repository, call), _slug(call)
        if one.app != slug:
            raise Problem(403, "Invalid app_id for check run - check run can only be modified by its App.")
        one.name = one.name if given.name is UNSET else given.name
        one.external_id = one.external_id if given.external_id is UNSET else given.external_id
        one.status = one.status if given.status is UNSET else given.status
        if given.conclusion is not UNSET:
            one.conclusion, one.status = given.conclusion, "completed"
        if given.output is not UNSET:
            one.title, one.summary, one.text = given.output.title, given.output.summary, given.output.text
        return self._told(one, repository, call, action="completed", status=200)

    def annotations(self, call: Call) -> Response:
        """What one says of lines."""
        repository = found(self._state, call)
        run = self._run(repository, call)
        return paged(call, run.annotations, lambda one: shapes.annotation(one, run, repository), url=self._state.url)

    def log(self, call: Call) -> Response:
        """The way to the log of a job, which is elsewhere and opens without a token for a minute."""
        repository = found(self._state, call)
        run = self._run(repository, call)
        if not run.log:
            raise not_found()
        base = self._state.switches.log_url or f"{self._state.url}{ADMIN}logs"
        return Response(status=302, headers=(("Location", f"{base}/{repository.full_name}/{run.id}?sig=secret"),))

    def statuses(self, call: Call) -> Response:
        """Those of a commit, newest first."""
        repository, url = found(self._state, call), self._state.url
        commit = _commit(repository, call)
        wanted = [one for one in reversed(repository.statuses) if one.commit == commit]
        return paged(call, wanted, lambda one: shapes.status(one, repository, url), url=url)

    def add_status(self, call: Call) -> Response:
        """One more."""
        repository, given, sha = found(self._state, call), call.body(_NewStatus), call.parts["sha"]
        if not _is_sha(sha):
            raise Problem(422, f"No commit found for SHA: {sha}")
        one = Status(
            id=self._state.new_id(),
            commit=sha,
            creator=call.actor,
            context=given.context,
            state=given.state,
            description=given.description,
            target_url=given.target_url,
            at=call.now,
        )
        repository.statuses.append(one)
        described = shapes.status(one, repository, self._state.url)
        more = {"sha": sha, "name": repository.full_name, "branches": [], "sender": described["creator"]}
        commit = commit_shape(Commit(at=call.now, sha=sha, message=""), repository, self._state.url)
        self._state.hooks.tell(repository, "status", {**described, **more, "commit": commit}, now=call.now)
        return answer(described, status=201)

    def pulls(self, call: Call) -> Response:
        """Pull requests of a commit."""
        repository, url = found(self._state, call), self._state.url
        commit = _commit(repository, call)
        wanted = [one for one in repository.pulls.values() if commit in {one.head_commit, one.merge_commit}]
        return paged(call, wanted, lambda one: shapes_of_work.listed_pull(one, repository, url), url=url)

    def branch(self, call: Call) -> Response:
        """A branch, with what its protection requires."""
        repository, name = found(self._state, call), call.parts["branch"]
        _check_visible(repository, name)
        commits = repository.commits(name)
        if not commits:
            raise Problem(404, "Branch not found")
        return answer(shapes.branch(name, commits[-1], repository, url=self._state.url))

    def rules(self, call: Call) -> Response:
        """The rules that hold for a branch."""
        repository, name = found(self._state, call), call.parts["branch"]
        _check_visible(repository, name)
        rules = shapes.rules(repository.required.get(name), repository)
        return paged(call, rules, lambda one: one, url=self._state.url)

    def _run(self, repository: Repository, call: Call) -> CheckRun:
        number = call.number("run")
        for one in repository.check_runs:
            if one.id == number:
                return one
        raise not_found()

    def _told(self, one: CheckRun, repository: Repository, call: Call, *, action: str, status: int) -> Response:
        described = shapes.check_run(one, repository, self._state.url)
        self._state.hooks.tell(repository, "check_run", {"action": action, "check_run": described}, now=call.now)
        return answer(described, status=status)


def _slug(call: Call) -> str:
    if not call.actor.endswith("[bot]"):
        raise Problem(403, "You must authenticate via a GitHub App.")
    return call.actor.removesuffix("[bot]")


def _commit(repository: Repository, call: Call) -> str:
    """The commit that a path names, by its branch too."""
    ref = call.parts["ref"]
    if _is_sha(ref):
        return ref
    if ref not in {one.head for one in repository.pulls.values()} and not repository.commits(ref):
        raise Problem(422, f"No commit found for SHA: {ref}")
    return repository.tip(ref)


def _is_sha(text: str) -> bool:
    return len(text) == len("0" * 40) and set(text) <= set("0123456789abcdef")


def _check_visible(repository: Repository, branch: str) -> None:
    required = repository.required.get(branch)
    if required is not None and required.is_hidden:
        raise Problem(403, "Resource not accessible by personal access token")
