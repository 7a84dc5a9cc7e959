"""Places of records."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from msgspec.structs import replace

from codeql_fixer.errors import DamagedRecordError
from codeql_fixer.policy.compaction import packs_of
from codeql_fixer.policy.ledger_paths import in_folder, is_record_path, pack_of, path_of, repository_of, runs_of
from tests.records import at, intent, one_of_each, scan

PATHS = {
    "scan_run": "telemetry/runs/acme/shop/2026/03/01-1.json",
    "dispatch_intent": "telemetry/dispatches/2026/03/i-1.intent.json",
    "dispatch_outcome": "telemetry/dispatches/2026/03/i-1.outcome.json",
    "cycle": "telemetry/cycles/2026/03/01-c-1.json",
    "verification": "telemetry/verifications/acme/shop/2026/03/v-1.json",
    "dismissal": "telemetry/dismissals/acme/shop/d-1.json",
    "fix_example": "telemetry/examples/acme/shop/x-1.json",
    "snapshot": "telemetry/orchestrator_state.json",
    "alert": "telemetry/alerts/2026/03/family_stopped-00000000000000000001.alert.json",
    "alert_claim": "telemetry/alerts/2026/03/family_stopped-00000000000000000001.hook.1.claim.json",
    "alert_outcome": "telemetry/alerts/2026/03/family_stopped-00000000000000000001.hook.1.outcome.json",
    "follow_up": "telemetry/follow-ups/2026/03/f-1.1.claim.json",
    "follow_up_outcome": "telemetry/follow-ups/2026/03/f-1.1.outcome.json",
    "triage": "telemetry/triages/2026/03/t-1.claim.json",
    "triage_outcome": "telemetry/triages/2026/03/t-1.outcome.json",
}


def test_path_of__every_kind_has_the_place_that_the_contract_names() -> None:
    assert {record.kind: path_of(record) for record in one_of_each()} == PATHS


@pytest.mark.parametrize("path", PATHS.values())
def test_is_record_path__knows_them(path: str) -> None:
    assert is_record_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "README.md",
        ".github/workflows/evil.yml",
        "telemetry/README.md",
        "telemetry/schemas/cycle.schema.json",
        "telemetry/runs/acme/shop/2026/03/01-1.json/x",
        "telemetry/runs/../shop/2026/03/01-1.json",
        "telemetry/runs/acme/shop/26/03/01-1.json",
        "telemetry/cycles/2026/03/../c.json",
        "xtelemetry/cycles/2026/03/c.json",
        "telemetry/cycles/2026/03/c.json\n",
        "telemetry/cycles/2026/03/x\nD telemetry\nM 100644 inline y.json",
        'telemetry/cycles/2026/03/"x".json',
        "telemetry/cycles/2026/03/x y.json",
        "telemetry/runs/acme/sh\x1bop/2026/03/01-1.json",
    ],
)
def test_is_record_path__refuses_the_rest(path: str) -> None:
    assert not is_record_path(path)


def test_path_of__counts_days_in_utc_and_writes_names_small() -> None:
    late = scan("1", 23, target_repo="Acme/Shop")
    elsewhere = replace(late, recorded_at=late.recorded_at.astimezone(timezone(timedelta(hours=5))))

    assert path_of(elsewhere) == path_of(late) == "telemetry/runs/acme/shop/2026/03/01-1.json"


@pytest.mark.parametrize(
    ("path", "repository"),
    [
        (PATHS["scan_run"], "acme/shop"),
        (PATHS["verification"], "acme/shop"),
        (PATHS["dismissal"], "acme/shop"),
        ("telemetry/packs/runs/acme/shop/2026/03.jsonl:7", "acme/shop"),
        (PATHS["dispatch_intent"], ""),
        (PATHS["cycle"], ""),
    ],
)
def test_repository_of(path: str, repository: str) -> None:
    assert repository_of(path) == repository


def test_in_folder__takes_packs_for_what_is_in_them() -> None:
    folder = runs_of("acme/shop")

    assert in_folder(PATHS["scan_run"], folder)
    assert in_folder(pack_of(PATHS["scan_run"]), folder)
    assert not in_folder(pack_of(path_of(scan("1", 0, target_repo="acme/shopping"))), folder)


def test_pack_of__only_scan_runs_are_ever_packed() -> None:
    assert [kind for kind, path in PATHS.items() if pack_of(path)] == ["scan_run"]


def test_packs_of__takes_scan_runs_of_months_that_are_over() -> None:
    march, april = [scan("1", 0), scan("2", 24 * 30.9)], scan("3", 24 * 31)

    packs = packs_of([*march, april, intent("i-1", 0), march[0]], at(24 * 40))

    assert packs == {"telemetry/packs/runs/acme/shop/2026/03.jsonl": march}


def test_packs_of__hides_neither_of_two_records_in_one_place() -> None:
    with pytest.raises(DamagedRecordError, match=r"03/01-1\.json: is there twice"):
        packs_of([scan("1", 0), scan("1", 0, 1)], at(24 * 40))
