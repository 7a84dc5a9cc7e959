"""An issue as the index remembers it, in the form in which batches and prompts want it: without code and data flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.finding import NO_FINGERPRINTS, Finding, Location, Rule, Scan
from codeql_fixer.domain.issue import Identity, Issue
from codeql_fixer.domain.severity import Level, Severity
from codeql_fixer.domain.tracked import Tracking
from codeql_fixer.policy.tracking import earlier_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.domain.tracked import TrackedIssue
    from codeql_fixer.ports.index import IssueRow

_SHOWN = 12


def id_of(tracked: TrackedIssue) -> str:
    """What people call it."""
    return f"CQLF-{tracked.fingerprint[:_SHOWN]}"


def by_any_name(rows: Iterable[IssueRow]) -> dict[str, IssueRow]:
    """Issues by every name under which records and scans know them; a name that was given up leads to the living issue.

    Where several share an earlier name, one that is open comes first: what is there outweighs what is gone.
    """
    living = [row for row in rows if row.issue.tracking is not Tracking.RENAMED]
    found = {row.issue.fingerprint: row for row in living}
    for row in sorted(living, key=lambda row: not row.issue.tracking.is_open):
        for name in earlier_names(row.issue):
            found.setdefault(name, row)
    return found


def issue_of(tracked: TrackedIssue) -> Issue:
    """The issue; what an agent needs beyond it is in the repository."""
    location = Location(tracked.file, start_line=tracked.start_line)
    finding = Finding(
        rule=Rule(tracked.rule_id, security_severity=tracked.score),
        scan=Scan(source=tracked.last_run, tool=tracked.tool, category=tracked.category),
        level=Level.WARNING,
        message=tracked.message,
        locations=(location,) if tracked.file else (),
        tool_fingerprints=NO_FINGERPRINTS,
        family=tracked.family,
    )
    return Issue(
        id=id_of(tracked),
        identity=Identity(tracked.fingerprint, tracked.evidence, tracked.occurrence),
        finding=finding,
        repeats=(),
        severity=Severity(tracked.score or 0.0, tracked.tier),
        family=tracked.family,
    )
