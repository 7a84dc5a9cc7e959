"""The scan-run record against its schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import msgspec
from msgspec.structs import replace

from codeql_fixer.app.record import RunFacts, issue_records, scan_run_of
from codeql_fixer.domain.batch import Batch, Batching
from codeql_fixer.domain.finding import Reading, Scan, SetAside
from codeql_fixer.domain.fix_work import FixWork
from codeql_fixer.domain.mode import Mode
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.eligibility import FilterOptions
from tests.builders import issue, scan_run

if TYPE_CHECKING:
    from codeql_fixer.domain.issue import Issue

SCHEMA = json.loads((Path(__file__).parents[3] / "telemetry/schemas/scan_run.schema.json").read_text())
FACTS = RunFacts(
    target_repo="acme/shop",
    run_id="7.2",
    mode=Mode.DRY_RUN,
    started_at=datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC),
    producer=Producer(name="codeql-fixer", version="1"),
    filters=FilterOptions(threshold=SeverityTier.HIGH, exclude_paths=(("vendor/",),), languages=frozenset({"b", "a"})),
)


def _work(*issues: Issue, scans: tuple[Scan, ...] = ()) -> FixWork:
    return FixWork(
        reading=Reading([], list(scans), 0, SetAside(), ["from the reading"]),
        issues=issues,
        batching=Batching((Batch("B001", "injection", issues[:1]),) if issues else (), ()),
        counts=scan_run().counts,
        exclusions={"absent": 1},
    )


def test_scan_run_of__is_valid_and_reads_back() -> None:
    scan = Scan(
        *("a.sarif", "CodeQL", "2.20.1", "/language:python"),
        execution_successful=True,
        revision="c0ffee",
        rule_ids=("r1", "r2"),
        results_read=3,
    )
    work = _work(issue(1), issue(2, line=None, message="x" * 9000), scans=(scan,))

    record = replace(scan_run_of(work, FACTS, ("first",)), issues=tuple(issue_records(work)))

    text = msgspec.json.encode(record)
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(json.loads(text))
    assert msgspec.json.decode(text, type=ScanRun) == record
    assert (record.id, record.run_label) == ("scan_run/acme/shop/7.2", "run-7.2-2026-11-21-030405")
    assert record.commit == "c0ffee"  # what the scan says, since nobody else does
    assert record.filters.languages == ("a", "b")
    assert record.warnings == ("first", "from the reading")
    assert record.severity_breakdown == {"high": 2}
    assert record.category_breakdown == {"injection": 2}
    assert [item.batch_id for item in record.issues] == ["B001", ""]
    assert len(record.issues[1].message) == 2000


def test_scan_run_of__prefers_the_checkouts_commit_and_believes_no_contradiction() -> None:
    scans = (Scan("a", "CodeQL", revision="1"), Scan("b", "CodeQL", revision="2"))

    assert scan_run_of(_work(scans=scans), FACTS).commit == ""
    assert scan_run_of(_work(scans=scans), replace(FACTS, commit="3")).commit == "3"
