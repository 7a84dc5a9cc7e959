"""The scan-run record of the data contract (telemetry/README.md); its JSON Schema is made from these types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from codeql_fixer.domain.fix_work import Counts
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.severity import SeverityTier

SCHEMA_VERSION: Literal[1] = 1

Fingerprint = Annotated[str, Meta(pattern="^[0-9a-f]{20}$", description="20 hex characters")]
Alias = Annotated[
    str, Meta(pattern="^[0-9a-f]{16,20}$", description="a fingerprint of an earlier algorithm; its start is one, too")
]
Count = Annotated[int, Meta(ge=0)]
RepositoryName = Annotated[str, Meta(pattern="^[^/\\s]+/[^/\\s]+$", description="owner/name")]


class Producer(Struct, frozen=True, kw_only=True):
    """The software that wrote a record; `commit` is "" when it is not known."""

    name: str
    version: str
    commit: str = ""


class ScanSummary(Struct, frozen=True, kw_only=True):
    """One run of one tool; what decides later whether two scans can be compared."""

    tool: str
    tool_version: str
    category: str
    execution_successful: bool | None
    has_results: bool
    results_read: Count
    tool_errors: Count
    revision: str
    rule_ids: tuple[str, ...]


class FilterRecord(Struct, frozen=True, kw_only=True):
    """What was asked for: an issue outside of it was not looked at, which is not the same as fixed."""

    severity_threshold: SeverityTier
    include_paths: tuple[tuple[str, ...], ...]
    exclude_paths: tuple[tuple[str, ...], ...]
    languages: tuple[str, ...]


class IssueRecord(Struct, frozen=True, gc=False):
    """One issue as a later run compares it; `batch_id` is "" for an issue that was left out."""

    id: str
    fingerprint: Fingerprint
    evidence: Evidence
    occurrence: Annotated[int, Meta(ge=1)]
    aliases: tuple[Alias, ...]
    rule_id: str
    severity_tier: SeverityTier
    severity_score: Annotated[float, Meta(ge=0, le=10)]
    cwes: tuple[str, ...]
    cwe_family: str
    file: str
    start_line: Annotated[int, Meta(ge=1)] | None
    message: Annotated[str, Meta(max_length=2000)]
    batch_id: str


class ScanRun(Struct, frozen=True, kw_only=True):
    """A scan and what was made of it. Only a record of this kind is a scan."""

    schema_version: Literal[1]
    kind: Literal["scan_run"]
    id: str
    recorded_at: Annotated[datetime, Meta(tz=True)]
    producer: Producer
    target_repo: RepositoryName
    run_id: str
    run_label: str
    run_url: str
    mode: Mode
    commit: str
    fingerprint_version: int
    scans: tuple[ScanSummary, ...]
    filters: FilterRecord
    counts: Counts
    exclusions: dict[str, Count]
    severity_breakdown: dict[str, Count]
    category_breakdown: dict[str, Count]
    warnings: tuple[str, ...]
    issues: tuple[IssueRecord, ...]
