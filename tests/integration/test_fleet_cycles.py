"""The proof of the orchestrator: a fleet for days, over HTTP and git, two orchestrators at once, killed at random."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.devin_twin import devin_twin
from tests.fleet.play import Play
from tests.fleet.world import Twins
from tests.github_twin import START, github_twin
from tests.receiver import receiver

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_fleet__keeps_every_promise_under_fire() -> None:
    """`make soak` plays 50 repositories for 30 days; the seed is the game."""
    repositories = int(os.environ.get("CYCLES_REPOSITORIES", "20"))  # noqa: TID251 - tests
    days = float(os.environ.get("CYCLES_DAYS", "4"))  # noqa: TID251 - tests
    seed = int(os.environ.get("CYCLES_SEED", "5"))  # noqa: TID251 - tests
    folder = Path(tempfile.mkdtemp(prefix=f"fleet-{seed}-"))  # it stays when something goes wrong

    with devin_twin("--start", str(START)) as devin, github_twin() as github, receiver() as hook:
        try:
            played = Play(seed, folder, twins=Twins(devin, github, hook), repositories=repositories).run(days)
        except AssertionError as error:
            raise AssertionError(f"CYCLES_SEED={seed}: {error}; see {folder}") from error

    counts = (played.struck, played.duels, played.sessions, played.runs, played.merged, played.verified, played.alerts)
    assert min(counts) > 0, played
    shutil.rmtree(folder)
