"""What a registry allows, for a decision about a fleet and for the run of one scan."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.policy.dispatching import Limits, RepositoryLimits
from codeql_fixer.policy.fleet_limits import fleet_limits, run_limits

COOLDOWN = (timedelta(hours=24), timedelta(hours=72), timedelta(days=7))
SHOP = RepositoryEntry(
    repository="acme/shop",
    max_sessions_per_cycle=2,
    cooldown_hours=(1,),
    max_attempts=3,
    max_open_prs=4,
    tags=frozenset({"pci"}),
)
REGISTRY = Registry(
    repositories={"acme/shop": SHOP},
    slugs={"acme/shop": "acme/shop", "forks/shop": "acme/Shop"},
    global_session_limit=20,
    global_session_limit_period_hours=6,
    max_parallel_sessions=5,
    max_acu_per_period=200,
    family_failure_limit=3,
    min_fix_rate_pct=30,
)
OF_SHOP = RepositoryLimits(
    max_sessions=2, max_attempts=3, cooldown=(timedelta(hours=1),), max_open_prs=4, tags=frozenset({"pci"})
)


def test_fleet_limits__are_those_of_the_registry() -> None:
    assert fleet_limits(REGISTRY, max_sessions=7) == Limits(
        max_sessions=7,
        max_in_period=20,
        period=timedelta(hours=6),
        max_at_work=5,
        max_acu_in_period=200,
        each=RepositoryLimits(max_sessions=5, max_attempts=4, cooldown=COOLDOWN),
        repositories={"acme/shop": OF_SHOP},
        aliases={"acme/shop": "acme/shop", "forks/shop": "acme/shop"},
        min_fix_rate_pct=30,
        family_failure_limit=3,
        keeps_files_apart=True,
        stops_when_full=True,
    )


def test_run_limits__without_a_registry_are_those_of_the_run() -> None:
    registry = Registry(others=RepositoryEntry(max_attempts=3))

    assert run_limits(registry, "acme/shop", max_sessions=4) == Limits(
        max_sessions=4,
        max_in_period=100,
        max_at_work=100,
        each=RepositoryLimits(max_sessions=12, max_attempts=3, cooldown=COOLDOWN),  # each may be tried three times
    )


def test_run_limits__hold_all_that_the_registry_says() -> None:
    whole = fleet_limits(REGISTRY, max_sessions=7)

    limits = run_limits(REGISTRY, "Acme/Shop", max_sessions=7)

    assert limits == replace(whole, each=OF_SHOP, repositories={}, keeps_files_apart=False, stops_when_full=False)
    assert (limits.family_failure_limit, limits.min_fix_rate_pct, limits.each.max_open_prs) == (3, 30, 4)
    assert limits.known_as("forks/shop") == "acme/shop"
