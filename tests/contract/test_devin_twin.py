"""The twin of Devin obeys the published contract: every answer of every route, over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.devin_twin import devin_twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.devin_twin import DevinTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(scope="module")
def running() -> Iterator[DevinTwin]:
    with devin_twin("--seed", "7") as twin:
        yield twin


@pytest.fixture
def twin(running: DevinTwin) -> DevinTwin:
    running.reset()
    return running


def test_session__goes_from_new_to_waiting_with_a_pull_request(twin: DevinTwin) -> None:
    twin.outcome("waiting_for_user")
    name = twin.create("cqf:i-1", repos=["acme/shop"])

    before = twin.ask("GET", f"sessions/devin-{name}").json
    twin.advance(100)
    after = twin.ask("GET", f"sessions/{name}").json

    assert (before["status"], before["pull_requests"]) == ("new", [])
    assert (after["status"], after["status_detail"]) == ("running", "waiting_for_user")
    assert after["pull_requests"][0]["pr_url"].startswith("https://github.com/acme/shop/pull/")


def test_fault__commit_then_500_leaves_one_session(twin: DevinTwin) -> None:
    twin.fault("commit-then-500", match={"method": "POST", "path": "/sessions$"})

    answer = twin.ask("POST", "sessions", {"prompt": "Fix it.", "tags": ["cqf:i-1"]})

    assert answer.status == 500
    assert len(twin.sessions_with("cqf:i-1")) == 1
    assert [one["tags"] for one in twin.ask("GET", "sessions?tags=cqf:i-1").json["items"]] == [["cqf:i-1"]]


def test_session__that_was_terminated_takes_no_message(twin: DevinTwin) -> None:
    name = twin.create()

    ended = twin.ask("DELETE", f"sessions/{name}")
    refused = twin.ask("POST", f"sessions/{name}/messages", {"message": "Hello?"})

    assert (ended.status, ended.json["status"]) == (200, "exit")
    assert refused.status == 409
