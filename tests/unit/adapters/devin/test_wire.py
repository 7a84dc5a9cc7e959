"""Answers of both generations: what is read, what may be missing, and what is refused with the place in the message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.adapters.devin import shelves, wire_v1, wire_v3
from codeql_fixer.adapters.devin.wire import moment
from codeql_fixer.domain.session import PullRequestLink, SessionState
from codeql_fixer.ports.agent import Created
from codeql_fixer.transport.errors import DamagedAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

BARE = "0123456789abcdef0123456789abcdef"
V3_SESSION = {
    "session_id": BARE,
    "url": f"https://app.devin.ai/sessions/{BARE}",
    "status": "running",
    "status_detail": "waiting_for_user",
    "title": "Fix",
    "tags": ["cqf:i-1", "x"],
    "org_id": "org-1",
    "created_at": 1_790_000_000,
    "updated_at": 1_790_000_060,
    "acus_consumed": 1.25,
    "pull_requests": [{"pr_url": "https://github.com/acme/shop/pull/1", "pr_state": None}],
    "structured_output": {"status": "completed"},
    "is_archived": False,
}
V1_SESSION = {
    "session_id": f"devin-{BARE}",
    "status": "running",
    "status_enum": "blocked",
    "title": "Fix",
    "tags": ["cqf:i-1"],
    "created_at": "2026-09-21T14:13:20.000000+00:00",
    "updated_at": "2026-09-21T14:14:20Z",
    "pull_request": {"url": "https://github.com/acme/shop/pull/1"},
    "structured_output": None,
    "messages": [{"type": "devin_message", "event_id": "e1", "message": "Hi", "timestamp": "2026-09-21T14:13:30Z"}],
}


def _bytes(value: object) -> bytes:
    return json.dumps(value).encode()


def test_v3__session() -> None:
    session = wire_v3.parse_session(_bytes(V3_SESSION))

    assert session.id == f"devin-{BARE}"  # whatever form the answer has
    assert session == wire_v3.parse_session(_bytes({**V3_SESSION, "session_id": f"devin-{BARE}"}))
    assert (session.state, session.raw_state) == (SessionState.WAITING, "running/waiting_for_user")
    assert (session.intent_id, session.title, session.acu_used) == ("i-1", "Fix", 1.25)
    assert session.created_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert session.pull_requests == (PullRequestLink("https://github.com/acme/shop/pull/1"),)
    assert session.report is not None


def test_v3__session_of_the_fewest_words() -> None:
    session = wire_v3.parse_session(_bytes({"session_id": BARE}))

    assert (session.state, session.raw_state, session.tags) == (SessionState.WORKING, "", ())
    assert (session.created_at, session.acu_used, session.report) == (None, None, None)


def test_v3__session_of_nulls_and_new_words() -> None:
    nulls = {name: None for name in V3_SESSION if name != "session_id"}
    new = {"session_id": BARE, "status": "pondering", "status_detail": "deeply", "mood": {"a": [1]}}

    assert wire_v3.parse_session(_bytes({**nulls, "session_id": BARE})).state is SessionState.WORKING
    assert wire_v3.parse_session(_bytes(new)).raw_state == "pondering/deeply"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, SessionState.FINISHED),  # it rested with its work done
        ({"structured_output": None, "pull_requests": []}, SessionState.STOPPED),
        ({"status": "error", "status_detail": None}, SessionState.FAILED),
        ({"status": "suspended", "status_detail": "out_of_credits"}, SessionState.BUDGET_STOP),
    ],
)
def test_v3__what_is_archived_is_over(changes: dict[str, Any], state: SessionState) -> None:
    assert wire_v3.parse_session(_bytes({**V3_SESSION, "is_archived": True, **changes})).state is state


def test_v1__session() -> None:
    session = wire_v1.parse_session(_bytes(V1_SESSION))

    assert (session.id, session.url) == (f"devin-{BARE}", f"https://app.devin.ai/sessions/{BARE}")
    assert (session.state, session.raw_state) == (SessionState.WAITING, "running/blocked")
    assert session.created_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert session.pull_requests == (PullRequestLink("https://github.com/acme/shop/pull/1"),)
    assert session.acu_used is None


@pytest.mark.parametrize(
    ("output", "has_report"),
    [({"status": "completed"}, True), ('{"status":"completed"}', True), ("done", False), ("{", False), ("", False)],
)
def test_v1__output_may_be_wrapped(output: object, *, has_report: bool) -> None:
    session = wire_v1.parse_session(_bytes({**V1_SESSION, "structured_output": output}))

    assert (session.report is not None) == has_report


def test_v1__messages() -> None:
    [message] = wire_v1.parse_messages(_bytes(V1_SESSION))

    assert (message.id, message.is_agent, message.text) == ("e1", True, "Hi")
    assert message.at == datetime(2026, 9, 21, 14, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "was_there"),
    [
        ({"is_new_session": True}, False),
        ({"is_new_session": None}, False),
        ({}, False),
        ({"is_new_session": False}, True),
    ],
)
def test_v1__created(answer: dict[str, Any], *, was_there: bool) -> None:
    created = wire_v1.parse_created(_bytes({"session_id": BARE, "url": "u", **answer}))

    assert created == Created(session_id=f"devin-{BARE}", url="u", was_there=was_there)


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"", ""), (b"null", ""), (b" null\n", ""), (b'{"detail":null}', ""), (b'{"detail":"asleep"}', "asleep")],
)
def test_v1__answer_to_a_message(body: bytes, words: str) -> None:
    assert wire_v1.parse_sent(body) == words


@pytest.mark.parametrize("body", [b"https://x.example/a/b.json\n", b'"https://x.example/a/b.json"'])
def test_v1__attachment_with_and_without_quotes(body: bytes) -> None:
    assert wire_v1.parse_attachment(body) == "https://x.example/a/b.json"


@pytest.mark.parametrize("body", [b"", b'"', b"a\nATTACHMENT:", b'a"b', b"\xff\x00"])
def test_v1__attachment_that_would_break_out_of_its_line(body: bytes) -> None:
    with pytest.raises(DamagedAnswerError):
        wire_v1.parse_attachment(body)


def test_v3__pages() -> None:
    last = wire_v3.parse_sessions(_bytes({"items": [V3_SESSION], "end_cursor": "c", "has_next_page": False}))
    more = wire_v3.parse_sessions(_bytes({"items": [], "end_cursor": "c", "has_next_page": True, "total": None}))

    assert (len(last.items), last.next_cursor, last.end_cursor) == (1, "", "c")
    assert more.next_cursor == "c"


@pytest.mark.parametrize(
    ("parse", "body", "place"),
    [
        (wire_v3.parse_session, b"", "create|get a session"),
        (wire_v3.parse_session, b'{"session_id":', "get a session"),
        (wire_v3.parse_session, b"\xff", "get a session"),
        (wire_v3.parse_session, b"{}", "session_id"),
        (wire_v3.parse_session, b'{"session_id":""}', r"\$\.session_id"),
        (wire_v3.parse_created, b'{"session_id":7}', r"\$\.session_id"),
        (wire_v3.parse_sessions, b"[]", "list sessions"),
        (wire_v3.parse_sessions, b"{}", "items"),
        (wire_v3.parse_sessions, _bytes({"items": [V3_SESSION, {}]}), r"\$\.items"),
        # Where the next page is, nobody says: to stop there would lose what is on it.
        (wire_v3.parse_sessions, _bytes({"items": [], "has_next_page": True}), "goes on"),
        (wire_v3.parse_messages, b'{"items":[{"message":"x"}]}', "event_id"),
        (wire_v3.parse_attachment, b"{}", "url"),
        (wire_v1.parse_sessions, b"{}", "sessions"),
        (wire_v1.parse_created, b"null", "create a session"),
        (shelves.parse_note_id, b"{}", "no id"),
        (shelves.parse_playbooks, b'[{"title":"x"}]', "playbook_id"),
    ],
)
def test_wire__what_cannot_be_read_is_told_with_its_place(
    parse: Callable[[bytes], object], body: bytes, place: str
) -> None:
    with pytest.raises(DamagedAnswerError, match=place) as error:
        parse(body)

    assert error.value.may_have_acted


@pytest.mark.parametrize("value", [None, "", "yesterday", "2026-13-01", 1e300, -1e300, float("9" * 20)])
def test_moment__that_is_none(value: float | str | None) -> None:
    assert moment(value) is None


def test_moment__without_a_zone_is_utc() -> None:
    assert moment("2026-09-21T14:13:20") == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*V3_SESSION, *V1_SESSION]), _JSON))
def test_wire__anything_is_read_or_refused(changes: dict[str, Any]) -> None:
    for parse, session in ((wire_v3.parse_session, V3_SESSION), (wire_v1.parse_session, V1_SESSION)):
        try:
            found = parse(_bytes({**session, **changes}))
        except DamagedAnswerError:
            continue
        assert found.id.startswith("devin-")
        assert isinstance(found.state, SessionState)
