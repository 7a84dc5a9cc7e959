"""What may be dispatched to whom, as settings and registry say, and which agents are set up here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.bootstrap.agents import AgentRoom, labels_of, limits_of, routing_of, time_limits_of
from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.domain.route import CODEMODDER, DEVIN, AgentKind, AgentProfile, Routing
from codeql_fixer.errors import UserError
from codeql_fixer.policy.dispatching import Limits, RepositoryLimits
from codeql_fixer.settings import DispatchSettings
from tests.commands import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = DispatchSettings.from_environ({"MAX_RETRY_ATTEMPTS": "2"})
ENTRY = Registry().entry("acme/shop")


def test_limits_of__without_a_registry_are_those_of_the_run() -> None:
    limits = limits_of(Registry(), ENTRY, SETTINGS, max_sessions=4)

    assert limits == Limits(
        max_sessions=4,
        max_in_period=100,
        max_at_work=100,
        each=RepositoryLimits(
            max_sessions=12,  # each of them may be tried three times in waves
            max_attempts=3,
            cooldown=(timedelta(hours=24), timedelta(hours=72), timedelta(days=7)),
        ),
    )


def test_limits_of__a_registry_has_the_last_word_about_the_fleet() -> None:
    registry = Registry(
        global_session_limit=20, global_session_limit_period_hours=6, max_parallel_sessions=5, max_acu_per_period=200
    )
    entry = replace(ENTRY, max_sessions_per_cycle=2, cooldown_hours=(1,), max_attempts=9)

    limits = limits_of(registry, entry, SETTINGS, max_sessions=4)

    assert (limits.each.max_sessions, limits.max_in_period, limits.max_at_work) == (2, 20, 5)
    assert (limits.period, limits.max_acu_in_period, limits.each.cooldown) == (
        timedelta(hours=6),
        200,
        (timedelta(hours=1),),
    )
    assert limits.each.max_attempts == 3  # the smaller one


@pytest.mark.parametrize(("of_entry", "of_run", "cap"), [(None, None, None), (7, None, 7), (None, 5, 5), (7, 5, 5)])
def test_routing_of__takes_the_smaller_limit(of_entry: int | None, of_run: int | None, cap: int | None) -> None:
    entry = replace(ENTRY, routing=replace(ENTRY.routing, max_acu=of_entry))

    assert routing_of(entry, replace(SETTINGS, max_acu_per_session=of_run)).max_acu == cap


def test_labels_of__the_agent_that_the_user_names_is_the_only_one() -> None:
    entry = replace(ENTRY, labels=frozenset({"agent:codemodder", "complexity:simple", "pci"}))

    assert labels_of(entry, SETTINGS) == entry.labels
    assert labels_of(entry, replace(SETTINGS, agent="devin")) == {"agent:devin", "complexity:simple", "pci"}


def test_time_limits_of__are_those_of_services() -> None:
    command = AgentProfile(name="coder", kind=AgentKind.COMMAND, is_paid=True, time_limit_minutes=9)
    routing = Routing(profiles=(replace(DEVIN, time_limit_minutes=30), CODEMODDER, command))

    assert time_limits_of(routing.profiles) == {"devin": timedelta(minutes=30)}


ROOMS = {
    "nothing": ({}, []),
    "forge": ({"FORGE": "forge"}, ["codemodder"]),
    "key": ({"DEVIN_API_KEY": "apk_x"}, ["devin"]),
    "both": ({"DEVIN_API_KEY": "cog_x", "DEVIN_ORG_ID": "org-x", "FORGE": "forge"}, ["devin", "codemodder"]),
}


@pytest.mark.parametrize(("environ", "names"), ROOMS.values(), ids=ROOMS)
def test_room__has_the_agents_that_are_set_up(tmp_path: Path, environ: dict[str, str], names: list[str]) -> None:
    room = AgentRoom(
        DispatchSettings.from_environ(environ),
        ENTRY.routing.profiles,
        state=tmp_path,
        playbooks=ROOT / "playbooks",
        environ={},
        tell=pytest.fail,
    )

    if names:
        assert list(room.agents(is_starting=False)) == names
    else:
        with pytest.raises(UserError, match="there is no agent to ask"):
            room.agents(is_starting=False)


def test_entry__of_a_repository_that_nobody_listed_is_enabled() -> None:
    assert isinstance(ENTRY, RepositoryEntry)
    assert ENTRY.is_enabled
