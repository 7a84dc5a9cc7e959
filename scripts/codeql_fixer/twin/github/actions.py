"""Workflows and their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from codeql_fixer.twin.github import shapes_of_work as shapes
from codeql_fixer.twin.github.model import Run
from codeql_fixer.twin.github.paging import paged
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.shapes import api_url
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.model import Repository, WorkflowFile
    from codeql_fixer.twin.github.state import State

_BASE = "/repos/{owner}/{repo}/actions"
_MOST_INPUTS = 25
_ALWAYS_TOLD = "2026-03-10"  # since this version of the API, whether asked for or not


class _Order(Struct, frozen=True, kw_only=True):
    ref: str
    inputs: dict[str, Any] = {}
    return_run_details: bool = False


class Actions:
    """Answers requests about them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", f"{_BASE}/workflows", self.workflows)
        yield Route("GET", f"{_BASE}/workflows/{{workflow}}", self.workflow)
        yield Route("POST", f"{_BASE}/workflows/{{workflow}}/dispatches", self.dispatch)
        yield Route("GET", f"{_BASE}/workflows/{{workflow}}/runs", self.runs)
        yield Route("GET", f"{_BASE}/runs", self.runs)
        yield Route("GET", f"{_BASE}/runs/{{run}}", self.run)

    def workflows(self, call: Call) -> Response:
        """All workflows."""
        repository, url = found(self._state, call), self._state.url
        files = list(repository.workflows.values())
        return paged(call, files, lambda one: shapes.workflow(one, repository, url), url=url, member="workflows")

    def workflow(self, call: Call) -> Response:
        """One of them."""
        repository = found(self._state, call)
        return answer(shapes.workflow(_workflow(repository, call), repository, self._state.url))

    def dispatch(self, call: Call) -> Response:
        """Start a run; 204, or 200 with the run for those who want to know."""
        repository = found(self._state, call)
        if repository.is_archived:
            raise Problem(403, "Repository was archived so is read-only.")
        workflow, order = _workflow(repository, call), call.body(_Order)
        _check(repository, workflow, order)
        run = Run(
            id=self._state.new_id(),
            number=len(repository.runs) + 1,
            workflow=workflow,
            ref=order.ref,
            commit=repository.tip(order.ref),
            inputs=order.inputs,
            created_at=call.now,
            ends_at=call.now + workflow.run_seconds,
            conclusion=workflow.conclusion,
        )
        repository.runs.append(run)
        is_told = order.return_run_details or call.request.headers.get("x-github-api-version", "") >= _ALWAYS_TOLD
        if not (is_told and self._state.switches.run_details):
            return Response(status=204)
        return answer(
            {
                "workflow_run_id": run.id,
                "run_url": f"{api_url(self._state.url, repository)}/actions/runs/{run.id}",
                "html_url": shapes.run_page(run, repository),
            }
        )

    def runs(self, call: Call) -> Response:
        """Runs of a workflow or of all, newest first."""
        repository, url = found(self._state, call), self._state.url
        workflow = _workflow(repository, call) if "workflow" in call.parts else None
        status = call.text("status")
        runs = [
            run
            for run in reversed(repository.runs)
            if (workflow is None or run.workflow is workflow)
            and (not status or status in {run.status(call.now), run.conclusion})
        ]
        return paged(
            call, runs, lambda one: shapes.run(one, repository, url, now=call.now), url=url, member="workflow_runs"
        )

    def run(self, call: Call) -> Response:
        """One run."""
        repository, number = found(self._state, call), call.number("run")
        for run in repository.runs:
            if run.id == number:
                return answer(shapes.run(run, repository, self._state.url, now=call.now))
        raise not_found()


def _workflow(repository: Repository, call: Call) -> WorkflowFile:
    wanted = call.parts["workflow"]
    for workflow in repository.workflows.values():
        if wanted in {workflow.file, str(workflow.id)}:
            return workflow
    raise not_found()


def _check(repository: Repository, workflow: WorkflowFile, order: _Order) -> None:
    if not workflow.has_dispatch:
        raise Problem(422, "Workflow does not have 'workflow_dispatch' trigger")
    if not workflow.is_active:
        raise Problem(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    if order.ref.removeprefix("refs/heads/") not in repository.branches:
        raise Problem(422, f"No ref found for: {order.ref}")
    if len(order.inputs) > _MOST_INPUTS:
        raise Problem(422, f"you may only define up to {_MOST_INPUTS} `inputs` for a `workflow_dispatch` event")
    unknown = [name for name in order.inputs if name not in workflow.inputs]
    if unknown:
        raise Problem(422, f"Unexpected inputs provided: {unknown}")
    for name, is_required in workflow.inputs.items():
        if is_required and name not in order.inputs:
            raise Problem(422, f"Required input '{name}' not provided")
