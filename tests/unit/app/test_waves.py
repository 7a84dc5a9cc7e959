"""Waves: follow sessions to their end, retry, judge, go on or pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.dispatch import Waves
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.dispatch import DispatchIntent
from codeql_fixer.domain.session import SessionRequest, SessionState
from codeql_fixer.errors import (
    AgentUnavailableError,
)
from codeql_fixer.policy.dispatching import Limits, RepositoryLimits
from tests.agents import MemoryAgent
from tests.dispatching import REPOSITORY
from tests.records import fingerprint
from tests.unit.app.fleets import Fleet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from codeql_fixer.domain.session import Session

FAILED = SessionState.FAILED


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Three issues that nobody has tried to fix."""
    return Fleet(tmp_path)


def test_follow__keeps_what_it_saw_when_it_is_broken_off(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, ends=lambda request: SessionState.WORKING if request.prompt == "B3" else FAILED)
    dispatcher = fleet.dispatcher(waves=Waves(size=3, retries=0, threshold=0))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    follower = replace(dispatcher.follower, sleep=sleep)
    with pytest.raises(KeyboardInterrupt):
        replace(dispatcher, follower=follower).run(fleet)

    states = {seen.session_id: seen.state for record in fleet.records(Cycle) for seen in record.sessions}
    assert sorted(states.values()) == ["failed", "failed", "queued"]


def test_waves__end_when_the_budget_does(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, ends=lambda _: SessionState.BUDGET_STOP)

    report = fleet.dispatcher(waves=Waves(size=1, retries=3, threshold=50)).run(fleet)

    assert len(fleet.agent.requests) == 1
    assert report.stopped == "a session stopped for want of budget"


def test_waves__follow_each_session_to_its_end(fleet: Fleet) -> None:
    report = fleet.dispatcher(waves=Waves(size=2, retries=0, threshold=50)).run(fleet)

    assert (report.paused, len(report.sessions)) == ("", 3)
    assert fleet.index.pause_of(REPOSITORY) is None
    catch_up(fleet.ledger, fleet.index)
    assert [fleet.index.issues(fingerprint(number))[0].lifecycle for number in (1, 2, 3)] == ["pr_open"] * 3
    assert fleet.index.acu_of("injection") == (1.5, 1.5, 1.5)


def test_waves__a_bad_wave_pauses_the_repository(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, ends=lambda request: FAILED if request.prompt in {"B1", "B2"} else SessionState.FINISHED)

    report = fleet.dispatcher(waves=Waves(size=2, retries=0, threshold=50)).run(fleet)
    again = fleet.dispatcher().run(fleet)

    assert report.paused == "0 of 2 sessions ended well, 50 % are needed"
    assert len(fleet.agent.requests) == 2
    assert {item.reason for item in again.held} == {f"paused: wave 1: {report.paused}"}


def test_waves__what_was_refused_did_not_end_badly(fleet: Fleet) -> None:
    fleet.agent.faults = [AgentUnavailableError("503")] * 20

    report = fleet.dispatcher(parallel=1, waves=Waves(size=2, retries=1, threshold=50)).run(fleet)

    assert (report.stopped, report.paused) == ("4 of 4 sessions could not be started", "")
    assert len(fleet.records(DispatchIntent)) == 4


def test_waves__keep_to_the_limit_of_the_repository(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, issues=5)

    limits = Limits(each=RepositoryLimits(max_sessions=3))

    report = fleet.dispatcher(limits, waves=Waves(size=2, retries=0, threshold=50)).run(fleet)

    assert len(report.started) == 3
    assert {item.reason for item in report.held} == {"the repository has its 3 sessions of this run"}


def test_waves__retry_what_failed_before_they_judge(tmp_path: Path) -> None:
    asked: list[str] = []

    def ends(request: SessionRequest) -> SessionState:
        asked.append(request.prompt)
        return FAILED if asked.count(request.prompt) == 1 else SessionState.FINISHED

    fleet = Fleet(tmp_path, ends=ends)

    report = fleet.dispatcher(waves=Waves(size=2, retries=1, threshold=100)).run(fleet)

    assert report.paused == ""
    assert sorted(asked) == ["B1", "B1", "B2", "B2", "B3", "B3"]
    assert sorted(item.intent.attempt for item in report.started) == [1, 1, 1, 2, 2, 2]


def test_waves__stop_a_session_that_takes_too_long(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, issues=1, ends=lambda _: SessionState.WORKING)
    foreign = fleet.agent.create(fleet.request_for("somebody-else"))

    report = fleet.dispatcher(waves=Waves(size=1, retries=0, threshold=50)).run(fleet)

    [ended] = report.sessions.values()
    assert (ended.state, ended.detail) == (SessionState.STOPPED, "stopped after 2 h")
    assert fleet.agent.get(foreign.session_id).state is SessionState.QUEUED  # what this run did not start


class _Restless(MemoryAgent):
    """An agent that does not answer every other look."""

    _looked = 0

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        self._looked += 1
        if self._looked % 2:
            raise AgentUnavailableError("the agent rests")
        return super().states(session_ids)


def test_waves__a_service_that_rests_says_nothing_about_its_sessions(fleet: Fleet) -> None:
    fleet.agent = _Restless(fleet.clock)

    report = fleet.dispatcher(waves=Waves(size=3, retries=0, threshold=50)).run(fleet)

    assert (report.paused, len(report.sessions)) == ("", 3)
