"""issues.json and batches.json as they are on disk (telemetry/README.md).

An issue stands in three files. What run.json says of it comes first in all of them, so it is encoded once; the
other two add details.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct

from codeql_fixer.domain.finding import Location, Rule, Trace
from codeql_fixer.domain.severity import SeverityTier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.batch import Batch, LeftOut
    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.domain.scan_run import ScanRun

DOCUMENT_VERSION = 1
_encode = msgspec.json.Encoder().encode


class IssueDetails(Struct, frozen=True, gc=False, omit_defaults=True):
    """What issues.json and batches.json say of an issue beyond its record; `trace` is in batches.json only."""

    rule_name: str
    level: str
    locations: tuple[Location, ...]
    tool: str
    tool_version: str
    category: str
    partial_fingerprints: dict[str, str]
    repeats: int = 0
    trace: Trace | None = None


class IssuesFile(Struct, frozen=True, kw_only=True):
    """issues.json; what issues of one rule share stands once, under `rules`."""

    schema_version: int
    fingerprint_version: int
    target_repo: str
    run_id: str
    rules: tuple[Rule, ...]
    issues: tuple[Raw, ...] = ()


class BatchDocument(Struct, frozen=True):
    """One batch with everything that a session needs to know about its issues."""

    batch_id: str
    cwe_family: str
    severity_tier: SeverityTier
    max_severity_score: float
    issue_count: int
    file_count: int
    files: tuple[str, ...]
    issue_ids: tuple[str, ...]
    fingerprints: tuple[str, ...]
    issues: tuple[Raw, ...]


class LeftOutDocument(Struct, frozen=True):
    """Issues that are in no batch, and why."""

    reason: str
    cwe_family: str
    issue_count: int
    issue_ids: tuple[str, ...]


class BatchesFile(Struct, frozen=True, kw_only=True):
    """batches.json."""

    schema_version: int
    target_repo: str
    run_id: str
    batches: tuple[BatchDocument, ...]
    left_out: tuple[LeftOutDocument, ...] = ()


def issues_file(work: FixWork, run: ScanRun) -> IssuesFile:
    """The head of issues.json, with an empty list of issues. Tools may give one rule id two meanings: both stay."""
    rules = {id(issue.finding.rule): issue.finding.rule for issue in work.issues}
    return IssuesFile(
        schema_version=DOCUMENT_VERSION,
        fingerprint_version=run.fingerprint_version,
        target_repo=run.target_repo,
        run_id=run.run_id,
        rules=tuple(sorted(dict.fromkeys(rules.values()), key=lambda rule: rule.id)),
    )


def batches_file(work: FixWork, run: ScanRun, records: Mapping[str, bytes]) -> BatchesFile:
    """batches.json with an empty list of what was left out; `records` holds the records of batched issues by id."""
    return BatchesFile(
        schema_version=DOCUMENT_VERSION,
        target_repo=run.target_repo,
        run_id=run.run_id,
        batches=tuple(_batch(batch, records) for batch in work.batching.batches),
    )


def left_out_entry(group: LeftOut) -> bytes:
    """The JSON of a group that is in no batch."""
    ids = tuple(issue.id for issue in group.issues)
    return _encode(LeftOutDocument(group.reason, group.family, len(ids), ids))


def issue_entry(record: bytes, issue: Issue, trace: Trace | None = None) -> bytes:
    """An issue's JSON: the members of its encoded record, then its details."""
    finding = issue.finding
    scan = finding.scan
    details = IssueDetails(
        finding.rule.name,
        finding.level,
        finding.locations,
        scan.tool,
        scan.tool_version,
        scan.category,
        finding.tool_fingerprints.as_dict(),
        len(issue.repeats),
        trace,
    )
    return record[:-1] + b"," + _encode(details)[1:]


def _batch(batch: Batch, records: Mapping[str, bytes]) -> BatchDocument:
    files = tuple(dict.fromkeys(issue.finding.file for issue in batch.issues if issue.finding.file))
    return BatchDocument(
        batch_id=batch.id,
        cwe_family=batch.family,
        severity_tier=batch.severity.tier,
        max_severity_score=batch.severity.score,
        issue_count=len(batch.issues),
        file_count=len(files),
        files=files,
        issue_ids=tuple(issue.id for issue in batch.issues),
        fingerprints=tuple(issue.identity.fingerprint for issue in batch.issues),
        issues=tuple(Raw(issue_entry(records[issue.id], issue, issue.trace())) for issue in batch.issues),
    )
