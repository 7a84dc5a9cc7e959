"""Index: what the ledger says, ready to be asked. Built from the ledger only; it can be thrown away at any time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Lifecycle, TrackedIssue
from codeql_fixer.ports.follow_ups import FollowUps
from codeql_fixer.ports.learning import Learning
from codeql_fixer.ports.outbox import Outbox
from codeql_fixer.ports.proofs import Proofs
from codeql_fixer.ports.queue import Queue
from codeql_fixer.ports.triages import Triages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.domain.tracked import Attempt
    from codeql_fixer.policy.sla import SlaLimits
    from codeql_fixer.policy.tracking import Sighting
    from codeql_fixer.ports.ledger import Damaged


class Position(Struct, frozen=True):
    """The state of the ledger that is reflected: its tip, and what waited in its inbox (`Changes.waiting`)."""

    tip: str = ""
    waiting: tuple[str, ...] = ()


class Pause(Struct, frozen=True):
    """A repository is held: why, and since when."""

    reason: str
    at: datetime


class IssueRow(Struct, frozen=True):
    """An issue with its state. `dismissed_until` is None when it is not dismissed; far away when that has no end."""

    repository: str
    issue: TrackedIssue
    lifecycle: Lifecycle
    reason: str
    dismissed_until: datetime | None = None


class StatusRow(Struct, frozen=True):
    """How many issues of a repository and tier are in a state, and how many of those stand how against their deadline.

    `in_doubt` counts open ones that the last scan did not report without proving that they are gone.
    """

    repository: str
    tier: SeverityTier
    lifecycle: Lifecycle
    issues: int
    in_doubt: int
    at_risk: int
    breached: int
    met: int


class RepositoryRow(Struct, frozen=True):
    """A repository and its last scan of the default branch; `runs` counts all scans."""

    name: str
    runs: int
    last_run: str
    last_run_at: datetime | None


class Event(Struct, frozen=True):
    """One line of an issue's life."""

    at: datetime
    kind: str
    text: str
    source: str


class IndexWriter(Protocol):
    """One transaction: all of it, or nothing."""

    def known_runs(self, repository: str) -> frozenset[str]:
        """Paths of the scan runs that were taken in."""
        ...

    def last_order(self, repository: str) -> tuple[datetime, str] | None:
        """The place in time of the last of them (policy/tracking.py), None when there is none."""
        ...

    def issues_of(self, repository: str) -> list[TrackedIssue]:
        """All issues of a repository."""
        ...

    def forget(self, repository: str) -> None:
        """Take away scan runs, issues and appearances of a repository, to count again."""
        ...

    def save_issues(self, repository: str, issues: Sequence[tuple[TrackedIssue, Lifecycle, str]]) -> None:
        """Insert or replace issues, each with its state and the reason for it; new ones get their key."""
        ...

    def add_runs(self, repository: str, runs: Sequence[tuple[ScanRun, Sequence[Sighting]]]) -> None:
        """Add scan runs and what each saw; the issues are saved already."""
        ...

    def add_fact(self, record: AnyRecord) -> frozenset[str]:
        """Add a record that is no scan run, once; returns the repositories whose issues it may concern."""
        ...

    def attempts_of(self, repository: str) -> Mapping[str, tuple[Attempt, ...]]:
        """What was tried, in the order of the claims, by the fingerprint that the records used."""
        ...

    def save_lifecycles(self, rows: Iterable[tuple[int, Lifecycle, str]]) -> None:
        """Keep the states of issues: key, state, reason."""
        ...

    def add_damage(self, damages: Iterable[tuple[Damaged, str]]) -> None:
        """Note what could not be read, with its repository ("" when unknown)."""
        ...

    def forget_damage(self, paths: Iterable[str] | None) -> None:
        """Forget what was noted about some paths, or with None about all."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...

    def set_position(self, position: Position) -> None:
        """Remember the state of the ledger that is now reflected; the last call in a transaction."""
        ...


class Index(Queue, Outbox, Proofs, FollowUps, Learning, Triages, Protocol):
    """Answers questions about the fleet. Names of repositories are owner/name in any spelling.

    What the ledger has under one of `names` counts for the repository that this leads to: forks that are scanned in its
    place, and earlier names. All are in lower case.

    Raises:
        UserError: the database cannot be opened or is of a newer version.
    """

    names: Mapping[str, str]

    def position(self) -> Position:
        """The state of the ledger that is reflected; none when the names were other ones."""
        ...

    def writing(self) -> AbstractContextManager[IndexWriter]:
        """A transaction; writers take turns."""
        ...

    def repositories(self, repository: str = "") -> list[RepositoryRow]:
        """All repositories or one, by name."""
        ...

    def status(self, now: datetime, limits: Sequence[SlaLimits], repository: str = "") -> list[StatusRow]:
        """Counts by repository, tier and state, of everything or of one repository."""
        ...

    def issues(self, fingerprint: str, repository: str = "") -> list[IssueRow]:
        """The issues with a fingerprint or a start of one, also an earlier one that they were known under."""
        ...

    def issues_in(self, repository: str) -> list[IssueRow]:
        """All issues of a repository, also those that are gone, by one question."""
        ...

    def search(self, words: str, *, limit: int = 50) -> list[IssueRow]:
        """Issues whose rule, file or message has all these words, or words that start so."""
        ...

    def history(self, key: int) -> list[Event]:
        """The life of an issue, oldest first."""
        ...

    def attempts(self, repository: str) -> Mapping[str, tuple[Attempt, ...]]:
        """What was tried, in the order of the claims, by the fingerprint that the records used."""
        ...

    def claims(self, since: datetime) -> list[Claim]:
        """All claims since a moment, and earlier ones that are not settled, are at work or have pull requests open."""
        ...

    def acu_of(self, family: str) -> tuple[float, ...]:
        """Agent compute units that the latest sessions for a family took which are not at work, least first."""
        ...

    def pause_of(self, repository: str) -> Pause | None:
        """Why nothing is dispatched for a repository until a person says otherwise; None when nothing holds it."""
        ...

    def damages(self) -> list[Damaged]:
        """What of the ledger could not be read."""
        ...
