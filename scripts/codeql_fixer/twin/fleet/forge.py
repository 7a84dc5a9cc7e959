"""Plays the host: pull requests that people merge or close after a while, and workflows that scan."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.errors import RateLimitedError, UserError
from codeql_fixer.ports.forge import PullRequest
from codeql_fixer.ports.hosting import HostedRepository
from codeql_fixer.twin.fleet.luck import hours_about

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from codeql_fixer.ports.hosting import Analysis, Workflow, WorkflowRun
    from codeql_fixer.twin.fleet.scanner import FleetScans
    from codeql_fixer.twin.fleet.world import World

_BRANCH = "main"
_HEAD = "codeql-fixer/"
_COMMITS_PER_DAY = 4  # of a repository; only adaptive scanning asks


class FleetHost:
    """The host of a world's repositories.

    Args:
        world: what is hosted.
        scans: what its workflow starts.
    """

    def __init__(self, world: World, scans: FleetScans) -> None:
        self._world, self._scans = world, scans
        self._numbers: Counter[str] = Counter()
        self._pulls: dict[tuple[str, int], PullRequest] = {}

    def propose(self, name: str, intent_id: str, fixes: frozenset[str]) -> str:
        """Open the pull request of a session; returns its address.

        Args:
            name: of the repository.
            intent_id: what the session was for; people's verdict hangs on it.
            fixes: the findings that it removes when it is merged.
        """
        world, key = self._world, name.lower()
        self._numbers[key] += 1
        pull = PullRequest(
            repository=name,
            number=self._numbers[key],
            url=f"https://github.com/{name}/pull/{self._numbers[key]}",
            state=PullRequestState.OPEN,
            head=f"{_HEAD}{intent_id}",
            base=_BRANCH,
            title="Fix findings",
            created_at=world.now,
            updated_at=world.now,
        )
        self._pulls[key, pull.number] = pull
        stream = world.luck.stream("review", intent_id)
        after = hours_about(stream, world.assumptions.review_hours, world.assumptions.review_spread)
        is_good = stream.random() < world.assumptions.merge_probability
        world.at(world.now + after, lambda: self._decide(pull, fixes, is_good=is_good))
        return pull.url

    def open_pull_requests(self) -> list[PullRequest]:
        """Those that nobody has decided about."""
        return [pull for pull in self._pulls.values() if pull.state is PullRequestState.OPEN]

    def _decide(self, pull: PullRequest, fixes: frozenset[str], *, is_good: bool) -> None:
        world, key = self._world, pull.repository.lower()
        state = PullRequestState.MERGED if is_good else PullRequestState.CLOSED
        merged_at = world.now if is_good else None
        self._pulls[key, pull.number] = replace(pull, state=state, updated_at=world.now, merged_at=merged_at)
        if is_good:
            world.repositories[key].fix(fixes)

    def repository(self, name: str) -> HostedRepository:
        """One repository."""
        self._answer()
        return HostedRepository(name=self._world.repositories[name.lower()].name, default_branch=_BRANCH)

    def repositories(self, owner: str) -> Iterator[HostedRepository]:
        """All of an owner."""
        self._answer()
        names = [one.name for key, one in self._world.repositories.items() if key.startswith(f"{owner.lower()}/")]
        return iter([HostedRepository(name=name, default_branch=_BRANCH) for name in names])

    def commits_since(self, name: str, since: datetime, branch: str) -> int:
        """As many as the assumed rate makes."""
        del name, branch
        self._answer()
        return round((self._world.now - since).total_seconds() / 86400 * _COMMITS_PER_DAY)

    def trigger(self, workflow: Workflow, inputs: Mapping[str, str]) -> str:
        """Have a repository scanned."""
        del workflow
        self._answer()
        self._scans.trigger(inputs["target_repo"])
        return ""

    def runs(self, workflow: Workflow, *, since: datetime) -> Iterator[WorkflowRun]:
        """None is told."""
        del workflow, since
        self._answer()
        return iter(())

    def pull_requests(self, name: str, *, head_prefix: str, since: datetime) -> Iterator[PullRequest]:
        """Pull requests that changed since then, the one that changed last first."""
        self._answer()
        key = name.lower()
        mine = (self._pulls[key, number] for number in range(1, self._numbers[key] + 1))
        found = [pull for pull in mine if pull.head.startswith(head_prefix) and (pull.updated_at or since) >= since]
        return iter(sorted(found, key=lambda pull: pull.updated_at or since, reverse=True))

    def pull_request(self, name: str, number: int) -> PullRequest:
        """One pull request."""
        self._answer()
        pull = self._pulls.get((name.lower(), number))
        if pull is None:
            raise UserError(f"{name}#{number}: there is no such pull request")
        return pull

    def newest_analyses(self, name: str, ref: str) -> list[Analysis]:
        """None: scans that the host has are taken in as records."""
        del name, ref
        self._answer()
        return []

    def sarif(self, name: str, analysis_id: int) -> bytes:
        """None."""
        raise UserError(f"{name}: there is no analysis {analysis_id}")

    def _answer(self) -> None:
        if self._world.is_out("host"):
            raise RateLimitedError("the host takes no more calls for now")
