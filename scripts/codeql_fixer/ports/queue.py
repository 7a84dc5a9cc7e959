"""Port of the fleet's queue: who is next of all open issues, and what else a plan asks.

A plan reads the fronts of some lines (domain/queue.py) and never walks through the others, however long they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from codeql_fixer.domain.queue import Line, ScanState, SessionEnd, Stretch, Waiting
    from codeql_fixer.domain.severity import SeverityTier
    from codeql_fixer.domain.tracked import Attempt
    from codeql_fixer.ports.index import IssueRow, Pause


class Queue(Protocol):
    """Answers what a plan for the fleet asks. Names of repositories have small letters."""

    def standings(self) -> Mapping[str, str]:
        """What every known repository is worth, in words of policy/ranking.py only; "" leaves it out of all lines."""
        ...

    def set_standings(self, standings: Mapping[str, str]) -> None:
        """Change what repositories are worth; costs as much as they have issues."""
        ...

    def lines(self) -> list[Line]:
        """All lines that somebody stands in, in order."""
        ...

    def waiting(self, stretch: Stretch, after: Waiting | None = None, *, repository: str = "") -> list[Waiting]:
        """The next few issues of a stretch, oldest first, behind one of them or from its front; none at its end.

        Of all repositories or of one, for which nobody walks past the others.
        """
        ...

    def open_of(self, repository: str, family: str, *, start: int, most: int) -> list[IssueRow]:
        """Open issues of a family that nobody works on, by tier, age and place, from the `start`th on.

        By age before place: else one that is last in the alphabet waits for ever behind new ones.
        """
        ...

    def attempts_at(self, key: int) -> tuple[Attempt, ...]:
        """What was tried for an issue, in the order of the claims."""
        ...

    def pauses(self) -> Mapping[str, Pause]:
        """What holds which repository."""
        ...

    def scans(self) -> Mapping[str, ScanState]:
        """When repositories were scanned, and what was asked for since."""
        ...

    def open_pull_requests(self) -> Mapping[str, int]:
        """How many pull requests of ours are open, by repository."""
        ...

    def open_pull_requests_by_claim(self) -> Mapping[str, int]:
        """The same by intent id."""
        ...

    def session_ends(self, since: datetime, family: str = "") -> Mapping[str, tuple[SessionEnd, ...]]:
        """How sessions ended that were claimed since a moment, by family and in the order of their ends.

        Args:
            since: the moment.
            family: only this one, "" for all.
        """
        ...

    def session_durations(self, since: datetime) -> Mapping[str, tuple[timedelta, ...]]:
        """How long sessions took from their claim to when somebody saw their end, by family."""
        ...

    def files_of(self, repository: str, fingerprint: str) -> frozenset[str]:
        """The file of an issue, by any of its names; none for one that is in no file."""
        ...

    def open_counts(self, now: datetime) -> Mapping[str, Mapping[SeverityTier, int]]:
        """How many issues are neither proved to be gone nor dismissed, by repository and tier."""
        ...

    def baselines(self) -> Mapping[str, int]:
        """How many issues each objective was about when it was first seen, by its definition."""
        ...
