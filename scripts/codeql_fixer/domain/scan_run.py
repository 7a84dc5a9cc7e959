"""The scan-run record of the data contract (telemetry/README.md); its JSON Schema is made from these types."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from codeql_fixer.domain.fix_work import Counts
from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.record import (
    Count,
    Fingerprint,
    Name,
    Number,
    Record,
    RepositoryName,
    RepositoryNameOrNone,
    Text,
)
from codeql_fixer.domain.severity import SeverityTier

SCHEMA_VERSION: Literal[2] = 2
FIRST_GENERATION = 0  # `fingerprint_version` of records that an importer made

Alias = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{16,20}$(?!\\n)", description="a fingerprint of an earlier algorithm; its start is one, too"
    ),
]


Share = Annotated[float, Meta(ge=0, le=1)]


class ScanScope(StrEnum):
    """Which code was scanned. Only a scan of the default branch tells how the repository is doing."""

    DEFAULT_BRANCH = "default-branch"
    OTHER_BRANCH = "other-branch"
    PULL_REQUEST = "pull-request"  # CodeQL reports only what the change touches
    UNKNOWN = "unknown"  # taken for the default branch: whoever scans another repository scans that


class ScanSummary(Struct, frozen=True, kw_only=True):
    """One run of one tool; what decides later whether two scans can be compared.

    `disabled_rules` are known to the run and were switched off. `partial` says why it reports a part of the findings
    only, such as those on changed lines; "" when it reports all.
    """

    tool: str
    tool_version: str
    category: str
    execution_successful: bool | None
    has_results: bool
    results_read: Count
    tool_errors: Count
    revision: str
    rule_ids: tuple[str, ...]
    disabled_rules: tuple[str, ...] = ()
    partial: Text = ""


class FilterRecord(Struct, frozen=True, kw_only=True):
    """What was asked for: an issue outside of it was not looked at, which is not the same as fixed."""

    severity_threshold: SeverityTier
    include_paths: tuple[tuple[str, ...], ...]
    exclude_paths: tuple[tuple[str, ...], ...]
    languages: tuple[str, ...]


class SetAsidePlace(Struct, frozen=True, gc=False):
    """A rule and a file with findings that were read and left aside: not reported as issues, and not gone."""

    rule_id: str
    file: str


class IssueRecord(Struct, frozen=True, gc=False):
    """One issue as a later run compares it; `batch_id` is "" for an issue that was left out.

    `scan` is the position of the scan that reported it. Only imported records lack a score.
    """

    id: str
    fingerprint: Fingerprint
    evidence: Evidence
    occurrence: Number
    aliases: tuple[Alias, ...]
    rule_id: str
    severity_tier: SeverityTier
    severity_score: Annotated[float, Meta(ge=0, le=10)] | None
    cwes: tuple[str, ...]
    cwe_family: str
    file: str
    start_line: Number | None
    message: Annotated[str, Meta(max_length=2000)]
    batch_id: str
    scan: Count


class ScanRun(Record, frozen=True, kw_only=True):
    """A scan and what was made of it. Only a record of this kind is a scan.

    `scanned_repo` is the fork that was scanned in the target's place, "" for the target itself. `set_aside` is None
    where it was not written down. `reach` is the share of the repository's source files that depend on a file, for
    files with issues on which some do; empty where nobody measured it.
    """

    schema_version: Literal[2]
    kind: Literal["scan_run"]
    target_repo: RepositoryName
    scanned_repo: RepositoryNameOrNone
    run_id: Name
    run_label: str
    run_url: str
    mode: Mode
    commit: str
    ref: str
    scope: ScanScope
    fingerprint_version: Count
    scans: tuple[ScanSummary, ...]
    filters: FilterRecord
    counts: Counts
    exclusions: dict[str, Count]
    severity_breakdown: dict[str, Count]
    category_breakdown: dict[str, Count]
    warnings: tuple[str, ...]
    set_aside: tuple[SetAsidePlace, ...] | None
    reach: dict[str, Share] = field(default_factory=dict)
    issues: tuple[IssueRecord, ...]  # last, since a run writes them one by one
