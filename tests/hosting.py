"""A host in memory: the twin of GitHub for tests of the use cases."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from codeql_fixer.errors import UserError
from codeql_fixer.ports.hosting import HostedRepository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from codeql_fixer.ports.forge import PullRequest
    from codeql_fixer.ports.hosting import Analysis, Workflow, WorkflowRun


class MemoryHosting:
    """Every repository is there. `faults` are raised by the next call for a repository, `calls` what was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls: list[tuple[str, str]] = []
        self.faults: dict[str, list[Exception]] = {}
        self.commits: dict[str, int] = {}
        self.triggered: list[dict[str, str]] = []
        self.pulls: dict[tuple[str, int], PullRequest] = {}
        self.analyses: dict[str, list[Analysis]] = {}
        self.texts: dict[int, bytes] = {}

    def repository(self, name: str) -> HostedRepository:
        self._called("repository", name)
        return HostedRepository(name=name, default_branch="main")

    def repositories(self, owner: str) -> Iterator[HostedRepository]:
        names = {name for name, _ in self.pulls} | self.analyses.keys() | self.commits.keys()
        return iter([self.repository(name) for name in sorted(names) if name.startswith(f"{owner}/")])

    def commits_since(self, name: str, since: datetime, branch: str) -> int:
        del since, branch
        self._called("commits", name)
        return self.commits.get(name, 0)

    def trigger(self, workflow: Workflow, inputs: Mapping[str, str]) -> str:
        self._called("trigger", inputs["target_repo"])
        self.triggered.append(dict(inputs))
        return f"https://github.com/{workflow.repository}/actions/runs/{len(self.triggered)}"

    def runs(self, workflow: Workflow, *, since: datetime) -> Iterator[WorkflowRun]:
        del workflow, since
        return iter(())

    def pull_requests(self, name: str, *, head_prefix: str, since: datetime) -> Iterator[PullRequest]:
        del since
        self._called("pulls", name)
        return iter(
            [one for (place, _), one in self.pulls.items() if place == name and one.head.startswith(head_prefix)]
        )

    def pull_request(self, name: str, number: int) -> PullRequest:
        self._called("pull", name)
        if (name, number) not in self.pulls:
            raise UserError(f"{name}#{number}: there is no such pull request")
        return self.pulls[name, number]

    def newest_analyses(self, name: str, ref: str) -> list[Analysis]:
        del ref
        self._called("analyses", name)
        return self.analyses.get(name, [])

    def sarif(self, name: str, analysis_id: int) -> bytes:
        self._called("sarif", name)
        return self.texts[analysis_id]

    def _called(self, what: str, repository: str) -> None:
        with self._lock:
            self.calls.append((what, repository))
            if self.faults.get(repository):
                raise self.faults[repository].pop(0)
