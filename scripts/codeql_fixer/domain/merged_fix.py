"""A fix of ours that was merged, and the issue that it was for as the scans know it now."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from codeql_fixer.domain.tracked import TrackedIssue


class MergedFix(Struct, frozen=True, kw_only=True):
    """One issue of a merged pull request; `fingerprint` is what the claim called it, which may be an earlier name."""

    repository: str
    number: int
    url: str
    merged_at: datetime
    intent_id: str
    session_id: str
    fingerprint: str
    issue: TrackedIssue
