"""The record of a verification: what a later scan proves about each issue that a fix was for."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from codeql_fixer.domain.record import Fingerprint, Name, Number, Record, RepositoryName, Text, Url


class Verdict(StrEnum):
    """What is proved. `unknown` is never a success: the scan had no say about the issue."""

    FIXED = "fixed"
    STILL_PRESENT = "still_present"
    UNKNOWN = "unknown"


class IssueVerdict(Struct, frozen=True, kw_only=True):
    """The verdict on one issue and what it rests on."""

    fingerprint: Fingerprint
    verdict: Verdict
    reason: Text = ""


class Verification(Record, frozen=True, kw_only=True):
    """Verdicts on the issues of one fix. `scan_run_id` names the scan that proves them, `commit` is what it read."""

    schema_version: Literal[1]
    kind: Literal["verification"]
    id: Name
    target_repo: RepositoryName
    verdicts: tuple[IssueVerdict, ...]
    scan_run_id: str = ""
    commit: str = ""
    pull_request: Number | None = None
    pull_request_url: Url = ""
    session_id: str = ""
    intent_id: str = ""
