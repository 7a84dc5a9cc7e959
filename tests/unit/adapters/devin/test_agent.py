"""The agent over a service that answers in other ways than it ought to: filters that do nothing, ids that are lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.devin.agent import DevinAgent
from codeql_fixer.adapters.devin.order import Choices, order_of
from codeql_fixer.domain.session import Attachment, Session, SessionRequest, SessionState
from codeql_fixer.errors import AgentDeniedError, AgentUnavailableError, SessionRefusedError, SessionUnsettledError
from codeql_fixer.ports.agent import Capabilities, Created, MessagePage
from codeql_fixer.transport.errors import DamagedAnswerError, NoAnswerError, StatusError
from tests.unit.transport.fake_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


START = datetime(2026, 11, 21, tzinfo=UTC)
REQUEST = SessionRequest(
    intent_id="i-1",
    target_repo="acme/shop",
    title="Fix",
    prompt="Fix it.",
    family="injection",
    targets=(),
    tags=("repo:acme/shop", "cqf:i-1"),
    playbook="injection",
)
LOST = NoAnswerError("POST sessions: reset", may_have_acted=True, is_transient=True)


class Service:
    """Sessions in memory, with one method for each call.

    Args:
        sessions: newest first.
    """

    capabilities = Capabilities(is_paid=True, tells_cost=True, takes_messages=True, takes_attachments=True)

    def __init__(self, *sessions: Session) -> None:
        self.sessions, self.time = list(sessions), FakeTime()
        self.upload_seconds = self.seconds = 0.0
        self.failures: list[Exception] = []
        self.upload_failure: Exception | None = None
        self.asked: list[str] = []
        self.word = ""

    def start(
        self, request: SessionRequest, *, attachment_urls: Sequence[str], choices: Choices, seconds: float
    ) -> Created:
        del attachment_urls, choices
        self.seconds = seconds
        self._fail("start")
        return Created(session_id=request.intent_id, url="")

    def upload(self, attachment: Attachment, *, seconds: float) -> str:
        del seconds
        self.time.now += self.upload_seconds
        if self.upload_failure:
            raise self.upload_failure
        return attachment.name

    def session(self, session_id: str) -> Session:
        self._fail("session")
        found = [session for session in self.sessions if session.id == session_id]
        if not found:
            raise StatusError("GET", 404, "")
        return found[0]

    def listed(self, *, tag: str = "", seconds: float | None = None) -> Iterator[Session]:
        del tag, seconds  # a service that does not know the filter shows everything
        self._fail("listed")
        return iter(self.sessions)

    def batches(self, session_ids: Sequence[str]) -> Sequence[Sequence[str]]:
        return [session_ids]

    def some(self, session_ids: Sequence[str]) -> Sequence[Session]:
        del session_ids
        self._fail("some")
        return self.sessions[:2]

    def messages(self, session_id: str, cursor: str) -> MessagePage:
        raise NotImplementedError(session_id, cursor)

    def send(self, session_id: str, text: str) -> str:
        del session_id, text
        return self.word

    def end(self, session_id: str) -> None:
        del session_id
        self._fail("end")

    def _fail(self, call: str) -> None:
        self.asked.append(call)
        if self.failures:
            raise self.failures.pop(0)


def _session(number: int, *tags: str, state: SessionState = SessionState.WORKING, at: int | None = 0) -> Session:
    created_at = None if at is None else START + timedelta(seconds=at)
    return Session(
        id=f"devin-{number}",
        agent="devin",
        state=state,
        raw_state="",
        tags=tags,
        created_at=created_at,
        url=f"u{number}",
    )


def _agent(service: Service) -> DevinAgent:
    return DevinAgent(service, account="test", threads=4, timing=service.time.timing())


def test_find_by_tag__believes_no_filter() -> None:
    service = Service(_session(3, "a"), _session(2, "cqf:i-1", at=5), _session(1, "cqf:i-1", at=1), _session(0))

    assert [session.id for session in _agent(service).find_by_tag("cqf:i-1")] == ["devin-1", "devin-2"]


def test_find_by_tag__sorts_those_of_one_second_as_they_are_listed() -> None:
    service = Service(*(_session(number, "t", at=None if number == 9 else 0) for number in (9, 3, 2, 1)))

    assert [session.id for session in _agent(service).find_by_tag("t")] == [
        f"devin-{number}" for number in (1, 2, 3, 9)
    ]


def test_create__adopts_the_oldest_and_nobody_elses() -> None:
    service = Service(_session(3, "other"), _session(2, "cqf:i-1", at=9), _session(1, "cqf:i-1", at=1))
    service.failures = [LOST]

    assert _agent(service).create(REQUEST) == Created(session_id="devin-1", url="u1", was_there=True)
    assert service.asked.count("start") == 1


def test_create__looks_several_times_before_it_gives_up() -> None:
    service = Service(_session(1, "other"))
    service.failures = [LOST, LOST, StatusError("GET", 401, "")]

    with pytest.raises(SessionUnsettledError, match="POST sessions: reset; no session with the tag cqf:i-1"):
        _agent(service).create(REQUEST)

    assert service.asked == ["start", *["listed"] * 6]
    assert sum(service.time.slept) == pytest.approx(15.5)


def test_create__an_answer_that_cannot_be_read_is_no_answer() -> None:
    service = Service(_session(1, "cqf:i-1"))
    service.failures = [DamagedAnswerError("no session_id")]

    assert _agent(service).create(REQUEST).was_there


def test_create__counts_uploads_and_order_together() -> None:
    """Who claimed has to know when at the latest a session may begin."""
    service = Service()
    service.upload_seconds = 45.0
    files = tuple(Attachment(name=name, content=b"") for name in "ab")

    _agent(service).create(replace(REQUEST, attachments=files))

    assert service.seconds == 120 - 90


def test_find_by_tag__that_is_refused_is_wrongly_set_up() -> None:
    service = Service()
    service.failures = [StatusError("GET /v3/organizations/org-1/sessions", 404, "Not Found")]

    with pytest.raises(AgentDeniedError, match="check DEVIN_ORG_ID"):
        _agent(service).find_by_tag("cqf:i-1")


def test_states__asks_one_by_one_for_what_no_list_shows() -> None:
    service = Service(*(_session(number) for number in range(6)))

    found = _agent(service).states(["1", "devin-4", "devin-5", "devin-9"])

    assert sorted(session.id for session in found) == ["devin-1", "devin-4", "devin-5"]
    assert service.asked == ["some", *["session"] * 3]


def test_states__raises_what_is_no_answer_at_all() -> None:
    service = Service(_session(1))
    service.failures = [StatusError("GET", 503, "down")]

    with pytest.raises(AgentUnavailableError, match="503: down"):
        list(_agent(service).states(["1", "2"]))


def test_send__believes_the_state_and_not_the_word() -> None:
    service = Service(_session(1), _session(2, state=SessionState.STOPPED))
    service.word = "noted"
    agent = _agent(service)

    agent.send("1", "Hello")
    with pytest.raises(SessionRefusedError, match="devin-2 takes no message: noted"):
        agent.send("2", "Hello")


@pytest.mark.parametrize(
    ("state", "detail", "is_error"),
    [
        (SessionState.STOPPED, "conflict", False),
        (SessionState.WORKING, "Devin session already exited", False),  # said at once, shown later
        (SessionState.WORKING, "conflict", True),
    ],
)
def test_stop__refused(state: SessionState, detail: str, *, is_error: bool) -> None:
    service = Service(_session(1, state=state))
    service.failures = [StatusError("DELETE", 409, detail)]

    if is_error:
        with pytest.raises(SessionRefusedError):
            _agent(service).stop("1")
    else:
        _agent(service).stop("1")


def test_order__leaves_to_the_service_what_is_not_said() -> None:
    order = order_of(REQUEST, Choices())

    assert order.keys() == {"prompt", "title", "tags", "structured_output_schema"}
    assert order["tags"] == ["cqf:i-1", "repo:acme/shop"]


def test_order__says_what_was_chosen() -> None:
    choices = Choices(playbooks={"injection": "playbook-1"}, knowledge_ids=(), secret_ids=("secret-1",))
    request = replace(REQUEST, max_acu=7, secrets={"TOKEN": "value"})

    order = order_of(request, choices, devin_mode=None, repos=["acme/shop"])

    assert (order["playbook_id"], order["max_acu_limit"], order["repos"]) == ("playbook-1", 7, ["acme/shop"])
    assert (order["knowledge_ids"], order["secret_ids"]) == ((), ("secret-1",))
    assert order["session_secrets"] == [{"key": "TOKEN", "value": "value", "sensitive": True}]
    assert "devin_mode" not in order
