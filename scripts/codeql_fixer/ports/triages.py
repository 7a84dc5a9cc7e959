"""Port of triage: what agents were asked about issues, what they said, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from codeql_fixer.domain.triage import KnownTriage, TriagedIssue, TriagedTry


class Triages(Protocol):
    """Answers what triage asks. Names of repositories are owner/name in any spelling, "" for all."""

    def triages(self, since: datetime) -> list[KnownTriage]:
        """Triages claimed since a moment, and earlier ones that are open, in the order of their claims."""
        ...

    def asked_in_triage(self, triage_id: str) -> tuple[str, ...]:
        """The fingerprints that a triage was about."""
        ...

    def triaged_issues(self, since: datetime) -> list[TriagedIssue]:
        """Open issues that an agent gave a score to since a moment, each with the last one."""
        ...

    def triaged_tries(self, since: datetime, fresh: timedelta, repository: str = "") -> list[TriagedTry]:
        """Attempts claimed since a moment that are over, at issues that had a triage younger than `fresh` by then."""
        ...
