"""The part of the admin surface that puts in workflows, pull requests and analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from codeql_fixer.twin.github import shapes_of_work as shapes
from codeql_fixer.twin.github.model import Analysis, Outcome, Pull, WorkflowFile
from codeql_fixer.twin.github.orders import NewAnalysis, NewPull, NewWorkflow, PullAction, PullChange
from codeql_fixer.twin.github.pulls import follow
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.scanning import whole_ref
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import ADMIN, Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.model import Repository
    from codeql_fixer.twin.github.state import State

_ACTIONS: dict[PullAction, str] = {
    "merge": "closed",
    "close": "closed",
    "reopen": "reopened",
    "draft": "converted_to_draft",
    "ready": "ready_for_review",
    "push": "synchronize",
    "edit": "edited",
}
_BASE = f"{ADMIN}repos/{{owner}}/{{repo}}"


class AdminOfWork:
    """Answers these requests."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("PUT", f"{_BASE}/workflows/{{file}}", self.put_workflow)
        yield Route("POST", f"{_BASE}/pulls", self.open_pull)
        yield Route("PATCH", f"{_BASE}/pulls/{{number}}", self.change_pull)
        yield Route("POST", f"{_BASE}/analyses", self.put_analysis)

    def put_workflow(self, call: Call) -> Response:
        """A workflow file, also in the place of one that is there."""
        repository, given, file = found(self._state, call), call.body(NewWorkflow), call.parts["file"]
        known = repository.workflows.get(file)
        workflow = WorkflowFile(
            id=known.id if known else self._state.new_id(),
            file=file,
            created_at=known.created_at if known else call.now,
            **msgspec.structs.asdict(given),
        )
        repository.workflows[file] = workflow
        return answer(shapes.workflow(workflow, repository, self._state.url))

    def open_pull(self, call: Call) -> Response:
        """A pull request."""
        repository, given = found(self._state, call), call.body(NewPull)
        number = given.number or repository.next_number()
        if number in repository.pulls or number in repository.issues:
            raise Problem(422, f"there is a pull request or issue {number} already")
        base = given.base or repository.default_branch
        pull = Pull(
            id=self._state.new_id(),
            number=number,
            title=given.title,
            body=given.body,
            author=given.author,
            head=given.head,
            head_owner=given.head_owner or repository.owner.login,
            head_commit=repository.tip(given.head),
            base=base,
            base_commit=repository.tip(base),
            created_at=call.now,
            updated_at=call.now,
            is_draft=given.is_draft,
            diff=given.diff,
            is_mergeable=given.is_mergeable,
        )
        repository.pulls[number] = pull
        return self._told(pull, repository, {"action": "opened"}, now=call.now)

    def change_pull(self, call: Call) -> Response:
        """What happens to one."""
        repository, given = found(self._state, call), call.body(PullChange)
        pull = repository.pulls.get(call.number("number"))
        if pull is None:
            raise not_found()
        follow(pull, repository, call.now)
        before = pull.head_commit
        _change(pull, given.action, repository, now=call.now)
        pull.diff = pull.diff if given.diff is UNSET else given.diff
        pull.is_mergeable = pull.is_mergeable if given.is_mergeable is UNSET else given.is_mergeable
        pull.title = pull.title if given.title is None else given.title
        pull.body = pull.body if given.body is None else given.body
        pull.updated_at = call.now
        more: dict[str, object] = {}
        if given.action == "push":
            more = {"before": before, "after": pull.head_commit}
        elif given.action == "edit":
            more = {"changes": {}}
        return self._told(pull, repository, {"action": _ACTIONS[given.action], **more}, now=call.now)

    def put_analysis(self, call: Call) -> Response:
        """An analysis with its SARIF, newer than all that are there unless it says otherwise."""
        repository, given = found(self._state, call), call.body(NewAnalysis)
        content, results, rules = _read(bytes(given.sarif))
        branch = given.ref or repository.default_branch
        made = Analysis(
            id=self._state.new_id(),
            ref=whole_ref(branch),
            commit=given.commit or repository.tip(branch.removeprefix("refs/heads/")),
            tool=given.tool,
            tool_version=given.tool_version,
            category=given.category,
            created_at=call.now if given.at is None else given.at,
            error=given.error,
            warning=given.warning,
            results=results,
            rules=rules,
            sarif=content,
        )
        repository.analyses.append(made)
        repository.analyses.sort(key=lambda one: (one.created_at, one.id))
        return answer(shapes.analysis(made, repository, self._state.url))

    def _told(self, pull: Pull, repository: Repository, how: dict[str, object], *, now: float) -> Response:
        described = shapes.pull(pull, repository, self._state.url)
        told = {**how, "number": pull.number, "pull_request": described, "sender": described["user"]}
        self._state.hooks.tell(repository, "pull_request", told, now=now)
        return answer(described)


def _change(pull: Pull, action: PullAction, repository: Repository, *, now: float) -> None:
    is_open = pull.outcome is Outcome.OPEN
    if is_open == (action == "reopen") and action != "edit":
        raise Problem(422, f"a pull request that is {pull.outcome} cannot {action}")
    match action:
        case "merge":
            pull.merge_commit = _merged(pull, repository, now)
            pull.outcome, pull.ended_at = Outcome.MERGED, now
        case "close":
            pull.outcome, pull.ended_at = Outcome.CLOSED, now
        case "reopen" if pull.outcome is Outcome.MERGED:
            raise Problem(422, "a pull request that is merged cannot reopen")
        case "reopen":
            pull.outcome, pull.ended_at = Outcome.OPEN, None
        case "draft" | "ready":
            pull.is_draft = action == "draft"
        case "push":
            pull.head_commit = repository.commit(pull.head, now, "Change it again").sha
        case "edit":
            pass


def _merged(pull: Pull, repository: Repository, now: float) -> str:
    words = f"Merge pull request #{pull.number}"
    if repository.git:
        return repository.git.merge(pull.base, pull.head_commit, words)
    return repository.commit(pull.base, now, words).sha


def _read(given: bytes) -> tuple[bytes, int, int]:
    """The bytes to hand out, and how many results and rules they hold."""
    found: Any = msgspec.json.decode(given)
    if isinstance(found, str):
        return found.encode(), 0, 0
    runs = found.get("runs", []) if isinstance(found, dict) else []
    rules = [rule for run in runs for rule in run.get("tool", {}).get("driver", {}).get("rules", [])]
    return given, sum(len(run.get("results") or []) for run in runs), len(rules)
