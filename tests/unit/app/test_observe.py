"""Sessions that nobody follows: what becomes of those that wait, or take longer than they may."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.domain.session import SessionState
from codeql_fixer.errors import AgentUnavailableError
from codeql_fixer.policy.dispatching import Limits
from tests.agents import MemoryAgent
from tests.records import PRODUCER
from tests.unit.app.fleets import Fleet

if TYPE_CHECKING:
    from pathlib import Path

A_DAY = timedelta(days=1)


class _Busy(MemoryAgent):
    """An agent that ends nothing at the moment."""

    def stop(self, session_id: str) -> None:
        raise AgentUnavailableError(f"{session_id}: not now")


def _started(folder: Path, state: SessionState, kind: type[MemoryAgent] = MemoryAgent) -> Fleet:
    """A fleet with one session, which has come to a state and stays in it."""
    fleet = Fleet(folder)
    fleet.agent = kind(fleet.clock, lambda _: state)
    fleet.dispatcher(Limits(max_sessions=1)).run(fleet)
    fleet.agent.get("s-1")
    return fleet


def _observe(fleet: Fleet, **time_limits: timedelta) -> SessionState | None:
    """Look; what the ledger says of the session then."""
    author = Author(producer=PRODUCER, run_id="8", clock=fleet.clock)
    recorder = Recorder(ledger=fleet.ledger, kept=fleet.kept, replay="")
    catch_up(fleet.ledger, fleet.index)
    agents = {"devin": fleet.agent}
    Observer(
        index=fleet.index,
        agents=agents,
        recorder=recorder,
        author=author,
        tell=fleet.told.append,
        time_limits=time_limits,
    ).observe()
    catch_up(fleet.ledger, fleet.index)
    [claim] = fleet.index.claims(fleet.clock.now - timedelta(days=30))
    return claim.session


@pytest.mark.parametrize(
    ("state", "age", "limits", "is_ended"),
    [
        (SessionState.WAITING, A_DAY, {}, True),  # nobody answered, and it held a place among those at work
        (SessionState.WAITING, A_DAY - timedelta(seconds=1), {}, False),
        (SessionState.WORKING, 9 * A_DAY, {}, False),  # nobody said how long it may take
        (SessionState.WORKING, timedelta(hours=2), {"devin": timedelta(hours=2)}, True),
        (SessionState.WORKING, timedelta(hours=1), {"devin": timedelta(hours=2)}, False),
        (SessionState.WORKING, timedelta(hours=2), {"other": timedelta(hours=2)}, False),
    ],
)
def test_observe__ends_what_nobody_is_to_wait_for(
    tmp_path: Path, *, state: SessionState, age: timedelta, limits: dict[str, timedelta], is_ended: bool
) -> None:
    fleet = _started(tmp_path, state)
    fleet.clock.now += age

    seen = _observe(fleet, **limits)

    assert (seen is SessionState.STOPPED) is is_ended
    assert (fleet.agent.sessions["s-1"].state is SessionState.STOPPED) is is_ended


def test_observe__ends_nothing_that_is_over(tmp_path: Path) -> None:
    fleet = _started(tmp_path, SessionState.FINISHED)
    fleet.clock.now += 9 * A_DAY

    assert _observe(fleet, devin=timedelta(hours=2)) is SessionState.FINISHED


def test_observe__goes_on_when_a_session_cannot_be_ended(tmp_path: Path) -> None:
    fleet = _started(tmp_path, SessionState.WAITING, _Busy)
    fleet.clock.now += A_DAY

    assert _observe(fleet) is SessionState.WAITING
    assert fleet.told == ["warning: session s-1 could not be ended, end it by hand: s-1: not now"]
