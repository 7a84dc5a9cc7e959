"""Port of the fleet's queue: the open issues of all repositories in lines, and what decides who is next.

Issues of one standing, tier, family and recurrence differ in nothing but age, so they stand in one line, oldest first.
A plan reads the fronts of some lines and never walks through the others, however long they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from codeql_fixer.domain.severity import SeverityTier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.tracked import Attempt
    from codeql_fixer.ports.index import IssueRow, Pause


class Line(Struct, frozen=True, order=True):
    """Open issues that nothing but recurrence and age tells apart; `standing` is that of their repositories."""

    standing: str
    tier: SeverityTier
    family: str


class Stretch(Struct, frozen=True, kw_only=True):
    """Issues of a line that all score alike: seen `recurrence` times (6 stands for more), opened after `since`.

    `since` is None for no such bound; `until` is when they were opened at the latest.
    """

    line: Line
    recurrence: int
    until: datetime
    since: datetime | None = None


class Waiting(Struct, frozen=True):
    """One issue in a line: its key, its repository, and since when it is open."""

    key: int
    repository: str
    opened_at: datetime


class ScanState(Struct, frozen=True, kw_only=True):
    """The last scan of a repository's default branch, and the requests since then, oldest first."""

    last_at: datetime | None = None
    requests: tuple[datetime, ...] = ()


class FixCount(Struct, frozen=True):
    """How many attempts at issues of a family fixed them as scans prove, and how many turned out not to have."""

    fixed: int
    failed: int


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

    def waiting(self, stretch: Stretch, after: Waiting | None = None) -> list[Waiting]:
        """The next few issues of a stretch, oldest first, behind one of them or from its front; none at its end."""
        ...

    def open_of(self, repository: str, family: str, *, start: int, most: int) -> list[IssueRow]:
        """Open issues of a family that nobody works on, by tier and place, from the `start`th on."""
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

    def files_at_work(self) -> Mapping[str, frozenset[str]]:
        """The files that open sessions work on, by repository."""
        ...

    def open_counts(self) -> Mapping[str, Mapping[SeverityTier, int]]:
        """How many issues are not proved to be gone, by repository and tier."""
        ...

    def fix_counts(self) -> Mapping[str, FixCount]:
        """How attempts ended, by family."""
        ...
