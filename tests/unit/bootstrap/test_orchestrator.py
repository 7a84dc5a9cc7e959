"""What the orchestrator's room is made of, with real ledgers and registries in files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.app.author import Author
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.decide_again import differences
from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.ports.ledger import Stored
from codeql_fixer.settings import FleetSettings
from tests.agents import MemoryAgent
from tests.records import PRODUCER, at, scan
from tests.remotes import bare

if TYPE_CHECKING:
    from pathlib import Path

WEB = {"repo": "acme/web", "aliases": ["forks/web"]}


def _room(folder: Path, registry: dict[str, object], environ: dict[str, str] | None = None) -> OrchestratorRoom:
    if not (folder / "ledger.git").exists():
        bare(folder / "ledger.git")
    (folder / "registry.json").write_text(json.dumps({"version": "2.0", **registry}))
    places = {
        "LEDGER": str(folder / "ledger.git"),
        "STATE_DIR": str(folder / "state"),
        "REGISTRY": str(folder / "registry.json"),
    }
    settings = FleetSettings.from_environ(places | (environ or {}))
    return OrchestratorRoom(settings, {}, clock=lambda: at(10), tell=pytest.fail)


def _claimed(room: OrchestratorRoom) -> Cycle:
    """What a cycle claims, with an agent that nobody asks anything."""
    agents = {"devin": MemoryAgent(room.clock)}
    ledger, index = room.fleet.ledger(), room.fleet.index()
    planner = room.planner(index, only=None)
    claimer = Claimer(
        ledger=ledger,
        index=index,
        agents=agents,
        author=Author(producer=PRODUCER, run_id="7", clock=room.clock),
        monotonic=lambda: 0.0,
        inputs=room.inputs(agents, None),
    )
    claimer.claim(room.work(planner, agents, run_id="7"), planner.limits(max_sessions=room.settings.max_sessions))
    cycles = [entry.record for entry in ledger.read_under("telemetry/cycles/") if isinstance(entry, Stored)]
    assert isinstance(cycles[-1], Cycle)
    return cycles[-1]


def test_again__knows_repositories_by_all_their_names(tmp_path: Path) -> None:
    room = _room(tmp_path, {"repos": [WEB]})
    room.fleet.ledger().append([scan("1", 0, 1, 2, target_repo="forks/web")])

    cycle = _claimed(room)
    again = room.again(cycle, tmp_path / "again")

    assert {decision.target_repo for decision in cycle.decisions} == {"acme/web"}
    assert differences(cycle, again) == []


def test_again__wants_what_the_run_wanted(tmp_path: Path) -> None:
    wanted = {"AGENT": "devin", "MAX_ACU_PER_SESSION": "7", "MAX_RETRY_ATTEMPTS": "0"}
    coder = {"profiles": {"coder": {"kind": "command", "command": ["coder"]}}, "default": ["coder"]}
    repository = {"repo": "acme/web", "max_acu_per_session": 9}
    room = _room(tmp_path, {"agents": coder, "repos": [repository]}, wanted)
    room.fleet.ledger().append([scan("1", 0, 1, 2, target_repo="acme/web")])
    cycle = _claimed(room)

    again = _room(tmp_path, {}).again(cycle, tmp_path / "again")  # by somebody who wants nothing
    entry = room.registry.entry("acme/web")

    assert (entry.routing.max_acu, entry.max_attempts) == (7, 1)
    assert entry.labels == {"agent:devin"}
    assert [one.action for one in cycle.decisions] == ["dispatch"]
    assert differences(cycle, again) == []
