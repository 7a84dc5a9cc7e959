"""Triage as a user sees it: real commands against the twins of GitHub and Devin, and a git ledger."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.dispatch import DispatchIntent
from codeql_fixer.domain.triage import Triage, TriageOutcome, TriageStatus
from tests.builders import place, result, run, sarif
from tests.commands import User
from tests.devin_twin import DevinTwin, devin_twin
from tests.github_twin import GitHubTwin
from tests.twins import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

WEB = "acme/web"
RULES = [{"id": "py/sql-injection", "properties": {"tags": ["external/cwe/cwe-089"], "security-severity": "8.8"}}]
TOOL = {"driver": {"name": "CodeQL", "rules": RULES}}


@pytest.fixture
def github() -> Iterator[GitHubTwin]:
    """A host with one repository that has four issues."""
    started_at = str(int(time.monotonic()) + 1_700_000_000)  # long ago: scans are not of the future
    found = [
        result(ruleId="py/sql-injection", locations=[place(f"shop/{n}.py", 3)], partialFingerprints={"line": f"{n}:1"})
        for n in range(4)
    ]
    with running("codeql_fixer.twin.github", "--start", started_at) as (process, started):
        twin = GitHubTwin(process, started)
        twin.repository(WEB)
        twin.analysis(WEB, sarif(run(*found, tool=TOOL)))
        yield twin


@pytest.fixture(scope="module")
def devin() -> Iterator[DevinTwin]:
    """An agent whose sessions end well."""
    with devin_twin("--outcomes", "waiting_for_user=1") as twin:
        yield twin


def _user(tmp_path: Path, devin: DevinTwin, github: GitHubTwin, **triage: object) -> User:
    devin.reset()
    registry = {
        "version": "2.0",
        "orchestrator": {"triage": triage},
        "defaults": {"batch_size": 1},
        "repos": [{"repo": WEB, "scan_source": "code-scanning", "schedule": "hourly"}],
    }
    (tmp_path / "registry.json").write_text(json.dumps(registry))
    places = {"REGISTRY": str(tmp_path / "registry.json"), "MAX_SESSIONS": "1"}
    return User(tmp_path, WEB, {**devin.environment, **github.environment, **places})


def _triages(devin: DevinTwin) -> list[dict[str, Any]]:
    return [one for one in devin.sessions() if "triage" in one["tags"]]


def test_cycle__asks_one_session_and_ranks_by_its_answer(tmp_path: Path, devin: DevinTwin, github: GitHubTwin) -> None:
    user = _user(tmp_path, devin, github, enabled=True, weight=1)

    user.asks("cycle")
    [session] = _triages(devin)
    [claim] = user.records(Triage)
    assert f"cqf:{claim.id}" in session["tags"]
    assert len(claim.issues) == 4
    assert len(user.records(DispatchIntent)) == 1
    devin.advance(3600)
    user.asks("cycle")

    [answer] = user.records(TriageOutcome)
    points = {one.fingerprint: one.score for one in answer.scores}
    assert answer.status is TriageStatus.ANSWERED
    assert points.keys() == {one.fingerprint for one in claim.issues}
    first, second = user.records(DispatchIntent)
    rest = points.keys() - set(first.fingerprints)
    assert points[second.fingerprints[0]] == max(points[name] for name in rest)
    [told] = user.asks("explain", min(rest - set(second.fingerprints)))["issues"]
    assert told["triage"]["points"] == points[told["fingerprint"]]
    assert told["score"] == points[told["fingerprint"]] / 100
    assert "gives it" in user.fleet("explain", told["fingerprint"]).stdout
    assert len(_triages(devin)) == 1
    spent = {one: row["sessions"] for one, row in user.asks("costs")["by"]["family"].items()}
    assert spent["triage"] == 1


def test_cycle__of_which_the_decisions_follow_from_the_records(
    tmp_path: Path, devin: DevinTwin, github: GitHubTwin
) -> None:
    user = _user(tmp_path, devin, github, enabled=True)
    user.asks("cycle")
    devin.advance(3600)
    user.asks("cycle")

    decided = [one for one in user.records(Cycle) if one.inputs is not None]
    assert len(decided) == 2
    assert "triage" in decided[1].decisions[0].terms
    assert all(user.asks("explain", "--cycle", one.id)["is_same"] for one in decided)


def test_cycle__dry_or_without_triage_asks_nobody(tmp_path: Path, devin: DevinTwin, github: GitHubTwin) -> None:
    user = _user(tmp_path, devin, github)
    user.asks("cycle")
    assert not _triages(devin)

    (tmp_path / "dry").mkdir()
    user = _user(tmp_path / "dry", devin, github, enabled=True)
    user.asks("cycle", "--dry-run")

    assert not devin.sessions()
    assert not user.records(Triage)
