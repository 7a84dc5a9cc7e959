"""Between values and rows: times are microseconds since 1970, lists are words separated by blanks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from codeql_fixer.domain.claim import Claim
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.merged_fix import MergedFix
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Attempt, Lifecycle, TrackedIssue, Tracking
from codeql_fixer.policy.comparability import is_tracked
from codeql_fixer.policy.languages import language_of
from codeql_fixer.policy.ledger_paths import path_of
from codeql_fixer.ports.index import IssueRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.domain.scan_run import ScanRun

Row = tuple[Any, ...]  # of a database: its driver knows no types

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_TRACKED_COLUMNS, _ISSUE_COLUMNS = 28, 31  # of the view tracked_issues: what is tracked, and all of it


def micros(time: datetime | None) -> int | None:
    """A time as the tables have it."""
    return None if time is None else (time - _EPOCH) // _MICROSECOND


def time_of(value: int | None) -> datetime | None:
    """A time of the tables."""
    return None if value is None else parse_time(value)


def parse_time(value: int) -> datetime:
    """A time of a column that is never empty."""
    return _EPOCH + timedelta(microseconds=value)


def text(value: str) -> str:
    """Text that every database can keep: Postgres knows no NUL."""
    return value.replace("\0", "") if "\0" in value else value


def issue_row(
    issue: TrackedIssue, lifecycle: Lifecycle, reason: str, *, repository: tuple[int, str]
) -> dict[str, object]:
    """The columns of an issue; `repository` is its number and its standing."""
    repository_id, standing = repository
    return {
        "id": issue.key,
        "repository_id": repository_id,
        "lifecycle": lifecycle.value,
        "reason": reason,
        "fingerprint": issue.fingerprint,
        "fingerprint_version": issue.fingerprint_version,
        "tracking": issue.tracking.value,
        "rule_id": text(issue.rule_id),
        "family": text(issue.family),
        "tier": issue.tier.value,
        "score": issue.score,
        "file": text(issue.file),
        "start_line": issue.start_line,
        "message": text(issue.message),
        "evidence": issue.evidence.value,
        "occurrence": issue.occurrence,
        "tool": text(issue.tool),
        "category": text(issue.category),
        "first_seen_at": micros(issue.first_seen_at),
        "first_run": issue.first_run,
        "last_seen_at": micros(issue.last_seen_at),
        "last_run": issue.last_run,
        "appearances": issue.appearances,
        "opened_at": micros(issue.opened_at),
        "aliases": " ".join(issue.aliases),
        "fixed_at": micros(issue.fixed_at),
        "fixed_run": issue.fixed_run,
        "doubt": issue.doubt,
        "renamed_to": issue.renamed_to,
        "regressions": issue.regressions,
        "reach": issue.reach,
        "standing": standing,
        "language": language_of(issue.file),
    }


def parse_issue(row: Row) -> TrackedIssue:
    """The issue of a row that begins with the columns of `tracked_issues`."""
    return TrackedIssue(
        fingerprint=row[0],
        fingerprint_version=row[1],
        tracking=Tracking(row[2]),
        rule_id=row[3],
        family=row[4],
        tier=SeverityTier(row[5]),
        score=row[6],
        file=row[7],
        start_line=row[8],
        message=row[9],
        evidence=Evidence(row[10]),
        occurrence=row[11],
        tool=row[12],
        category=row[13],
        first_seen_at=parse_time(row[14]),
        first_run=row[15],
        last_seen_at=parse_time(row[16]),
        last_run=row[17],
        appearances=row[18],
        opened_at=parse_time(row[19]),
        aliases=tuple(row[20].split()),
        fixed_at=time_of(row[21]),
        fixed_run=row[22],
        doubt=row[23],
        renamed_to=row[24],
        regressions=row[25],
        reach=row[26],
        key=row[27],
    )


def parse_issue_row(row: Row) -> IssueRow:
    """The issue of a row of `issues_by_id`, with its state."""
    name, lifecycle, reason, until = row[_TRACKED_COLUMNS:]
    return IssueRow(name, parse_issue(row), Lifecycle(lifecycle), reason, time_of(until))


def run_row(run: ScanRun, *, key: int, repository_id: int) -> dict[str, object]:
    """The columns of a scan run."""
    tools = " ".join(sorted({scan.tool for scan in run.scans}))
    return {
        "id": key,
        "record_id": path_of(run),
        "repository_id": repository_id,
        "recorded_at": micros(run.recorded_at),
        "run_id": run.run_id,
        "run_url": text(run.run_url),
        "scope": run.scope.value,
        "is_tracked": int(is_tracked(run)),
        "commit_id": text(run.commit),
        "tools": text(tools),
        "issues": len(run.issues),
    }


def parse_claims(rows: Iterable[Row]) -> list[Claim]:
    """Claims, from rows of `claims`: one for each of their issues, those of a claim together."""
    return [_claim([*found]) for _, found in groupby(rows, key=itemgetter(0))]


def _claim(rows: list[Row]) -> Claim:
    row = rows[0]
    return Claim(
        intent_id=row[0],
        repository=row[1],
        fingerprints=tuple(each[-1] for each in rows if each[-1] is not None),
        agent=row[2],
        attempt=row[3],
        claimed_at=parse_time(row[4]),
        act_before=time_of(row[5]),
        family=row[6],
        max_acu=row[7],
        outcome=DispatchStatus(row[8]) if row[8] else None,
        session_id=row[9],
        session=SessionState(row[10]) if row[10] else None,
        acu_used=row[11],
        account=row[12],
        batch_id=row[13],
    )


def parse_attempts(rows: Iterable[Row]) -> dict[str, tuple[Attempt, ...]]:
    """Attempts by fingerprint, from rows of `attempts_of`: one for each attempt and pull request."""
    pulls: dict[tuple[str, str], list[tuple[PullRequestState, datetime]]] = {}
    reverted: dict[tuple[str, str], datetime] = {}
    heads: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row[0], row[1])
        heads.setdefault(key, row)
        found = pulls.setdefault(key, [])
        if row[6] is not None and row[13] is not None:
            found.append((PullRequestState.CLOSED, parse_time(row[13])))  # nothing of it is left
            reverted[key] = max(parse_time(row[13]), reverted.get(key, _EPOCH))
        elif row[6] is not None:
            found.append((PullRequestState(row[6]), parse_time(row[8] if row[7] is None else row[7])))
    by_issue: dict[str, list[Attempt]] = {}
    for (fingerprint, intent_id), row in heads.items():
        outcome = DispatchStatus(row[3]) if row[3] else None
        session = SessionState(row[5]) if row[5] else None
        by_issue.setdefault(fingerprint, []).append(
            Attempt(
                intent_id,
                parse_time(row[2]),
                outcome,
                session,
                tuple(pulls[fingerprint, intent_id]),
                number=row[9],
                agent=row[10],
                session_at=time_of(row[11]),
                detail=row[12] or "",
                reverted_at=reverted.get((fingerprint, intent_id)),
                asked=row[14] or "",
                is_ours=bool(row[15]),
            )
        )
    return {fingerprint: tuple(attempts) for fingerprint, attempts in by_issue.items()}


def parse_merged_fix(row: Row) -> MergedFix:
    """The fix of a row of `unproved`."""
    repository, number, url, merged_at, intent_id, session_id, fingerprint = row[_ISSUE_COLUMNS:]
    return MergedFix(
        repository=repository,
        number=number,
        url=url,
        merged_at=parse_time(merged_at),
        intent_id=intent_id,
        session_id=session_id or "",
        fingerprint=fingerprint,
        issue=parse_issue(row),
    )
