"""Model check: a simulated fleet whose orchestrator dies at random keeps every promise at every step.

FLEET_REPOSITORIES, FLEET_DAYS and FLEET_SEEDS make it longer: `make soak` does.
"""

from __future__ import annotations

import os
import random

import pytest

from codeql_fixer.twin.fleet.assumptions import Assumptions
from tests.fleet_model import Model, registry_for, simulation, some_fate

_REPOSITORIES = int(os.environ.get("FLEET_REPOSITORIES", "30"))  # noqa: TID251 - tests
_DAYS = int(os.environ.get("FLEET_DAYS", "10"))  # noqa: TID251 - tests
_SEEDS = int(os.environ.get("FLEET_SEEDS", "4"))  # noqa: TID251 - tests
# Everything that can go wrong does so often: sessions outlast cycles, answers get lost, fixes come undone.
ROUGH = Assumptions(
    open_at_start=12.0,
    arrivals_per_day=0.5,
    session_hours=3.0,
    session_spread=0.9,
    session_failures=0.2,
    lost_answers=0.1,
    review_spread=1.5,
    regression_probability=0.3,
    regression_days=2.0,
    people_fix_per_day=0.02,
    scan_failures=0.2,
    outages_per_month=15.0,
    outage_hours=5.0,
)


@pytest.mark.parametrize("seed", range(_SEEDS))
def test_simulated_fleet__keeps_its_promises_whatever_happens(seed: int) -> None:
    model = Model(simulation(registry_for(_REPOSITORIES, seed), ROUGH, seed))
    chance = random.Random(seed)  # noqa: S311 - which cycle dies
    hours = 0.0

    while hours < 24 * _DAYS:
        late = chance.choice([0.25, 6.0, 6.0, 6.0, 13.0])
        hours += late
        model.step(late, some_fate(chance))

    model.check_rebuilt()
    day = model.simulated.day(_DAYS)
    assert model.deaths > 0
    assert min(day.sessions, day.verified, day.open_pull_requests) > 0
