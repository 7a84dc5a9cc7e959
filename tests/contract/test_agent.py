"""What every agent does. An agent is one more stage in `_STAGES`; the suite does not know what is behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from codeql_fixer.adapters.devin.factory import devin_account
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.adapters.prompts.triage import TriageRenderer
from codeql_fixer.domain.registry import Registry
from codeql_fixer.domain.session import Attachment, FixTarget, Session, SessionRequest, SessionState
from codeql_fixer.domain.triage import GivenScore, TriageAnswer
from codeql_fixer.errors import SessionNotFoundError, SessionRefusedError
from codeql_fixer.policy.session_end import is_over, state_of
from codeql_fixer.transport.http import Limits
from codeql_fixer.twin.fleet.agent import FleetAgent
from codeql_fixer.twin.fleet.assumptions import Assumptions
from codeql_fixer.twin.fleet.forge import FleetHost
from codeql_fixer.twin.fleet.luck import Luck
from codeql_fixer.twin.fleet.scanner import FleetScans
from codeql_fixer.twin.fleet.start import made_up
from codeql_fixer.twin.fleet.world import World
from tests.agents import MemoryAgent
from tests.devin_twin import DevinTwin, devin_twin
from tests.local_sessions import local_theatre
from tests.questions import question
from tests.records import at, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from codeql_fixer.ports.agent import Agent

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
ASKED = (fingerprint(1), fingerprint(2))


class Stage(Protocol):
    """An agent, and what is needed to see it act. Nothing on a stage happens by itself."""

    unknown_id: str
    key: str
    """What opens the agent's service, "" where nothing does."""

    @property
    def agent(self) -> Agent:
        """Who acts."""
        ...

    def other_agent(self) -> Agent:
        """The same agent as another process would have it."""
        ...

    def started(self, tag: str) -> int:
        """How many sessions with a tag were ever started, as the service counts them and not as it lists them."""
        ...

    def strangers_session(self) -> None:
        """Have somebody else start a session."""
        ...

    def finish(self) -> None:
        """Let time pass until every session has done its work."""
        ...


class DevinStage:
    """Devin, played by its twin.

    Args:
        twin: to talk to.
        key: chooses the generation of the API.
    """

    unknown_id = "devin-" + "0" * 32

    def __init__(self, twin: DevinTwin, key: str) -> None:
        twin.reset()
        twin.outcome("waiting_for_user")
        self._twin, self.key = twin, key
        self.agent = self.other_agent()

    def other_agent(self) -> Agent:
        limits = Limits(connections=20)
        return devin_account(self.key, org_id=self._twin.org, base_url=self._twin.url, limits=limits).agent()

    def started(self, tag: str) -> int:
        return len(self._twin.sessions_with(tag))

    def strangers_session(self) -> None:
        self._twin.create("somebody-else")

    def finish(self) -> None:
        self._twin.advance(3600)


class MemoryStage:
    """The twin of all agents in memory."""

    unknown_id = "s-999"
    key = ""

    def __init__(self) -> None:
        self._now = at(0)
        self._memory = MemoryAgent(lambda: self._now)
        self._memory.answer = TriageAnswer(scores=tuple(GivenScore(fingerprint=name, score=50) for name in ASKED))
        self.agent: Agent = self._memory

    def other_agent(self) -> Agent:
        return MemoryAgent(lambda: self._now)

    def started(self, tag: str) -> int:
        return sum(tag in session.tags for session in self._memory.sessions.values())

    def strangers_session(self) -> None:
        name = f"stranger-{len(self._memory.sessions)}"
        self._memory.sessions[name] = Session(id=name, agent="x", state=SessionState.WORKING, raw_state="running")

    def finish(self) -> None:
        self._now += timedelta(hours=1)
        for session in list(self._memory.sessions.values()):
            if session.intent_id:
                self._memory.end(session.id)


class FleetStage:
    """The agent of a simulated fleet, in a world in which every session ends well."""

    unknown_id = "devin-i-0-1"
    key = ""

    def __init__(self) -> None:
        luck = Luck(1)
        assumptions = Assumptions(session_failures=0.0, lost_answers=0.0, outages_per_month=0.0)
        self._world = World(made_up(["acme/shop"], assumptions, luck), luck)
        self._host = FleetHost(self._world, FleetScans(self._world, MemoryLedger(), Registry()))
        self._fleet = FleetAgent("devin", self._world, self._host)
        self.agent: Agent = self._fleet

    def other_agent(self) -> Agent:
        return FleetAgent("devin", self._world, self._host)

    def started(self, tag: str) -> int:
        return sum(job.request.tag == tag for job in self._fleet.jobs.values())

    def strangers_session(self) -> None:
        """Nobody else is in that world."""

    def finish(self) -> None:
        self._world.advance(self._world.now + timedelta(days=2))


@contextmanager
def _devin(version: str) -> Iterator[Callable[[], Stage]]:
    with devin_twin() as twin:
        yield lambda: DevinStage(twin, twin.key if version == "v3" else twin.v1_key)


_STAGES: dict[str, Callable[[], AbstractContextManager[Callable[[], Stage]]]] = {
    "devin-v3": lambda: _devin("v3"),
    "devin-v1": lambda: _devin("v1"),
    "memory": lambda: nullcontext(MemoryStage),
    "fleet": lambda: nullcontext(FleetStage),
    "local": local_theatre,
}


@pytest.fixture(scope="module", params=_STAGES)
def theatre(request: pytest.FixtureRequest) -> Iterator[Callable[[], Stage]]:
    """Makes stages of one kind."""
    with _STAGES[request.param]() as make:
        yield make


@pytest.fixture
def stage(theatre: Callable[[], Stage]) -> Stage:
    """A stage on which nothing has happened."""
    return theatre()


def _request(intent_id: str = "i-1", **more: Any) -> SessionRequest:  # noqa: ANN401 - passed on
    target = FixTarget(
        id="CQLF-R1-0001",
        fingerprint="cqf1:" + "a" * 64,
        rule_id="py/sql-injection",
        family="injection",
        file="shop/db.py",
        start_line=7,
        message="Query built from user input.",
    )
    wished = {
        "target_repo": "acme/shop",
        "title": "Fix 1 injection issue",
        "prompt": "Fix CQLF-R1-0001 in shop/db.py.",
        "family": "injection",
        "targets": (target,),
        "tags": ("repo:acme/shop", "family:injection"),
    }
    return SessionRequest(intent_id=intent_id, **{**wished, **more})


# --- who it is


def test_account__is_the_same_for_all_with_the_same_key_and_does_not_tell_it(stage: Stage) -> None:
    account, other = stage.agent.account, stage.other_agent().account

    assert account == other
    assert len(account) <= 200
    assert not stage.key or stage.key not in account


# --- starting


def test_create__starts_a_session_that_bears_the_intent(stage: Stage) -> None:
    created = stage.agent.create(_request())

    session = stage.agent.get(created.session_id)
    assert not created.was_there
    assert (session.id, session.agent, session.title) == (created.session_id, stage.agent.name, "Fix 1 injection issue")
    assert session.intent_id == "i-1"
    assert {"cqf:i-1", "repo:acme/shop", "family:injection"} <= set(session.tags)
    assert session.raw_state
    assert session.created_at is not None
    assert stage.started("cqf:i-1") == 1


def test_create__each_intent_gets_its_own_whatever_else_is_the_same(stage: Stage) -> None:
    first, second = stage.agent.create(_request("i-1")), stage.agent.create(_request("i-2"))

    assert first.session_id != second.session_id
    assert [stage.started(f"cqf:i-{number}") for number in (1, 2)] == [1, 1]


def test_create__by_many_threads_at_once(stage: Stage) -> None:
    with ThreadPoolExecutor(20) as threads:
        created = list(threads.map(lambda number: stage.agent.create(_request(f"i-{number}")), range(60)))

    assert len({one.session_id for one in created}) == 60
    assert all(stage.started(f"cqf:i-{number}") == 1 for number in range(60))


def test_create__keeps_the_intent_among_too_many_tags(stage: Stage) -> None:
    created = stage.agent.create(_request(tags=tuple(f"tag-{number}" for number in range(60))))

    assert stage.agent.get(created.session_id).intent_id == "i-1"


def test_create__takes_all_that_a_request_may_have(stage: Stage) -> None:
    files = (Attachment(name="findings.json", content=b"[]"),) if stage.agent.capabilities.takes_attachments else ()
    request = _request(
        mode="fast",
        max_acu=5,
        playbook="injection",
        secrets={"PIP_TOKEN": "s3cr3t"},
        base_branch="main",
        attachments=files,
    )

    created = stage.agent.create(request)

    assert stage.agent.get(created.session_id).intent_id == "i-1"


# --- finding


def test_find_by_tag__finds_exactly_that_tag(stage: Stage) -> None:
    created = {name: stage.agent.create(_request(name)).session_id for name in ("i-1", "i-11", "i-1.1")}

    assert [session.id for session in stage.agent.find_by_tag("cqf:i-1")] == [created["i-1"]]
    assert [session.id for session in stage.agent.find_by_tag("cqf:i-1.1")] == [created["i-1.1"]]
    assert stage.agent.find_by_tag("cqf:i-") == []
    assert stage.agent.find_by_tag("cqf:i-2") == []


def test_find_by_tag__finds_several_the_oldest_first(stage: Stage) -> None:
    ids = []
    for number in range(3):
        ids.append(stage.agent.create(_request(f"i-{number}", tags=("wave:1",))).session_id)
        stage.finish()

    assert [session.id for session in stage.agent.find_by_tag("wave:1")] == ids


def test_find_by_tag__finds_what_has_ended(stage: Stage) -> None:
    created = stage.agent.create(_request())
    stage.agent.stop(created.session_id)

    assert [session.id for session in stage.agent.find_by_tag("cqf:i-1")] == [created.session_id]


def test_ours__are_those_with_a_tag_of_ours_newest_first(stage: Stage) -> None:
    ids = []
    for number in range(3):
        stage.strangers_session()
        ids.append(stage.agent.create(_request(f"i-{number}")).session_id)
        stage.finish()

    assert [session.id for session in stage.agent.ours()] == ids[::-1]


def test_ours__are_none_at_first(stage: Stage) -> None:
    assert list(stage.agent.ours()) == []


def test_states__of_those_that_exist(stage: Stage) -> None:
    ids = {stage.agent.create(_request(f"i-{number}")).session_id for number in range(3)}
    stage.strangers_session()

    found = list(stage.agent.states([*ids, *ids, stage.unknown_id]))

    assert {session.id for session in found} == ids
    assert len(found) == 3


def test_states__of_one_or_none(stage: Stage) -> None:
    created = stage.agent.create(_request())

    assert [session.id for session in stage.agent.states([created.session_id])] == [created.session_id]
    assert list(stage.agent.states([stage.unknown_id])) == []
    assert list(stage.agent.states([])) == []


def test_states__say_the_same_as_get(stage: Stage) -> None:
    ids = [stage.agent.create(_request(f"i-{number}")).session_id for number in range(3)]
    stage.finish()

    found = {session.id: session for session in stage.agent.states(ids)}

    assert found == {session_id: stage.agent.get(session_id) for session_id in ids}


# --- the course of a session


def test_session__is_not_over_at_first(stage: Stage) -> None:
    session = stage.agent.get(stage.agent.create(_request()).session_id)

    assert session.state in {SessionState.QUEUED, SessionState.WORKING}
    assert not is_over(session)
    assert (session.report, session.pull_requests) == (None, ())


def test_session__proposes_a_change_and_reports(stage: Stage) -> None:
    created = stage.agent.create(_request())

    stage.finish()

    session = stage.agent.get(created.session_id)
    assert state_of(session) is SessionState.FINISHED
    assert session.report is not None
    assert session.report.status.is_final
    assert [link.url for link in session.pull_requests] == [session.report.pull_request_url]


def test_session__tells_what_it_cost_if_its_agent_can(stage: Stage) -> None:
    created = stage.agent.create(_request())
    stage.finish()

    cost = stage.agent.get(created.session_id).acu_used

    assert (cost is not None) == stage.agent.capabilities.tells_cost


# --- messages


def test_messages__come_once_each_and_in_order(stage: Stage) -> None:
    session_id = stage.agent.create(_request()).session_id
    first = stage.agent.messages(session_id)
    stage.finish()

    second = stage.agent.messages(session_id, first.cursor)
    third = stage.agent.messages(session_id, second.cursor)

    every = stage.agent.messages(session_id)
    assert first.messages + second.messages == every.messages
    assert third.messages == ()
    assert stage.agent.messages(session_id, third.cursor).messages == ()
    assert len({message.id for message in every.messages}) == len(every.messages)
    assert any(message.is_agent for message in second.messages)


def test_send__is_among_the_messages_and_is_answered(stage: Stage) -> None:
    if not stage.agent.capabilities.takes_messages:
        pytest.skip("this agent takes no messages")
    session_id = stage.agent.create(_request()).session_id
    stage.finish()
    cursor = stage.agent.messages(session_id).cursor

    stage.agent.send(session_id, "Also for <b>Windows</b>, bitte schön.")
    stage.finish()

    texts = [(one.is_agent, one.text) for one in stage.agent.messages(session_id, cursor).messages]
    assert texts[0] == (False, "Also for <b>Windows</b>, bitte schön.")
    assert any(is_agent for is_agent, _ in texts)


def test_send__to_what_has_ended_is_refused(stage: Stage) -> None:
    session_id = stage.agent.create(_request()).session_id
    stage.agent.stop(session_id)

    with pytest.raises(SessionRefusedError):
        stage.agent.send(session_id, "Are you there?")


# --- stopping


def test_stop__ends_a_session_and_keeps_what_it_wrote(stage: Stage) -> None:
    session_id = stage.agent.create(_request()).session_id
    stage.finish()
    before = stage.agent.messages(session_id).messages

    stage.agent.stop(session_id)
    stage.finish()

    session = stage.agent.get(session_id)
    assert is_over(session)
    assert session.report is not None
    assert stage.agent.messages(session_id).messages[: len(before)] == before


def test_stop__of_one_that_has_done_nothing(stage: Stage) -> None:
    session_id = stage.agent.create(_request()).session_id

    stage.agent.stop(session_id)
    stage.finish()

    assert stage.agent.get(session_id).state is SessionState.STOPPED


def test_stop__again_changes_nothing(stage: Stage) -> None:
    session_id = stage.agent.create(_request()).session_id
    stage.agent.stop(session_id)
    before = stage.agent.get(session_id)

    stage.agent.stop(session_id)

    assert stage.agent.get(session_id) == before


# --- sessions that are not there

_CALLS: dict[str, Callable[[Agent, str], object]] = {
    "get": lambda agent, session_id: agent.get(session_id),
    "messages": lambda agent, session_id: agent.messages(session_id),
    "send": lambda agent, session_id: agent.send(session_id, "Hello?"),
    "stop": lambda agent, session_id: agent.stop(session_id),
}


@pytest.mark.parametrize("call", _CALLS)
@pytest.mark.parametrize("session_id", ["", "../sessions", "x?a=b#c", "ä ö"])
def test_agent__knows_no_session_by_that_id(stage: Stage, call: str, session_id: str) -> None:
    with pytest.raises(SessionNotFoundError):
        _CALLS[call](stage.agent, session_id or stage.unknown_id)


def test_create__a_triage_answers_about_each_issue_and_is_about_no_repository(stage: Stage) -> None:
    if not stage.agent.capabilities.takes_triage:
        pytest.skip("it says nothing about how much issues matter")
    prompt = TriageRenderer().prompt([question(fingerprint=name) for name in ASKED])
    request = _request("t-1", target_repo="", prompt=prompt, family="triage", targets=(), is_triage=True)

    created = stage.agent.create(request)
    stage.finish()
    stage.agent.get(created.session_id)
    session = stage.agent.get(created.session_id)

    assert state_of(session) is SessionState.FINISHED
    assert session.triage is not None
    assert [one.fingerprint for one in session.triage.scores] == [*ASKED]
    assert all(0 <= one.score <= 100 for one in session.triage.scores)
    assert stage.started("cqf:t-1") == 1
    assert [one.id for one in stage.other_agent().find_by_tag("cqf:t-1")] in ([session.id], [])
