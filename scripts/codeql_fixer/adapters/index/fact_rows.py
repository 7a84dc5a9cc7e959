"""The columns of records about issues that are no scans: verdicts, dismissals, fixes to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.index.rows import micros, text
from codeql_fixer.policy.ledger_paths import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.domain.dismissal import Dismissal
    from codeql_fixer.domain.fix_example import FixExample
    from codeql_fixer.domain.verification import Verification


def verification_row(record: Verification, repository: str) -> dict[str, object]:
    """The columns of a verification."""
    return {
        "id": path_of(record),
        "repository": repository,
        "recorded_at": micros(record.recorded_at),
        "scan_run_id": text(record.scan_run_id),
        "pull_request": record.pull_request,
        "session_id": text(record.session_id),
    }


def verdict_rows(record: Verification) -> Iterator[dict[str, object]]:
    """The columns of its verdicts."""
    for verdict in record.verdicts:
        yield {
            "verification_id": path_of(record),
            "fingerprint": verdict.fingerprint,
            "verdict": verdict.verdict.value,
            "reason": text(verdict.reason),
        }


def dismissal_row(record: Dismissal, repository: str) -> dict[str, object]:
    """The columns of a dismissal."""
    return {
        "id": path_of(record),
        "repository": repository,
        "fingerprint": record.fingerprint,
        "reason": record.reason.value,
        "owner": text(record.owner),
        "comment": text(record.comment),
        "recorded_at": micros(record.recorded_at),
        "expires_at": micros(record.expires_at),
    }


def example_row(record: FixExample, repository: str) -> dict[str, object]:
    """The columns of a fix to learn from."""
    return {
        "id": path_of(record),
        "repository": repository,
        "owner": repository.partition("/")[0],
        "number": record.pull_request,
        "fingerprint": record.fingerprint,
        "rule_id": text(record.rule_id),
        "family": text(record.family),
        "language": text(record.language),
        "url": text(record.pull_request_url),
        "recorded_at": micros(record.recorded_at),
        "diff": text(record.diff),
    }
