"""issues.json and batches.json as they are on disk (telemetry/README.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.artifacts.stream import stream_list
from codeql_fixer.domain.finding import Location, Rule, Trace
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.identity import FINGERPRINT_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.domain.batch import Batch, LeftOut
    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.issue import Issue

DOCUMENT_VERSION = 1


class IssueDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """One issue; what it shares with others of its rule stands once, under `rules`."""

    id: str
    fingerprint: str
    evidence: Evidence
    occurrence: int
    rule_id: str
    rule_name: str
    severity_tier: SeverityTier
    severity_score: float
    level: str
    cwes: tuple[str, ...]
    cwe_family: str
    message: str
    locations: tuple[Location, ...]
    batch_id: str
    tool: str
    tool_version: str
    category: str
    partial_fingerprints: dict[str, str]
    repeats: int = 0
    trace: Trace | None = None


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
    issues: tuple[IssueDocument, ...]


class LeftOutDocument(Struct, frozen=True):
    """Issues that are in no batch, and why."""

    reason: str
    cwe_family: str
    issue_count: int
    issue_ids: tuple[str, ...]


class IssuesFile(Struct, frozen=True, kw_only=True):
    """issues.json."""

    schema_version: int
    fingerprint_version: int
    target_repo: str
    run_id: str
    rules: tuple[Rule, ...]
    issues: tuple[IssueDocument, ...]


class BatchesFile(Struct, frozen=True, kw_only=True):
    """batches.json."""

    schema_version: int
    target_repo: str
    run_id: str
    batches: tuple[BatchDocument, ...]
    left_out: tuple[LeftOutDocument, ...]


def issues_file(work: FixWork, *, target_repo: str, run_id: str) -> Iterator[bytes]:
    """issues.json piece by piece, most severe first: the whole of a large one would double the memory needed."""
    rules = {rule.id: rule for rule in (issue.finding.rule for issue in work.issues)}
    head = IssuesFile(
        schema_version=DOCUMENT_VERSION,
        fingerprint_version=FINGERPRINT_VERSION,
        target_repo=target_repo,
        run_id=run_id,
        rules=tuple(rules[rule_id] for rule_id in sorted(rules)),
        issues=(),
    )
    batch_ids = {issue.id: batch.id for batch in work.batching.batches for issue in batch.issues}
    documents = (_issue(issue, batch_ids.get(issue.id, "")) for issue in work.issues)
    return stream_list(head, documents)


def batches_file(work: FixWork, *, target_repo: str, run_id: str) -> BatchesFile:
    """The batches, worst first, and what was left out."""
    return BatchesFile(
        schema_version=DOCUMENT_VERSION,
        target_repo=target_repo,
        run_id=run_id,
        batches=tuple(_batch(batch) for batch in work.batching.batches),
        left_out=tuple(_left_out(group) for group in work.batching.left_out),
    )


def _batch(batch: Batch) -> BatchDocument:
    files = tuple(dict.fromkeys(issue.finding.file for issue in batch.issues if issue.finding.file))
    return BatchDocument(
        batch_id=batch.id,
        cwe_family=batch.family,
        severity_tier=batch.severity.tier,
        max_severity_score=max(issue.severity.score for issue in batch.issues),
        issue_count=len(batch.issues),
        file_count=len(files),
        files=files,
        issue_ids=tuple(issue.id for issue in batch.issues),
        fingerprints=tuple(issue.identity.fingerprint for issue in batch.issues),
        issues=tuple(_issue(issue, batch.id, issue.trace()) for issue in batch.issues),
    )


def _left_out(group: LeftOut) -> LeftOutDocument:
    ids = tuple(issue.id for issue in group.issues)
    return LeftOutDocument(group.reason, group.family, len(ids), ids)


def _issue(issue: Issue, batch_id: str, trace: Trace | None = None) -> IssueDocument:
    finding, identity = issue.finding, issue.identity
    rule, scan = finding.rule, finding.scan
    return IssueDocument(
        issue.id,
        identity.fingerprint,
        identity.evidence,
        identity.occurrence,
        rule.id,
        rule.name,
        issue.severity.tier,
        issue.severity.score,
        finding.level,
        rule.cwe_names,
        issue.family,
        finding.text,
        finding.locations,
        batch_id,
        scan.tool,
        scan.tool_version,
        scan.category,
        finding.tool_fingerprints.as_dict(),
        len(issue.repeats),
        trace,
    )
