"""What may be dispatched to whom, as settings and registry say, and which agents are set up here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.bootstrap.agents import AgentRoom, time_limits_of, wishes_of
from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.domain.route import CODEMODDER, DEVIN, AgentKind, AgentProfile, Routing
from codeql_fixer.errors import UserError
from codeql_fixer.policy.wishes import RunWishes
from codeql_fixer.settings import DispatchSettings
from tests.commands import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Registry().entry("acme/shop")


def test_wishes_of__are_what_the_run_was_given() -> None:
    given = DispatchSettings.from_environ({"MAX_ACU_PER_SESSION": "7", "AGENT": "codemodder"})

    assert wishes_of(given) == RunWishes(agent="codemodder", max_acu_per_session=7, max_retry_attempts=3)


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
