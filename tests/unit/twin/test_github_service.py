"""The twin of GitHub without its socket: it has an answer for whatever is asked."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.twin.clock import TwinClock
from codeql_fixer.twin.github.service import Service
from codeql_fixer.twin.github.state import State
from codeql_fixer.twin.wire import Request

STATE = State(7)
SHOP = "repos/acme/shop"
THINGS = ("", "/commits", "/pulls", "/pulls/1", "/actions/runs", "/actions/workflows", "/actions/workflows/scan.yml")
MORE = (
    "/actions/workflows/scan.yml/dispatches",
    "/code-scanning/analyses",
    "/rename",
    "/workflows/scan.yml",
    "/analyses",
)
PLACES = ("rate_limit", "orgs/acme", "orgs/acme/repos", "users/acme/repos", "repositories/1/pulls", "x", "")
SURFACE = ("runs", "stats", "faults", "clock", "switches", "disconnect")
NAMES = (
    *("ref", "inputs", "return_run_details", "head", "number", "action", "sarif", "to", "count", "branch", "at"),
    *("default_branch", "fault", "advance_seconds", "primary_per_hour", "every_seconds", "fork_of"),
)
WORDS = st.one_of(st.text(max_size=5), st.sampled_from(["main", "merge", "push", "acme/shop", "500", "scan.yml"]))
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 2**70), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["runs", "results"]), inner)),
    max_leaves=5,
)
BODIES = st.one_of(st.binary(max_size=20), st.dictionaries(st.sampled_from(NAMES), ANYTHING).map(msgspec.json.encode))
PARAMETERS = ("page", "per_page", "since", "until", "sha", "state", "sort", "direction", "ref", "head", "status")


@st.composite
def _requests(draw: st.DrawFn) -> Request:
    below = draw(st.sampled_from(["/", "/__twin__/"]))
    thing = draw(st.sampled_from([*(SHOP + one for one in (*THINGS, *MORE)), *PLACES, *SURFACE]))
    return Request(
        method=draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"])),
        path=below + thing,
        query=draw(st.dictionaries(st.sampled_from(PARAMETERS), st.lists(st.text(max_size=5), min_size=1), max_size=2)),
        headers={"authorization": f"Bearer {STATE.token}"},
        body=draw(BODIES),
    )


@given(st.lists(_requests(), max_size=12))
def test_service__answers_whatever_is_asked(requests: list[Request]) -> None:
    state = State(7)
    service = Service(state, TwinClock(start=1e9, speed=0, monotonic=lambda: 0.0))
    _do(service, "PUT .")
    _do(service, "PUT ./workflows/scan.yml")
    _do(service, "POST ./pulls", head="a")

    for request in requests:
        response = service.handle(request).response
        assert 200 <= response.status < 600
        if response.content and response.media_type.endswith("/json"):
            msgspec.json.decode(response.content)


def _do(service: Service, request: str, **body: Any) -> None:  # noqa: ANN401 - JSON says anything
    method, path = request.split()
    order = Request(method=method, path=f"/__twin__/repos/acme/shop{path[1:]}", body=msgspec.json.encode(body))
    response = service.handle(order).response
    assert response.status == 200, response.content
