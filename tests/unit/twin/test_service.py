"""The twin of Devin without its socket: it has an answer for whatever is asked."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.twin.clock import TwinClock
from codeql_fixer.twin.devin.service import Service
from codeql_fixer.twin.devin.state import State
from codeql_fixer.twin.wire import Request

STATE = State(7)
BASE = f"/v3/organizations/{STATE.org_id}/"
THINGS = (
    "sessions",
    "playbooks",
    "knowledge/notes",
    "knowledge/folders",
    "secrets",
    "attachments",
    "consumption/daily",
)
NAMES = (
    *("prompt", "title", "tags", "repos", "playbook_id", "structured_output_schema", "max_acu_limit", "body", "macro"),
    *("name", "trigger", "folder_id", "type", "key", "value", "message", "session_secrets", "attachment_urls", "mix"),
    *("outcome", "advance_seconds", "fault", "match", "errors", "latency_ms", "idempotent", "trigger_description"),
)
WORDS = st.one_of(
    st.text(max_size=5), st.sampled_from(["key-value", "!go", "https://a/b", "500", "object", "#/$defs/a"])
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 2**70), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["properties", "$ref", "type", "path"]), inner)
    ),
    max_leaves=5,
)
BODIES = st.one_of(st.binary(max_size=20), st.dictionaries(st.sampled_from(NAMES), ANYTHING).map(msgspec.json.encode))
PARAMETERS = ("first", "after", "tags", "created_after", "is_archived", "limit", "offset", "expires", "time_after")


@st.composite
def _requests(draw: st.DrawFn, ids: list[str]) -> Request:
    parts = [
        draw(st.sampled_from(["/v1/", BASE, "/__twin__/"])),
        draw(st.sampled_from([*THINGS, "faults", "clock", "x"])),
    ]
    if draw(st.booleans()):
        parts.append("/" + draw(st.sampled_from([*ids, "x"])))
        parts.append(draw(st.sampled_from(["", "/messages", "/message", "/tags", "/archive", "/unarchive", "/x"])))
    key = STATE.v1_api_key if parts[0] == "/v1/" else STATE.api_key
    return Request(
        method=draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"])),
        path="".join(parts),
        query=draw(st.dictionaries(st.sampled_from(PARAMETERS), st.lists(st.text(max_size=5), min_size=1), max_size=2)),
        headers={"authorization": f"Bearer {key}"},
        body=draw(BODIES),
    )


@given(data=st.data())
def test_service__answers_whatever_is_asked(data: st.DataObject) -> None:
    STATE.reset()
    service = Service(STATE, TwinClock(start=1e9, speed=0, monotonic=lambda: 0.0))
    ids: list[str] = []
    for _ in range(5):
        delivery = service.handle(data.draw(_requests(ids)))
        service.done()
        ids += _ids_in(msgspec.json.decode(delivery.response.content or b"null"))

        assert delivery.response.status in {*range(200, 205), 307, *range(400, 600)}


def _ids_in(body: Any) -> list[str]:  # noqa: ANN401 - any JSON
    return [value for name, value in body.items() if name.endswith("id") and value] if isinstance(body, dict) else []
