"""Makes the scan-run record out of prepared fix work."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.scan_run import (
    SCHEMA_VERSION,
    FilterRecord,
    IssueRecord,
    ScanRun,
    ScanScope,
    ScanSummary,
    SetAsidePlace,
)
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.identity import FINGERPRINT_VERSION, legacy_fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.issue import Issue

_MAX_MESSAGE = 2000
_LABEL_TIME = "%Y-%m-%d-%H%M%S"


class RunFacts(Struct, frozen=True, kw_only=True):
    """What is known about the run itself; `commit` and `ref` are the target's, "" when they are not known.

    `scanned_repo` is the fork that was scanned in the target's place, "" for the target itself.
    """

    target_repo: str
    run_id: str
    mode: Mode
    started_at: datetime
    producer: Producer
    filters: FilterOptions
    run_url: str = ""
    scanned_repo: str = ""
    commit: str = ""
    ref: str = ""
    scope: ScanScope = ScanScope.UNKNOWN

    @property
    def label(self) -> str:
        """The run's name for people and folders, with the time in UTC."""
        return f"run-{self.run_id}-{self.started_at.strftime(_LABEL_TIME)}"


def scan_run_of(
    work: FixWork, facts: RunFacts, extra_warnings: tuple[str, ...] = (), *, reach: Mapping[str, float] | None = None
) -> ScanRun:
    """The record of this run, without its issues, which `issue_records` makes one at a time.

    `extra_warnings` come before those of the reading; `reach` is what app/reach.py measured.
    """
    revisions = {scan.revision for scan in work.reading.scans if scan.revision}
    return ScanRun(
        schema_version=SCHEMA_VERSION,
        kind="scan_run",
        id=f"scan_run/{facts.target_repo}/{facts.run_id}",
        recorded_at=facts.started_at,
        producer=facts.producer,
        target_repo=facts.target_repo,
        scanned_repo=facts.scanned_repo,
        run_id=facts.run_id,
        run_label=facts.label,
        run_url=facts.run_url,
        mode=facts.mode,
        commit=facts.commit or (revisions.pop() if len(revisions) == 1 else ""),
        ref=facts.ref,
        scope=facts.scope,
        fingerprint_version=FINGERPRINT_VERSION,
        scans=tuple(msgspec.convert(scan, ScanSummary, from_attributes=True) for scan in work.reading.scans),
        filters=FilterRecord(
            severity_threshold=facts.filters.threshold,
            include_paths=facts.filters.include_paths,
            exclude_paths=facts.filters.exclude_paths,
            languages=tuple(sorted(facts.filters.languages)),
        ),
        counts=work.counts,
        exclusions=work.exclusions,
        severity_breakdown=dict(Counter(issue.severity.tier.value for issue in work.issues)),
        category_breakdown=dict(Counter(issue.family for issue in work.issues).most_common()),
        warnings=(*extra_warnings, *work.reading.warnings),
        set_aside=tuple(SetAsidePlace(*place) for place in work.set_aside),
        issues=(),
        reach=dict(reach or {}),
    )


def issue_records(work: FixWork) -> Iterator[IssueRecord]:
    """The records of all issues, most severe first."""
    batch_ids = {issue.id: batch.id for batch in work.batching.batches for issue in batch.issues}
    scans = {id(scan): position for position, scan in enumerate(work.reading.scans)}
    return (
        _issue_record(issue, batch_ids.get(issue.id, ""), scans.get(id(issue.finding.scan), 0)) for issue in work.issues
    )


def _issue_record(issue: Issue, batch_id: str, scan: int) -> IssueRecord:
    finding, identity, severity = issue.finding, issue.identity, issue.severity
    rule = finding.rule
    return IssueRecord(
        issue.id,
        identity.fingerprint,
        identity.evidence,
        identity.occurrence,
        (legacy_fingerprint(finding),),
        rule.id,
        severity.tier,
        severity.score,
        rule.cwe_names,
        issue.family,
        finding.file,
        finding.start_line,
        finding.text[:_MAX_MESSAGE],
        batch_id,
        scan,
    )
