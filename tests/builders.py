"""Values for tests: a finding, an issue, a SARIF file, with everything that does not matter filled in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.domain.finding import NO_FINGERPRINTS, Finding, Location, Rule, Scan, ToolFingerprints
from codeql_fixer.domain.fix_work import Counts
from codeql_fixer.domain.issue import Evidence, Identity, Issue
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.scan_run import FilterRecord, ScanRun, ScanScope
from codeql_fixer.domain.severity import Level, SeverityTier
from codeql_fixer.policy.severity import severity_of

if TYPE_CHECKING:
    from pathlib import Path

SCAN = Scan("results.sarif", "CodeQL")


def finding(  # noqa: PLR0913 - a builder names what may matter
    *,
    file: str = "shop/app.py",
    line: int | None = 10,
    column: int | None = 5,
    rule: str = "py/sql-injection",
    message: str = "This query depends on a user-provided value.",
    line_hash: str = "",
    others: tuple[tuple[str, str], ...] = (),
    snippet: str = "",
    score: float | None = 8.8,
    cwes: tuple[int, ...] = (89,),
    scan: Scan = SCAN,
) -> Finding:
    """A finding; `line_hash` and `others` are what the tool fingerprinted."""
    prints = ToolFingerprints(line_hash, "", others) if line_hash or others else NO_FINGERPRINTS
    return Finding(
        Rule(rule, cwes=cwes, security_severity=score),
        scan,
        Level.WARNING,
        message,
        (Location(file, line, column if line else None, line, None),),
        prints,
        None,
        snippet,
    )


def issue(number: int = 1, *, family: str = "injection", **options: Any) -> Issue:  # noqa: ANN401 - passed on
    """An issue whose fingerprint is its number."""
    found = finding(**options)
    identity = Identity(f"{number:020x}", Evidence.LINE_HASH)
    return Issue(f"CQLF-R1-{number:04d}", identity, found, (), severity_of(found), family)


def result(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A SARIF result with a rule, a message and a place; members given replace those."""
    return {
        "ruleId": "py/sql-injection",
        "message": {"text": "This query depends on a user-provided value."},
        "locations": [place("shop/app.py", 10)],
        **members,
    }


def place(uri: str, line: int | None = None, **artifact: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A SARIF location."""
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri, **artifact}}
    if line is not None:
        physical["region"] = {"startLine": line, "startColumn": 5, "endColumn": 20}
    return {"physicalLocation": physical}


def run(*results: object, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A SARIF run of CodeQL."""
    return {"tool": {"driver": {"name": "CodeQL", "semanticVersion": "2.20.1"}}, "results": list(results), **members}


def sarif(*runs: object, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A SARIF log."""
    return {"version": "2.1.0", "runs": list(runs), **members}


def write_sarif(path: Path, *runs: object) -> Path:
    """Write a SARIF file and return its path."""
    path.write_text(json.dumps(sarif(*runs)), encoding="utf-8")
    return path


def scan_run(**members: Any) -> ScanRun:  # noqa: ANN401 - passed on
    """The record of a run that found nothing; members given replace those."""
    record = ScanRun(
        schema_version=2,
        kind="scan_run",
        id="scan_run/acme/shop/1",
        recorded_at=datetime(2026, 11, 21, tzinfo=UTC),
        producer=Producer(name="codeql-fixer", version="0"),
        target_repo="acme/shop",
        scanned_repo="",
        run_id="1",
        run_label="run-1-2026-11-21-000000",
        run_url="",
        mode=Mode.DRY_RUN,
        commit="",
        ref="",
        scope=ScanScope.UNKNOWN,
        fingerprint_version=1,
        scans=(),
        filters=FilterRecord(severity_threshold=SeverityTier.LOW, include_paths=(), exclude_paths=(), languages=()),
        counts=Counts(
            results_read=0,
            suppressed=0,
            duplicates=0,
            below_threshold=0,
            excluded=0,
            issues=0,
            batches=0,
            left_out=0,
        ),
        exclusions={},
        severity_breakdown={},
        category_breakdown={},
        warnings=(),
        set_aside=(),
        issues=(),
    )
    return replace(record, **members)
