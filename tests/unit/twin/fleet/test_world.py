"""What is in the code of a made-up fleet, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

from codeql_fixer.twin.fleet.assumptions import Assumptions
from codeql_fixer.twin.fleet.luck import Luck
from codeql_fixer.twin.fleet.start import BEGINNING, made_up
from codeql_fixer.twin.fleet.world import World

_DAY = timedelta(days=1)
_QUIET = Assumptions(arrivals_per_day=0.0, people_fix_per_day=0.0, regression_probability=0.0)


def _world(assumptions: Assumptions | None = None, seed: int = 1) -> World:
    luck = Luck(seed)
    return World(made_up(["acme/shop", "acme/api"], assumptions or Assumptions(), luck), luck)


def test_world__the_same_findings_come_whatever_is_done_about_them() -> None:
    one, other = _world(Assumptions(arrivals_per_day=3.0)), _world(Assumptions(arrivals_per_day=3.0))
    shop = one.repositories["acme/shop"]
    shop.fix(shop.flaws)

    for world in (one, other):
        world.advance(BEGINNING + 20 * _DAY)

    assert shop.flaws.keys() == other.repositories["acme/shop"].flaws.keys()
    assert len(shop.present()) < len(other.repositories["acme/shop"].present())


def test_world__findings_come_as_often_as_assumed() -> None:
    world = _world(Assumptions(arrivals_per_day=5.0, size_spread=0.0))
    before = len(world.repositories["acme/shop"].flaws)

    world.advance(BEGINNING + 100 * _DAY)

    assert 430 <= len(world.repositories["acme/shop"].flaws) - before <= 570


def test_world__a_fix_removes_and_may_come_undone() -> None:
    world = _world(Assumptions(arrivals_per_day=0.0, people_fix_per_day=0.0, regression_probability=1.0))
    shop = world.repositories["acme/shop"]

    shop.fix([*shop.flaws, "of nothing that is there"])
    gone = shop.present()
    world.advance(BEGINNING + 300 * _DAY)

    assert gone == []
    assert len(shop.present()) == len(shop.flaws)
    assert all(flaw.present_since > BEGINNING for flaw in shop.present())


def test_world__without_any_rates_nothing_happens() -> None:
    world = _world(_QUIET)
    before = len(world.repositories["acme/shop"].present())

    world.advance(BEGINNING + 300 * _DAY)

    assert len(world.repositories["acme/shop"].present()) == before


def test_world__people_fix_some() -> None:
    world = _world(Assumptions(arrivals_per_day=0.0, people_fix_per_day=0.05))

    world.advance(BEGINNING + 300 * _DAY)

    assert world.repositories["acme/shop"].present() == []


def test_world__outages_do_not_depend_on_who_asks() -> None:
    asked, quiet = _world(), _world()
    for hour in range(24 * 30):
        asked.advance(BEGINNING + timedelta(hours=hour))
        asked.is_out("agent")
    quiet.advance(asked.now)

    told = []
    for hour in range(24 * 60):
        for world in (asked, quiet):
            world.advance(BEGINNING + 30 * _DAY + timedelta(hours=hour))
        told.append((asked.is_out("agent"), quiet.is_out("agent")))

    assert all(one == other for one, other in told)
    assert 0 < sum(one for one, _ in told) < len(told) / 10


def test_world__has_no_outages_where_none_are_assumed() -> None:
    world = _world(Assumptions(outages_per_month=0.0))
    world.advance(BEGINNING + 30 * _DAY)

    assert not world.is_out("host")
