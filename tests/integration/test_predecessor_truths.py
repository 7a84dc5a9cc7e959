"""The facts that must stay true (docs/ARCHITECTURE.md), on what the first generation really recorded.

Its own software got each of these wrong on this data.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.adapters.predecessor_runs import PredecessorRuns
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.fsck import fsck
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.domain.tracked import Tracking
from codeql_fixer.domain.verification import Verification
from codeql_fixer.policy.sla import DEFAULT_HOURS, limits

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.index import IssueRow

SHOP = "juice-shop/juice-shop"
END = datetime(2026, 3, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def records(shared: Path) -> list[AnyRecord]:
    """Everything that it left, the fork taken for its upstream, as its registry says."""
    files = PredecessorRuns(shared / "telemetry/predecessor-runs", {"marius-posa/juice-shop": SHOP}).read()
    return [record for _, found in files for record in found]


def _index(tmp_path: Path, records: list[AnyRecord], until: datetime = END) -> SqlIndex:
    ledger, index = MemoryLedger(), SqlIndex(SqliteDatabase(tmp_path / f"{until:%m%d%H}.sqlite"))
    ledger.append([record for record in records if record.recorded_at < until])
    catch_up(ledger, index)
    return index


def _rows(index: SqlIndex) -> list[IssueRow]:
    rows = index.issues("", SHOP)
    return [row for row in rows if row.issue.tracking is not Tracking.RENAMED]


def _latest(records: list[AnyRecord], until: datetime) -> ScanRun:
    scans = [item for item in records if isinstance(item, ScanRun) and item.target_repo == SHOP]
    return max((item for item in scans if item.recorded_at < until), key=lambda item: item.recorded_at)


def test_import__takes_every_file(shared: Path, records: list[AnyRecord]) -> None:
    kinds = [record.kind for record in records]

    assert len(list((shared / "telemetry/predecessor-runs").glob("*.json"))) == 45
    assert (kinds.count("scan_run"), kinds.count("verification")) == (28, 5)
    assert kinds.count("dispatch_intent") == kinds.count("dispatch_outcome") == 24
    ledger = MemoryLedger()
    ledger.append(records)
    assert fsck(ledger, END) == (len(records), [])


def test_fact_1__dispatches_are_no_scans_and_make_nothing_fixed(tmp_path: Path, records: list[AnyRecord]) -> None:
    """After 26 February the first generation took a dispatch for the latest scan and 82 issues for fixed."""
    before = _rows(_index(tmp_path, records, datetime(2026, 2, 26, 1, tzinfo=UTC)))
    after = _rows(_index(tmp_path, records, datetime(2026, 2, 26, 2, tzinfo=UTC)))

    assert len(before) == len(after)
    assert {row.issue.tracking for row in after} <= {Tracking.NEW, Tracking.RECURRING}
    present = {item.fingerprint for item in _latest(records, END).issues}
    assert len(present) == 83
    assert {row.lifecycle for row in after if row.issue.fingerprint in present} <= {
        "recurring",
        "session_dispatched",
        "pr_open",
    }
    assert _index(tmp_path, records).repositories(SHOP)[0].last_run.endswith("05-22697703698.json")


def test_fact_2__a_scan_for_critical_only_hides_nothing(tmp_path: Path, records: list[AnyRecord]) -> None:
    """Run 29 looked for critical issues only and found 3; 86 others were not gone."""
    rows = _rows(_index(tmp_path, records, datetime(2026, 2, 8, 19, tzinfo=UTC)))

    seen = [row for row in rows if row.issue.last_run.endswith("08-21803457070.json")]
    assert len(seen) == 3
    assert not [row for row in rows if row.issue.tracking is Tracking.FIXED]


def test_fact_2__nothing_here_proves_that_anything_is_fixed(tmp_path: Path, records: list[AnyRecord]) -> None:
    """The first generation said 211 of 305; it recorded neither rules nor success of its scans."""
    index = _index(tmp_path, records)

    assert not [row for row in _rows(index) if row.lifecycle in {"fixed", "verified_fixed"}]
    status = index.status(END, limits(END, DEFAULT_HOURS), SHOP)
    assert sum(row.met for row in status) == 0
    assert sum(row.in_doubt for row in status) == 84  # under the older scheme, not seen since


def test_fact_3__what_was_called_verified_and_is_still_there_is_open(records: list[AnyRecord]) -> None:
    claims = [record for record in records if isinstance(record, Verification)]

    assert {verdict.verdict for record in claims for verdict in record.verdicts} == {"unknown"}
    assert [len(record.verdicts) for record in claims if not record.verdicts] == [0, 0]  # it targeted nobody


def test_fact_4__sessions_that_nobody_polled_have_not_failed(tmp_path: Path, records: list[AnyRecord]) -> None:
    rows = _rows(_index(tmp_path, records))

    dispatched = [row for row in rows if row.lifecycle == "session_dispatched"]
    assert len(dispatched) == 28
    assert not [row for row in rows if row.lifecycle == "needs_human"]


def test_fact_5__a_fork_and_its_upstream_are_one(tmp_path: Path, records: list[AnyRecord]) -> None:
    assert [row.name for row in _index(tmp_path, records).repositories()] == [SHOP, "marius-posa/hypnospy"]


def test_fact_7__a_longer_hash_makes_nothing_new(tmp_path: Path, records: list[AnyRecord]) -> None:
    """On 8 February fingerprints grew from 16 to 20 characters, and 83 issues were called fixed and 83 new."""
    index = _index(tmp_path, records, datetime(2026, 2, 8, 21, tzinfo=UTC))

    present = {item.fingerprint for item in _latest(records, datetime(2026, 2, 8, 21, tzinfo=UTC)).issues}
    rows = [row for row in _rows(index) if row.issue.fingerprint in present]
    assert len(rows) == 83
    assert {len(row.issue.fingerprint) for row in rows} == {20}
    assert {row.issue.tracking for row in rows} == {Tracking.RECURRING}
    assert {row.issue.first_seen_at.date().isoformat() for row in rows} == {"2026-02-07"}


def test_import__a_repository_without_findings_is_there(tmp_path: Path, records: list[AnyRecord]) -> None:
    [repository] = _index(tmp_path, records).repositories("marius-posa/HypnosPy")

    assert (repository.runs, repository.last_run_at is not None) == (7, True)
