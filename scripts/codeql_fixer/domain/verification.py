"""The record of a verification: what a later scan proves about each issue that a fix was for."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from codeql_fixer.domain.record import Fingerprint, Name, Number, Record, RepositoryName, Text, Url


class Verdict(StrEnum):
    """What is proved. Only the first is a success: `unknown` means that the scan had no say about the issue."""

    VERIFIED_FIXED = "verified_fixed"
    STILL_PRESENT = "still_present"
    MOVED = "moved"  # it is in another file now
    UNKNOWN = "unknown"
    GAMED = "gamed"  # the scan was kept from seeing it


class IssueVerdict(Struct, frozen=True, kw_only=True):
    """The verdict on one issue and what it rests on. `rule_id` is "" in records that did not say it."""

    fingerprint: Fingerprint
    verdict: Verdict
    reason: Text = ""
    rule_id: str = ""


class Verification(Record, frozen=True, kw_only=True):
    """Verdicts on the issues of one fix.

    `scan_run_id` names the scan that proves them where that is on record, by its id or path, `commit` is what it read.
    `evidence_sha256` is the digest of the file with the evidence, "" where none was written.
    """

    schema_version: Literal[2]
    kind: Literal["verification"]
    id: Name
    target_repo: RepositoryName
    verdicts: tuple[IssueVerdict, ...]
    scan_run_id: str = ""
    commit: str = ""
    baseline_commit: str = ""
    evidence_sha256: str = ""
    pull_request: Number | None = None
    pull_request_url: Url = ""
    session_id: str = ""
    intent_id: str = ""
