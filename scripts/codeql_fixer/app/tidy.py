"""Tells people of pull requests of ours that nobody will merge as they are, and closes those that they want closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.author import Author
from codeql_fixer.app.indexed_issue import by_any_name
from codeql_fixer.app.planner import Planner
from codeql_fixer.app.watch_pulls import Sighting
from codeql_fixer.domain.cycle import PullRequestCondition, PullRequestState
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.errors import CodeqlFixerError
from codeql_fixer.policy.leftovers import IssueState, leftover
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.pull_requests import PullRequests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.domain.leftover import Leftover
    from codeql_fixer.ports.index import IssueRow

_MARKER = "cqf-closed"
_GONE = frozenset({Lifecycle.FIXED, Lifecycle.VERIFIED_FIXED})


class Tidied(Struct, frozen=True, kw_only=True):
    """What came of it: what people should know, and the pull requests that are still open."""

    warnings: tuple[str, ...]
    open: tuple[Sighting, ...]


class Tidier(Struct, frozen=True, kw_only=True):
    """Looks for leftovers.

    Args:
        index: knows their issues.
        planner: what the operator wants closed.
        pulls: where that is done. A comment has a marker and closing twice changes nothing, so both happen once.
        author: knows the time.
    """

    index: Index
    planner: Planner
    pulls: PullRequests
    author: Author

    def tidy(self, sightings: Sequence[Sighting]) -> Tidied:
        """Do it."""
        now = self.author.clock()
        linked = self.index.linked_claims() if sightings else {}
        claims = {claim.intent_id: claim for claim in self.index.claims(now)} if sightings else {}
        warnings, still_open = [], []
        for sighting in sightings:
            found = self._leftover(sighting, linked, claims=claims, now=now)
            said, is_closed = self._dealt_with(sighting, found) if found else ("", False)
            warnings += [said] if said else []
            still_open += [] if is_closed else [sighting]
        return Tidied(warnings=tuple(warnings), open=tuple(still_open))

    def _leftover(
        self,
        sighting: Sighting,
        linked: Mapping[tuple[str, int], tuple[str, ...]],
        *,
        claims: Mapping[str, Claim],
        now: datetime,
    ) -> Leftover | None:
        pull, repository = sighting.pull, sighting.pull.repository.lower()
        by_issue: dict[str, set[int]] = {}
        mine: set[str] = set()
        for (place, number), names in linked.items():
            for name in names:
                fingerprints = claims[name].fingerprints if place == repository and name in claims else ()
                mine |= set(fingerprints) if number == pull.number else set()
                for fingerprint in fingerprints:
                    by_issue.setdefault(fingerprint, set()).add(number)
        issues = [
            self._state(row, sighting, by_issue.get(name, ()))
            for name in sorted(mine)
            if (row := by_any_name(self.index.issues(name, repository)).get(name)) is not None
        ]
        return leftover(
            issues,
            is_conflicting=sighting.condition is PullRequestCondition.CONFLICTING,
            moved_at=pull.updated_at,
            now=now,
            stale_days=self.planner.registry.entry(repository).stale_pr_days,
        )

    def _state(self, row: IssueRow, sighting: Sighting, numbers: Iterable[int]) -> IssueState:
        """How one issue of a pull request stands."""
        pull = sighting.pull
        merged = [
            at
            for attempt in self.index.attempts_at(row.issue.key)
            for state, at in attempt.pull_requests
            if state is PullRequestState.MERGED
        ]
        opened = pull.created_at
        return IssueState(
            is_gone=row.lifecycle in _GONE,
            merged_since=opened is not None and any(at > opened for at in merged),
            newer=max((number for number in numbers if number > pull.number), default=0),
        )

    def _dealt_with(self, sighting: Sighting, found: Leftover) -> tuple[str, bool]:
        """What people should know, and whether the pull request was closed."""
        pull = sighting.pull
        name = f"pull request {pull.repository}#{pull.number}"
        said = f"{name} is {found.kind}: {found.reason}"
        if found.kind not in self.planner.registry.entry(pull.repository).closes:
            return said, False
        try:
            body = f"Closed by CodeQL Fixer: {found.reason}. Reopen it to keep it."
            self.pulls.comment(pull.repository, pull.number, marker=f"{_MARKER}-{found.kind}", body=body)
            self.pulls.close(pull.repository, pull.number)
        except CodeqlFixerError as error:
            return f"{said}; it could not be closed: {error}", False
        return f"{said}; it was closed", True
