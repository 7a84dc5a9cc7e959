"""A simulation runs the product's cycle: what is assumed of the world shows in what comes out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.domain.schedule import ScanSource, Schedule
from codeql_fixer.twin.fleet.assumptions import Assumptions, FamilyAssumption
from codeql_fixer.twin.fleet.start import BEGINNING
from tests.fleet_model import registry_for, simulation

if TYPE_CHECKING:
    from codeql_fixer.twin.fleet.simulation import Day

# Nothing comes, and nothing goes but by our doing.
STILL = Assumptions(
    open_at_start=6.0,
    arrivals_per_day=0.0,
    people_fix_per_day=0.0,
    regression_probability=0.0,
    session_failures=0.0,
    lost_answers=0.0,
    scan_failures=0.0,
    outages_per_month=0.0,
    merge_probability=1.0,
    families={"xss": FamilyAssumption(fix_probability=1.0, acu=1.0)},
)


def _last(assumptions: Assumptions, *, count: int = 8, days: int = 8, seed: int = 1) -> Day:
    return [*simulation(registry_for(count), assumptions, seed).days(days)][-1]


def test_simulation__the_same_seed_gives_the_same_days() -> None:
    one, same, other = ([*simulation(registry_for(10), Assumptions(), seed).days(5)] for seed in (3, 3, 4))

    assert one == same
    assert one != other


def test_simulation__in_a_perfect_world_everything_is_fixed() -> None:
    day = _last(STILL, days=15)

    assert sum(day.open_issues.values()) == 0
    assert day.verified > 0
    assert day.open_pull_requests == 0


def test_simulation__without_merges_nothing_is_fixed() -> None:
    day = _last(replace(STILL, merge_probability=0.0))

    assert (day.verified, day.sessions > 0) == (0, True)


def test_simulation__without_scans_nothing_is_verified() -> None:
    day = _last(replace(STILL, scan_failures=1.0))

    assert (day.verified, day.sessions > 0) == (0, True)


def test_simulation__what_costs_more_than_its_limit_stops_there() -> None:
    day = _last(replace(STILL, families={"xss": FamilyAssumption(acu=1000.0)}))

    assert day.verified == 0
    assert day.acu <= 12 * day.sessions


def test_simulation__while_the_agent_is_out_nothing_starts() -> None:
    simulated = simulation(registry_for(8), replace(STILL, outages_per_month=1e6, outage_hours=1e4), seed=1)

    *_, day = simulated.days(3)

    assert day.sessions == 0


def test_simulation__every_source_of_scans_brings_some() -> None:
    simulated = simulation(registry_for(8), STILL, seed=1)

    [*_] = simulated.days(4)

    lasts = [row.last_run_at for row in simulated.places.index.repositories()]
    assert all(at is not None and at > BEGINNING + timedelta(days=2) for at in lasts)


def test_simulation__what_the_orchestrator_scans_itself_is_scanned_when_it_is_due() -> None:
    fleet = registry_for(2)
    entries = {
        name: replace(entry, scan_source=ScanSource.DIRECT, schedule=Schedule.DAILY, auto_scan=number > 0)
        for number, (name, entry) in enumerate(fleet.repositories.items())
    }
    simulated = simulation(replace(fleet, repositories=entries), STILL, seed=1)

    [*_] = simulated.days(4)

    [never, daily] = (row.last_run_at for row in simulated.places.index.repositories())
    assert never is not None
    assert daily is not None
    assert never <= BEGINNING < BEGINNING + timedelta(days=2) < daily
    assert simulated.told == []
