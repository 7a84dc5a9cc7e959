"""GitHub as the host of a fleet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from codeql_fixer.adapters.github.paths import part, repository_path
from codeql_fixer.adapters.github.refusals import NOT_FOUND, told, told_of_start
from codeql_fixer.adapters.github.wire import (
    parse_analysis,
    parse_pull_request,
    parse_repository,
    parse_run,
    parse_started,
)
from codeql_fixer.transport.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codeql_fixer.adapters.github.caller import Caller
    from codeql_fixer.adapters.github.library import Library
    from codeql_fixer.ports.forge import PullRequest
    from codeql_fixer.ports.hosting import Analysis, HostedRepository, Workflow, WorkflowRun

_SARIF = "application/sarif+json"
_CONFLICT, _UNPROCESSABLE, _BAD = 409, 422, 400
_READ = "scope repo, or the permission Metadata: read"
_CODE = "scope repo, or the permission Contents: read"
_START = "scope repo, or the permission Actions: write"
_PULLS = "scope repo, or the permission Pull requests: read"
_SCANS = "scope security_events, or the permission Code scanning alerts: read"
_RUN_DETAILS = "return_run_details"
_ANALYSES_READ = 1000


class GitHubHost:
    """Hosting by GitHub; threads may share it.

    Args:
        caller: makes the calls.
        library: knows how they are written.
    """

    def __init__(self, caller: Caller, library: Library) -> None:
        self._caller, self._library = caller, library

    @property
    def calls_left(self) -> int:
        """How many calls this run may still make; what has not changed costs none."""
        return self._caller.calls_left

    def repository(self, name: str) -> HostedRepository:
        """One repository, under the name that it has now."""
        with told(f"repository {name}", permission=_READ):
            return parse_repository(self._library.get(repository_path(name)))

    def repositories(self, owner: str) -> Iterator[HostedRepository]:
        """All repositories of an organization, or of a user where there is no such organization."""
        with told(f"owner {owner}", permission=_READ):
            begin = part(owner)
            try:
                yield from map(parse_repository, self._library.pages(f"/orgs/{begin}/repos", {"type": "all"}))
            except StatusError as error:
                if error.status != NOT_FOUND:
                    raise
                yield from map(parse_repository, self._library.pages(f"/users/{begin}/repos", {"type": "owner"}))

    def commits_since(self, name: str, since: datetime, branch: str) -> int:
        """How many commits a branch got since then: one call, whatever their number."""
        with told(f"branch {branch or 'by default'} of {name}", permission=_CODE):
            try:
                whose = {"sha": branch} if branch else {}
                return self._library.count(f"{repository_path(name)}/commits", {**whose, "since": _time(since)})
            except StatusError as error:
                if error.status == _CONFLICT:  # there is no commit at all
                    return 0
                raise

    def trigger(self, workflow: Workflow, inputs: Mapping[str, str]) -> str:
        """Start a run, once; its page, or "" from a server that does not tell."""
        what = f"workflow {workflow.file} of {workflow.repository}"
        order: dict[str, object] = {"ref": workflow.ref, "inputs": dict(inputs)}
        path = f"{_workflow_path(workflow)}/dispatches"
        with told(what, permission=_START), told_of_start(what):
            try:
                return parse_started(self._library.post(path, {**order, _RUN_DETAILS: True}))
            except StatusError as error:
                # Servers of enterprises may not know it yet, and did nothing.
                if error.status not in {_BAD, _UNPROCESSABLE} or _RUN_DETAILS not in error.detail:
                    raise
                return parse_started(self._library.post(path, order))

    def runs(self, workflow: Workflow, *, since: datetime) -> Iterator[WorkflowRun]:
        """Runs of a workflow that were created since then, newest first."""
        with told(f"workflow {workflow.file} of {workflow.repository}", permission="the permission Actions: read"):
            for entry in self._library.pages(f"{_workflow_path(workflow)}/runs", {}, member="workflow_runs"):
                run = parse_run(entry)
                if run.created_at < since:
                    return
                yield run

    def pull_requests(self, name: str, *, head_prefix: str, since: datetime) -> Iterator[PullRequest]:
        """Pull requests that changed since then, the one that changed last first.

        One that changes meanwhile may be on two pages, and comes once.
        """
        wanted, seen = {"state": "all", "sort": "updated", "direction": "desc"}, set[int]()
        with told(f"pull requests of {name}", permission=_PULLS):
            for entry in self._library.pages(f"{repository_path(name)}/pulls", wanted):
                pull = parse_pull_request(entry, name)
                if pull.updated_at is not None and pull.updated_at < since:
                    return
                if pull.head.startswith(head_prefix) and pull.number not in seen:
                    seen.add(pull.number)
                    yield pull

    def pull_request(self, name: str, number: int) -> PullRequest:
        """One pull request."""
        with told(f"pull request {number} of {name}", permission=_PULLS):
            return parse_pull_request(self._library.get(f"{repository_path(name)}/pulls/{number}"), name)

    def newest_analyses(self, name: str, ref: str) -> list[Analysis]:
        """The newest analysis of each tool and category among the last thousand of a ref."""
        whole = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
        newest: dict[tuple[str, str], Analysis] = {}
        with told(f"code scanning of {name}", permission=_SCANS):
            try:
                entries = self._library.pages(f"{repository_path(name)}/code-scanning/analyses", {"ref": whole})
                for entry, _ in zip(entries, range(_ANALYSES_READ), strict=False):
                    analysis = parse_analysis(entry)
                    newest.setdefault((analysis.tool, analysis.category), analysis)
            except StatusError as error:
                if error.status != NOT_FOUND or "no analysis" not in error.detail.lower():
                    raise
        return list(newest.values())

    def sarif(self, name: str, analysis_id: int) -> bytes:
        """What was uploaded for an analysis, and what GitHub added to it. It never changes, so it is not kept."""
        path = f"{repository_path(name)}/code-scanning/analyses/{analysis_id}"
        with told(f"analysis {analysis_id} of {name}", permission=_SCANS):
            return self._caller.read(self._library.whole(path), accept=_SARIF, is_kept=False).content


def _workflow_path(workflow: Workflow) -> str:
    return f"{repository_path(workflow.repository)}/actions/workflows/{part(workflow.file.rpartition('/')[2])}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
