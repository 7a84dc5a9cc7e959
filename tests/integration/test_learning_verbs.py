"""`costs` and `learning` as a user types them, on a ledger with sessions of all sorts."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.session import SessionState
from tests.commands import command, document
from tests.records import START, cycle, intent, outcome, pull_request_seen, scan, session_seen, triage, triage_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.domain.kinds import AnyRecord

FINISHED, WORKING = SessionState.FINISHED, SessionState.WORKING


def _hours(days_ago: float) -> float:
    """So many days before now, in the hours of tests/records.py."""
    return (datetime.now(UTC) - timedelta(days=days_ago) - START) / timedelta(hours=1)  # noqa: TID251 - verbs ask the clock


def _session(name: str, days_ago: float, number: int, *, state: SessionState, acu: float | None) -> list[AnyRecord]:
    hours = _hours(days_ago)
    claim = intent(name, hours, number, family="injection", max_acu=10, prompt="p1", playbook=f"injection@{name[:1]}")
    seen = replace(session_seen(state, hours + 1, f"s-{name}"), acu_used=acu)
    return [claim, outcome(name, hours, session=f"s-{name}"), cycle(f"c-{name}", hours + 1, sessions=(seen,))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One fix that is proved, one session in vain, one at work, and one whose cost nobody told."""
    merged = pull_request_seen(PullRequestState.MERGED, _hours(8), intent_id="a", number=7, session="s-a")
    (tmp_path / "ledger").mkdir()
    DirectoryLedger(tmp_path / "ledger").append(
        [
            scan("1", _hours(20), 1, 2, 3, 4),
            *_session("a", 10, 1, state=FINISHED, acu=3.0),
            *_session("b", 5, 2, state=SessionState.FAILED, acu=5.0),
            *_session("c", 4, 3, state=FINISHED, acu=None),
            *_session("d", 0.5, 4, state=WORKING, acu=1.0),
            cycle("merged", _hours(8), pull_requests=(merged,)),
            scan("2", _hours(7), 2, 3, 4),
        ]
    )
    fleet = {"min_fix_rate_pct": 99, "learning": {"probe_days": 3}}
    registry = {"version": "2.0", "orchestrator": fleet, "repos": [{"repo": "acme/shop"}]}
    (tmp_path / "registry.json").write_text(json.dumps(registry))
    return tmp_path


def _does(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}  # noqa: TID251 - tests
    places = ("--ledger", "ledger", "--state-dir", "state", "--registry", "registry.json")
    return subprocess.run(
        command("orchestrator.py", *arguments, *places),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environ,
    )


def _asks(folder: Path, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
    return document(_does(folder, *arguments, "--json"))


def test_costs__counts_what_is_not_known_apart(folder: Path) -> None:
    found = _asks(folder, "costs")
    shown = _does(folder, "costs")

    assert found["total"] == {
        "sessions": 4,
        "acu": 8.0,
        "sessions_with_known_cost": 2,
        "sessions_with_unknown_cost": 1,
        "sessions_at_work": 1,
        "acu_promised": 10.0,
        "verified_fixes": 1,
        "verified_fixes_at_unknown_cost": 0,
        "acu_per_session": 4.0,
        "acu_per_verified_fix": 8.0,
    }
    assert found["by"]["repository"]["acme/shop"]["acu"] == found["by"]["family"]["injection"]["acu"] == 8.0
    assert (found["next_30_days"]["sessions_assumed"], found["next_30_days"]["sureness"]) == (2, "hardly")
    assert "4 sessions in 30 days: 8 ACU for 2; nobody told what 1 took; 1 at work may take 10" in shown.stdout
    assert "hardly sure" in shown.stdout


def test_costs__of_one_repository_and_some_days(folder: Path) -> None:
    assert _asks(folder, "costs", "--days", "3")["total"]["sessions"] == 1
    assert _asks(folder, "costs", "--repo", "ACME/shop")["total"]["sessions"] == 4
    assert "neither the registry" in _does(folder, "costs", "--repo", "acme/other").stderr
    assert "--days must be" in _does(folder, "costs", "--days", "many").stderr


def test_costs__of_sessions_at_work_only_expects_nothing(folder: Path) -> None:
    shown = _does(folder, "costs", "--days", "1", "--repo", "acme/shop")

    assert "the next 30 days: nothing is known yet" in shown.stdout


def test_learning__tells_rates_with_their_doubt(folder: Path) -> None:
    found = _asks(folder, "learning")
    shown = _does(folder, "learning")

    whole = found["kinds"][0]
    assert (whole["fixed"], whole["failed"]) == (1, 2)
    assert whole["verified_rate"]["low_90"] < whole["verified_rate"]["mean"] == 0.4 < whole["verified_rate"]["high_90"]
    assert whole["median_hours_to_a_verified_fix"] == pytest.approx(72, abs=0.1)
    assert {one["version"]: one["fixed"] for one in found["versions"]["playbook"]} == {
        "injection@a": 1,
        "injection@b": 0,
        "injection@c": 0,
    }
    assert [one["version"] for one in found["versions"]["prompt"]] == ["p1"]
    assert [(one["family"], one["rule_id"]) for one in found["given_up"]] == [
        ("injection", None),
        ("injection", "py/sql-injection"),
    ]
    assert "injection is left to people: one more attempt after" in shown.stdout
    assert "40% (" in shown.stdout


def test_learning__tells_whether_triage_helped(folder: Path) -> None:
    ledger = DirectoryLedger(folder / "ledger")
    ledger.append([triage("t-1", _hours(12), 1, 2), triage_outcome("t-1", _hours(11), {1: 90, 2: 10})])

    found = _asks(folder, "learning")["triage"]
    shown = _does(folder, "learning")

    assert [(one["put"], one["fixed"], one["failed"]) for one in found] == [("up", 1, 0), ("down", 0, 1)]
    assert found[0]["verified_rate"]["mean"] == pytest.approx(2 / 3)
    assert "PUT BY TRIAGE" in shown.stdout


def test_learning__of_nothing_says_so(folder: Path) -> None:
    assert "nothing is known yet" in _does(folder, "learning", "--days", "1").stdout
