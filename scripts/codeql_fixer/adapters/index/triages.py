"""The rows of triages: what agents were asked about issues, and what they said."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from codeql_fixer.adapters.index.rows import micros, parse_time, text
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.triage import TRIAGE, KnownTriage, Triage, TriagedIssue, TriagedTry, TriageStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from codeql_fixer.adapters.index.rows import Row
    from codeql_fixer.domain.triage import TriageOutcome

NOWHERE = ""  # the repository of a claim that fixes nothing


def add_triage(
    queries: Any,  # noqa: ANN401 - aiosql makes its methods from a file
    connection: Any,  # noqa: ANN401 - drivers have no common type
    record: Triage | TriageOutcome,
    *,
    named: Callable[[str], str],
) -> None:
    """Add one of the two records, in whatever order they come; `named` leads to the one name of a repository."""
    if isinstance(record, Triage):
        _add_claim(queries, connection, record)
        rows = [
            {
                "triage_id": record.id,
                "repository": named(asked.target_repo),
                "fingerprint": asked.fingerprint,
                "formula": asked.score,
            }
            for asked in record.issues
        ]
        queries.add_triage_issues(connection, rows)
        return
    queries.add_triage_outcome(
        connection, id=record.id, status=record.status.value, ended_at=micros(record.recorded_at)
    )
    if record.scores:
        scores = [
            {"triage_id": record.id, "fingerprint": one.fingerprint, "points": one.score, "reason": text(one.reason)}
            for one in record.scores
        ]
        queries.add_triage_scores(connection, scores)


def _add_claim(queries: Any, connection: Any, record: Triage) -> None:  # noqa: ANN401 - as above
    queries.add_triage(connection, id=record.id)
    queries.add_intent(
        connection,
        intent_id=record.id,
        repository=NOWHERE,
        agent=record.agent,
        attempt=1,
        claimed_at=micros(record.recorded_at),
        account=text(record.account),
        act_before=micros(record.act_before),
        family=TRIAGE,
        max_acu=record.max_acu,
        batch_id="",
        parent="",
        prompt="",
        playbook="",
    )


class TriageQuestions(ABC):
    """The part of an index that answers ports/triages.py."""

    @abstractmethod
    def _ask(self, query: str, **parameters: object) -> list[Row]: ...

    @abstractmethod
    def _named(self, repository: str) -> str: ...

    def triages(self, since: datetime) -> list[KnownTriage]:
        """Triages claimed since a moment, and earlier ones that are open."""
        return [_known(row) for row in self._ask("triages", since=micros(since))]

    def asked_in_triage(self, triage_id: str) -> tuple[str, ...]:
        """The fingerprints that one was about."""
        return tuple(str(name) for (name,) in self._ask("asked_in_triage", id=triage_id))

    def triaged_issues(self, since: datetime) -> list[TriagedIssue]:
        """Open issues that an agent said something about since a moment."""
        return [
            TriagedIssue(
                key=row[0],
                repository=row[1],
                fingerprint=row[2],
                points=row[3],
                reason=row[4],
                agent=row[5],
                at=parse_time(row[6]),
                formula=row[7],
            )
            for row in self._ask("triaged_issues", since=micros(since))
        ]

    def triaged_tries(self, since: datetime, fresh: timedelta, repository: str = "") -> list[TriagedTry]:
        """How attempts ended at issues that had been triaged."""
        rows = self._ask(
            "triaged_tries",
            since=micros(since),
            fresh=int(fresh.total_seconds() * 1_000_000),
            repository=self._named(repository),
        )
        return [TriagedTry(points, formula, bool(is_fixed)) for points, formula, is_fixed in rows]


def _known(row: Row) -> KnownTriage:
    return KnownTriage(
        id=row[0],
        agent=row[1],
        account=row[2],
        claimed_at=parse_time(row[3]),
        session_id=row[4],
        outcome=DispatchStatus(row[5]) if row[5] else None,
        problem=row[6],
        status=TriageStatus(row[7]) if row[7] else None,
    )
