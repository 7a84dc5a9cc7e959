"""Devin on its worst days: whatever happens to a request or its answer, an intent has one session at most.

The twin breaks connections, commits and fails, hides what it made; its admin surface counts what was really started.
"""

from __future__ import annotations

import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from codeql_fixer.adapters.devin.factory import devin_account
from codeql_fixer.domain.session import Attachment, SessionRequest, SessionState
from codeql_fixer.errors import (
    AgentDeniedError,
    AgentUnavailableError,
    BudgetStopError,
    CodeqlFixerError,
    SessionRefusedError,
    SessionUnsettledError,
)
from codeql_fixer.ports.agent import Created
from codeql_fixer.transport.circuit import CircuitLimits
from codeql_fixer.transport.http import Limits
from tests.devin_twin import DevinTwin, devin_twin
from tests.unit.transport.fake_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codeql_fixer.adapters.devin.agent import DevinAgent

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

Fault = dict[str, Any]
POST: Fault = {"method": "POST", "path": "/sessions$"}
LIST: Fault = {"method": "GET", "path": "/sessions$"}
PEM = "-----BEGIN KEY-----\ns3cr3t\ns3cr3t\n-----END KEY-----"


class Scene(NamedTuple):
    """A twin, agents that talk to it, and the time that passes for them only when they wait between tries.

    `hasty` waits for no answer longer than a moment, which is for faults that take for ever.
    """

    twin: DevinTwin
    agent: DevinAgent
    hasty: DevinAgent
    time: FakeTime

    def fault(self, *faults: Fault) -> None:
        """Script faults."""
        self.twin.admin("POST", "faults", list(faults))

    def count(self, tag: str = "cqf:i-1") -> int:
        """How many sessions were ever started with a tag."""
        return len(self.twin.sessions_with(tag))


@pytest.fixture(scope="module")
def twin() -> Iterator[DevinTwin]:
    """One for all; each test begins with a new state of it."""
    with devin_twin() as running:
        yield running


def _agent(twin: DevinTwin, version: str, time: FakeTime, *, seconds: float = 20) -> DevinAgent:
    limits = Limits(answer_seconds=seconds, deadline_seconds=30, connections=20, circuit=CircuitLimits(failures=50))
    key = twin.key if version == "v3" else twin.v1_key
    return devin_account(key, org_id=twin.org, base_url=twin.url, limits=limits, timing=time.timing()).agent()


@pytest.fixture(params=["v3", "v1"])
def scene(request: pytest.FixtureRequest, twin: DevinTwin) -> Scene:
    """Nothing has happened yet."""
    twin.reset()
    twin.admin("POST", "switches", {"v3_ids": "bare", "v1_ids": "prefixed", "errors": "problem", "v1_era": "new"})
    twin.outcome("waiting_for_user")
    time = FakeTime()
    version = request.param
    return Scene(twin, _agent(twin, version, time), _agent(twin, version, time, seconds=0.3), time)


def _request(number: int = 1, **more: Any) -> SessionRequest:  # noqa: ANN401 - passed on
    wished = {
        "target_repo": "acme/shop",
        "title": "Fix",
        "prompt": "Fix it.",
        "family": "injection",
        "targets": (),
        **more,
    }
    return SessionRequest(intent_id=f"i-{number}", **wished)


def _tried(agent: DevinAgent, request: SessionRequest) -> Created | CodeqlFixerError:
    try:
        return agent.create(request)
    except CodeqlFixerError as error:
        return error


# --- creating

_LOST_ANSWERS: dict[str, Fault] = {
    "commit-then-500": {"fault": "commit-then-500"},
    "timeout-after-commit": {"fault": "timeout-after-commit"},
    "late-answer": {"fault": "timeout-after-commit", "then": "answer", "seconds": 1},
    "half-body": {"fault": "half-body"},
    "slow-drip": {"fault": "slow-drip"},
    "reset": {"fault": "reset"},
}


@pytest.mark.parametrize("name", _LOST_ANSWERS)
def test_create__whose_answer_is_lost_finds_what_it_made(scene: Scene, name: str) -> None:
    scene.fault({**_LOST_ANSWERS[name], "match": POST})

    created = scene.hasty.create(_request())

    [session] = scene.twin.sessions_with("cqf:i-1")
    assert created.was_there
    assert created.session_id == f"devin-{session['session_id'].removeprefix('devin-')}"
    assert created.url.endswith(session["session_id"].removeprefix("devin-"))


@pytest.mark.parametrize(
    "list_fault",
    [
        {"fault": "stale-listing", "match": {**LIST, "times": 3}},
        {"fault": "503", "match": {**LIST, "times": 2}},
        {"fault": "429", "retry_after": 3, "match": LIST},
        {"fault": "reset", "match": LIST},
        {"fault": "half-body", "match": LIST},
        {"fault": "duplicate-listing", "match": {**LIST, "times": None}},
        {"fault": "unknown-field", "match": {**LIST, "times": None}},
        {"fault": "unknown-enum", "match": {**LIST, "times": None}},
    ],
    ids=lambda fault: fault["fault"],
)
def test_create__looks_again_when_the_list_has_its_day_too(scene: Scene, list_fault: Fault) -> None:
    scene.fault({"fault": "commit-then-500", "match": POST}, list_fault)

    created = scene.agent.create(_request())

    assert created.was_there
    assert scene.count() == 1


@pytest.mark.parametrize(
    ("faults", "sessions"),
    [
        # It was made, and cannot be seen.
        ([{"fault": "commit-then-500", "match": POST}, {"fault": "stale-listing"}], 1),
        ([{"fault": "reset", "match": POST}, {"fault": "500", "match": {**LIST, "times": None}}], 1),
        ([{"fault": "half-body", "match": POST}, {"fault": "401", "match": {**LIST, "times": None}}], 1),
        # It was not made, and the answer does not say so.
        ([{"fault": "timeout-before", "match": POST}], 0),
        ([{"fault": "reset", "commits": False, "match": POST}], 0),
        ([{"fault": "500", "match": POST}], 0),
        ([{"fault": "503", "match": POST}], 0),
        ([{"fault": "408", "match": POST}], 0),
    ],
)
def test_create__that_nobody_can_tell_is_not_made_again(scene: Scene, faults: list[Fault], sessions: int) -> None:
    scene.fault(*faults)

    with pytest.raises(SessionUnsettledError, match="no session with the tag cqf:i-1 is to be seen yet"):
        scene.hasty.create(_request())

    assert scene.count() == sessions
    scene.twin.clear_faults()
    assert len(scene.agent.find_by_tag("cqf:i-1")) == sessions  # who looks later is told the truth


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"fault": "401"}, AgentDeniedError),
        ({"fault": "403"}, AgentDeniedError),
        ({"fault": "expired-key"}, AgentDeniedError),
        ({"fault": "402"}, BudgetStopError),
        ({"fault": "403", "detail": "Your organization is out of credits"}, BudgetStopError),
        ({"fault": "429", "detail": "usage_limit_exceeded"}, BudgetStopError),
        ({"fault": "400"}, SessionRefusedError),
        ({"fault": "404"}, SessionRefusedError),
        ({"fault": "409"}, SessionRefusedError),
        ({"fault": "422"}, SessionRefusedError),
        ({"fault": "429"}, AgentUnavailableError),
        ({"fault": "429", "retry_after": 7200}, AgentUnavailableError),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else "",
)
def test_create__that_is_refused_starts_nothing(scene: Scene, fault: Fault, error: type[Exception]) -> None:
    scene.fault({**fault, "match": {**POST, "times": None}})

    with pytest.raises(CodeqlFixerError) as raised:
        scene.agent.create(_request())

    assert type(raised.value) is error
    assert scene.count() == 0


@pytest.mark.parametrize("retry_after", [None, 2, "Sat, 21 Nov 2026 10:00:00 GMT"])
def test_create__waits_when_it_is_asked_to(scene: Scene, retry_after: str | int | None) -> None:
    scene.fault({"fault": "429", "retry_after": retry_after, "match": {**POST, "times": 3}})

    created = scene.agent.create(_request())

    assert not created.was_there
    assert (scene.count(), len(scene.time.slept)) == (1, 3)
    assert retry_after != 2 or min(scene.time.slept) >= 2


@pytest.mark.parametrize("fault", ["unknown-enum", "unknown-field"])
def test_create__passes_over_what_is_new(scene: Scene, fault: str) -> None:
    scene.fault({"fault": fault, "match": {"times": None}})

    created = scene.agent.create(_request())

    assert scene.agent.get(created.session_id).intent_id == "i-1"
    assert scene.count() == 1


def test_create__with_nobody_there_starts_nothing() -> None:
    time = FakeTime()
    with devin_twin() as gone:
        agent = _agent(gone, "v3", time)
        agent.create(_request(1))
        gone.kill()

        with pytest.raises(AgentUnavailableError, match=r"no connection from 127\.0\.0\.1"):
            agent.create(_request(2))


def test_create__by_many_on_a_bad_day(scene: Scene) -> None:
    """Every fault strikes some of the requests, for creating and for looking."""
    for place, fault in enumerate([*_LOST_ANSWERS.values(), {"fault": "429"}, {"fault": "503"}, {"fault": "reset"}]):
        scene.fault({"match": {**POST, "nth": 3 + 4 * place, "times": 2}, **fault})
    scene.fault(*({"fault": "503", "match": {**LIST, "nth": number}} for number in (2, 5, 9)))

    with ThreadPoolExecutor(20) as threads:
        outcomes = list(threads.map(lambda number: _tried(scene.hasty, _request(number)), range(60)))

    counts = [scene.count(f"cqf:i-{number}") for number in range(60)]
    for outcome, count in zip(outcomes, counts, strict=True):
        assert count == 1 if isinstance(outcome, Created) else count <= 1
        assert isinstance(outcome, Created | SessionUnsettledError)


@pytest.mark.parametrize(
    ("fault", "kind"), [("422", SessionRefusedError), ("402", BudgetStopError), ("500", SessionUnsettledError)]
)
def test_create__a_quoted_secret_is_told_to_nobody(scene: Scene, fault: str, kind: type[Exception]) -> None:
    scene.fault({"fault": fault, "detail": f"{PEM} is no value", "match": POST})
    request = _request(secrets={"TOKEN": PEM})

    with pytest.raises(kind, match=f"sessions: {fault} .*may quote a secret") as error:
        scene.agent.create(request)

    told = "".join(traceback.format_exception(error.value))
    assert "s3cr3t" not in told + repr(error.value) + repr(request)
    assert error.value.__cause__ is error.value.__context__ is None


def test_create__of_what_is_no_text_starts_nothing_and_tells_nothing(scene: Scene) -> None:
    """The encoder's error holds the whole text."""
    with pytest.raises(SessionRefusedError, match="not all of it is text") as error:
        scene.agent.create(_request(secrets={"TOKEN": "s3cr3t\udcff"}))

    assert error.value.__context__ is None
    assert scene.count() == 0


# --- attachments


def test_create__attaches_files(scene: Scene) -> None:
    files = (Attachment(name="findings.json", content=b'{"a":1}'), Attachment(name="flow.md", content="ü".encode()))

    created = scene.agent.create(_request(attachments=files))

    attached = scene.twin.ask("GET", f"sessions/{created.session_id}/attachments").json
    assert [one["name"] for one in attached] == ["findings.json", "flow.md"]


@pytest.mark.parametrize("fault", ["500", "commit-then-500", "reset", "half-body"])
def test_create__uploads_again_since_that_costs_nothing(scene: Scene, fault: str) -> None:
    scene.fault({"fault": fault, "match": {"method": "POST", "path": "/attachments$"}})

    created = scene.agent.create(_request(attachments=(Attachment(name="a.json", content=b"{}"),)))

    assert len(scene.twin.ask("GET", f"sessions/{created.session_id}/attachments").json) == 1


@pytest.mark.parametrize(("fault", "error"), [("500", AgentUnavailableError), ("422", SessionRefusedError)])
def test_create__without_its_files_starts_nothing(scene: Scene, fault: str, error: type[Exception]) -> None:
    scene.fault({"fault": fault, "match": {"method": "POST", "path": "/attachments$", "times": None}})

    with pytest.raises(error):
        scene.agent.create(_request(attachments=(Attachment(name="a.json", content=b"{}"),)))

    assert scene.count() == 0


# --- everything else

_READS: dict[str, Callable[[DevinAgent, str], object]] = {
    "get": lambda agent, one: agent.get(one),
    "find_by_tag": lambda agent, _: agent.find_by_tag("cqf:i-1"),
    "states": lambda agent, one: list(agent.states([one, "devin-" + "0" * 32])),
    "ours": lambda agent, _: list(agent.ours()),
    "messages": lambda agent, one: agent.messages(one),
    "stop": lambda agent, one: agent.stop(one),
}


@pytest.mark.parametrize("call", _READS)
def test_agent__tries_again_what_does_no_harm(scene: Scene, call: str) -> None:
    session_id = scene.agent.create(_request()).session_id
    scene.twin.advance(3600)
    expected = _READS[call](scene.agent, session_id)

    for fault in ("500", "503", "429", "reset", "half-body", "slow-drip", "timeout-before", "commit-then-500"):
        scene.fault({"fault": fault})
        assert _READS[call](scene.hasty, session_id) == expected, fault


@pytest.mark.parametrize("call", _READS)
def test_agent__says_so_when_the_key_is_not_accepted(scene: Scene, call: str) -> None:
    session_id = scene.agent.create(_request()).session_id
    scene.fault({"fault": "expired-key"})

    with pytest.raises(AgentDeniedError, match="DEVIN_API_KEY"):
        _READS[call](scene.agent, session_id)


@pytest.mark.parametrize("call", _READS)
def test_agent__says_so_when_the_service_is_down(scene: Scene, call: str) -> None:
    session_id = scene.agent.create(_request()).session_id
    scene.fault({"fault": "503", "match": {"times": None}})

    with pytest.raises(AgentUnavailableError, match="503"):
        _READS[call](scene.agent, session_id)


@pytest.mark.parametrize("fault", ["reset", "commit-then-500", "timeout-after-commit", "timeout-before"])
def test_send__is_never_sent_twice(scene: Scene, fault: str) -> None:
    session_id = scene.agent.create(_request()).session_id
    scene.twin.advance(3600)
    scene.fault({"fault": fault, "match": {"method": "POST"}})

    with pytest.raises(AgentUnavailableError):
        scene.hasty.send(session_id, "once only")

    texts = [message.text for message in scene.agent.messages(session_id).messages]
    assert texts.count("once only") == (0 if fault == "timeout-before" else 1)


def test_stop__of_a_strangers_session_says_nothing_about_the_key(scene: Scene) -> None:
    session_id = scene.agent.create(_request()).session_id
    scene.fault({"fault": "403", "detail": "Only session owner can terminate", "match": {"method": "DELETE"}})

    with pytest.raises(SessionRefusedError, match="not ours to change"):
        scene.agent.stop(session_id)

    assert scene.agent.get(session_id).state is not SessionState.STOPPED


def test_states__of_many_take_few_calls(scene: Scene) -> None:
    with ThreadPoolExecutor(20) as threads:
        created = list(threads.map(lambda number: scene.agent.create(_request(number)).session_id, range(350)))
    before = _requests(scene.twin)

    found = {session.id for session in scene.agent.states(created)}

    assert found == set(created)
    assert _requests(scene.twin) - before <= 4


def test_ours__over_pages_that_move(scene: Scene) -> None:
    with ThreadPoolExecutor(20) as threads:
        created = set(threads.map(lambda number: scene.agent.create(_request(number)).session_id, range(450)))
    scene.fault({"fault": "duplicate-listing", "match": {"times": None}})

    found = [session.id for session in scene.agent.ours()]

    assert (set(found), len(found)) == (created, 450)


def _requests(twin: DevinTwin) -> int:
    return sum(twin.stats()["requests"].values())


@pytest.mark.parametrize(
    "switches",
    [
        {"v3_ids": "prefixed", "v1_ids": "bare"},
        {"errors": "detail", "v1_era": "old"},
        {"errors": "list"},
        {"errors": "null"},
    ],
    ids=lambda switches: ",".join(switches.values()),
)
def test_agent__reads_every_form_of_answers(scene: Scene, switches: dict[str, str]) -> None:
    scene.twin.admin("POST", "switches", switches)
    session_id = scene.agent.create(_request()).session_id
    scene.twin.advance(3600)
    scene.agent.send(session_id, "and now?")
    scene.twin.advance(3600)

    session = scene.agent.get(session_id)

    assert list(scene.agent.states([session_id, session_id, "devin-" + "0" * 32])) == [session]
    assert session.report is not None
    scene.agent.stop(session_id)
    scene.agent.stop(session_id)
    with pytest.raises(SessionRefusedError):
        scene.agent.send(session_id, "too late")
