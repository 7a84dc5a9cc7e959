"""Following sessions: until when, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.author import Author
from codeql_fixer.app.follow import HOSTS, Follower, Watched, hosts_with
from codeql_fixer.app.keep import Recorder
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.session import SessionRequest, SessionState
from codeql_fixer.ports.ledger import Stored
from tests.agents import MemoryAgent
from tests.records import PRODUCER, at


class Stage:
    """An agent whose sessions never end, and a time that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = at(0)
        self.ledger = MemoryLedger()
        self.agent = MemoryAgent(lambda: self.now, lambda _: SessionState.WORKING)

    def session(self) -> str:
        """A new session."""
        order = SessionRequest(intent_id="i-1", target_repo="acme/shop", title="t", prompt="p", family="f", targets=())
        return self.agent.create(order).session_id

    def watched(self, session_id: str, agent: str = "devin") -> Watched:
        """To follow from now on."""
        return Watched(session_id=session_id, agent=agent, intent_id="i-1", repository="acme/shop", started_at=self.now)

    def sleep(self, seconds: float) -> None:
        """Wait; after four days somebody has had enough."""
        self.now += timedelta(seconds=seconds)
        if self.now > at(96):
            raise KeyboardInterrupt

    def follower(self, **members: Any) -> Follower:  # noqa: ANN401 - passed on
        """Stops what takes two hours."""
        given = {
            "agents": {"devin": self.agent},
            "recorder": Recorder(ledger=self.ledger, kept=MemoryLedger(), replay=""),
            "author": Author(producer=PRODUCER, run_id="7", clock=lambda: self.now),
            "sleep": self.sleep,
            "poll_seconds": 60,
            "time_limit": timedelta(hours=2),
            "on_session": lambda _: None,
        }
        return Follower(**{**given, **members})

    def recorded(self) -> list[tuple[str, str, str]]:
        """Id, state and words about the sessions on the ledger."""
        entries = [entry for entry in self.ledger.read_since("").entries if isinstance(entry, Stored)]
        cycles = [entry.record for entry in entries if isinstance(entry.record, Cycle)]
        return [(seen.session_id, seen.state, seen.detail) for cycle in cycles for seen in cycle.sessions]


LIMITS = {
    "that of all": ({}, 2, "stopped after 2 h"),
    "a shorter one of its agent": ({"devin": timedelta(minutes=30)}, 0.5, "stopped after 0.5 h"),
    "a longer one of its agent": ({"devin": timedelta(hours=9)}, 2, "stopped after 2 h"),
    "one of another agent": ({"other": timedelta(minutes=1)}, 2, "stopped after 2 h"),
}


@pytest.mark.parametrize(("limits", "hours", "words"), LIMITS.values(), ids=LIMITS)
def test_follow__stops_what_takes_too_long(limits: dict[str, timedelta], hours: float, words: str) -> None:
    stage = Stage()
    name = stage.session()

    last = stage.follower(time_limits=limits).follow([stage.watched(name)])

    assert (last[name].state, stage.now) == (SessionState.STOPPED, at(hours))
    assert stage.agent.get(name).state is SessionState.STOPPED
    assert stage.recorded() == [(name, "stopped", words)]


def test_follow__without_a_limit_stops_nothing_and_keeps_what_it_saw() -> None:
    stage = Stage()
    name = stage.session()

    with pytest.raises(KeyboardInterrupt):
        stage.follower(time_limit=None, time_limits={"devin": timedelta(minutes=1)}).follow([stage.watched(name)])

    assert stage.agent.get(name).state is not SessionState.STOPPED
    assert [found[0] for found in stage.recorded()] == [name]


def test_follow__a_session_that_was_taken_away_ends_with_its_time() -> None:
    stage = Stage()

    last = stage.follower().follow([stage.watched("gone"), stage.watched("of-nobody", agent="unknown")])

    assert (last, stage.now, stage.recorded()) == ({}, at(2), [])


SERVERS = {"": False, "https://GitHub.example.com": True, "https://github.example.com:8443/api": False}


@pytest.mark.parametrize("server", SERVERS)
def test_hosts_with__has_the_server_and_nothing_that_is_none(server: str) -> None:
    found = hosts_with(server)

    assert ("github.example.com" in found) is SERVERS[server]
    assert (found >= HOSTS, "" in found) == (True, False)
