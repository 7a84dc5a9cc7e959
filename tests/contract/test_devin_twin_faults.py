"""The script of faults: each one happens to the requests that were named, and to no other."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.devin_twin import devin_twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.devin_twin import Answer, DevinTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

CREATE = {"method": "POST", "path": "/sessions$"}
ORDER = {"prompt": "Fix it.", "tags": ["cqf:i-1"]}


@pytest.fixture(scope="module")
def running() -> Iterator[DevinTwin]:
    with devin_twin("--seed", "7") as twin:
        yield twin


@pytest.fixture
def twin(running: DevinTwin) -> Iterator[DevinTwin]:
    running.reset()
    yield running
    running.switch(latency_ms=0)


def _order(twin: DevinTwin, timeout: float = 10) -> Answer:
    return twin.ask("POST", "sessions", ORDER, timeout=timeout)


def _count(twin: DevinTwin) -> int:
    return len(twin.sessions_with("cqf:i-1"))


@pytest.mark.parametrize("path", ["sessions", "/v1/sessions"])
def test_fault__commit_then_500(twin: DevinTwin, path: str) -> None:
    twin.fault("commit-then-500", match=CREATE)

    lost = twin.ask("POST", path, ORDER)

    assert (lost.status, _count(twin)) == (500, 1)
    assert twin.ask("GET", "sessions?tags=cqf:i-1").json["items"][0]["tags"] == ["cqf:i-1"]
    assert twin.ask("POST", path, ORDER).status == 200


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504])
def test_fault__a_status_does_nothing(twin: DevinTwin, status: int) -> None:
    twin.fault(str(status), match=CREATE, detail="No credits left.")

    answer = _order(twin)

    assert (answer.status, answer.json["detail"], _count(twin)) == (status, "No credits left.", 0)
    assert "retry-after" not in answer.headers
    assert _order(twin).status == 200


@pytest.mark.parametrize("value", [7, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_fault__tells_when_to_come_back(twin: DevinTwin, value: object) -> None:
    twin.fault("429", retry_after=value)

    answer = _order(twin)

    assert (answer.status, answer.headers["retry-after"]) == (429, str(value))


def test_fault__timeout_after_commit(twin: DevinTwin) -> None:
    twin.fault("timeout-after-commit", match=CREATE, seconds=0.2)

    with pytest.raises(http.client.RemoteDisconnected):
        _order(twin)

    assert _count(twin) == 1


def test_fault__timeout_after_commit_that_the_client_does_not_wait_for(twin: DevinTwin) -> None:
    twin.fault("timeout-after-commit", match=CREATE, seconds=30)

    with pytest.raises(TimeoutError):
        _order(twin, timeout=0.2)

    assert _count(twin) == 1


def test_fault__answer_that_comes_late(twin: DevinTwin) -> None:
    twin.fault("timeout-after-commit", match=CREATE, seconds=0.1, then="answer")

    assert _order(twin).status == 200


def test_fault__timeout_before(twin: DevinTwin) -> None:
    twin.fault("timeout-before", match=CREATE, seconds=0)

    with pytest.raises(http.client.RemoteDisconnected):
        _order(twin)

    assert _count(twin) == 0


@pytest.mark.parametrize(("commits", "count"), [(True, 1), (False, 0)])
def test_fault__reset(twin: DevinTwin, *, commits: bool, count: int) -> None:
    twin.fault("reset", match=CREATE, commits=commits)

    with pytest.raises(ConnectionResetError) as error:
        _order(twin)

    assert not isinstance(error.value, http.client.RemoteDisconnected)
    assert _count(twin) == count


def test_fault__half_body(twin: DevinTwin) -> None:
    twin.fault("half-body", match=CREATE)

    with pytest.raises(http.client.IncompleteRead):
        _order(twin)

    assert _count(twin) == 1


def test_fault__slow_drip(twin: DevinTwin) -> None:
    twin.fault("slow-drip", match=CREATE, seconds=0.1)

    assert _order(twin).json["tags"] == ["cqf:i-1"]


@pytest.mark.parametrize(("path", "member"), [("sessions", "items"), ("/v1/sessions", "sessions")])
def test_fault__duplicate_listing(twin: DevinTwin, path: str, member: str) -> None:
    names = [twin.create(str(number)) for number in range(3)]
    twin.fault("duplicate-listing", match={"path": "/sessions$"})

    listed = [one["session_id"].removeprefix("devin-") for one in twin.ask("GET", path).json[member]]

    assert listed == [*names[::-1], names[-1]]
    assert len(twin.ask("GET", path).json[member]) == 3


@pytest.mark.parametrize(("path", "member"), [("sessions", "items"), ("/v1/sessions", "sessions")])
def test_fault__stale_listing(twin: DevinTwin, path: str, member: str) -> None:
    twin.fault("stale-listing", seconds=60)
    name = twin.create("cqf:i-1")

    seen = []
    for _ in range(3):
        seen.append(len(twin.ask("GET", f"{path}?tags=cqf:i-1").json[member]))
        twin.advance(30)

    assert seen == [0, 0, 1]
    assert twin.ask("GET", f"sessions/{name}").status == 200


def test_fault__expired_key_lasts_until_faults_are_cleared(twin: DevinTwin) -> None:
    twin.create()
    twin.fault("expired-key", match={"nth": 2})

    statuses = [twin.ask("GET", path).status for path in ("sessions", "sessions", "/v1/sessions", "/v3/self")]
    twin.clear_faults()

    assert statuses == [200, 401, 401, 401]
    assert twin.ask("GET", "sessions").status == 200


@pytest.mark.parametrize(
    ("path", "member", "more"),
    [
        ("sessions/{}", "status", {}),
        ("/v1/sessions/{}", "status_enum", {}),
        ("sessions/{}", "status_detail", {"member": "status_detail"}),
    ],
)
def test_fault__unknown_enum(twin: DevinTwin, *, path: str, member: str, more: dict[str, Any]) -> None:
    name = twin.create()
    twin.fault("unknown-enum", **more)

    garbled, sound = (twin.ask("GET", path.format(name)).json for _ in range(2))

    assert (garbled[member], sound[member] == "hibernating") == ("hibernating", False)


def test_fault__unknown_field_in_every_session_of_a_list(twin: DevinTwin) -> None:
    twin.create()
    twin.create()
    twin.fault("unknown-field", member="mood", value={"is": ["good"]})

    items = twin.ask("GET", "sessions").json["items"]

    assert [one["mood"] for one in items] == [{"is": ["good"]}] * 2


def test_fault__latency_goes_with_another_fault(twin: DevinTwin) -> None:
    twin.switch(latency_ms=1)
    twin.fault("latency", ms=5)
    twin.fault("commit-then-500", match=CREATE)

    assert (_order(twin).status, _count(twin)) == (500, 1)


def test_fault__strikes_from_the_nth_request_for_so_many_times(twin: DevinTwin) -> None:
    twin.fault("503", match={**CREATE, "nth": 2, "times": 2})

    assert [_order(twin).status for _ in range(5)] == [200, 503, 503, 200, 200]
    [rule] = twin.admin("GET", "faults")["faults"]
    assert (rule["matched"], rule["struck"]) == (5, 2)


def test_fault__for_ever(twin: DevinTwin) -> None:
    twin.fault("503", match={"times": None})

    assert {_order(twin).status for _ in range(5)} == {503}


def test_fault__for_a_text_in_the_body(twin: DevinTwin) -> None:
    twin.fault("503", match={"body": "cqf:i-2"})

    assert _order(twin).status == 200
    assert twin.ask("POST", "sessions", {"prompt": "x", "tags": ["cqf:i-2"]}).status == 503


def test_fault__in_the_way_of_another_is_first_come_first_served(twin: DevinTwin) -> None:
    twin.fault("502", match=CREATE)
    twin.fault("503", match={**CREATE, "times": 2})

    assert [_order(twin).status for _ in range(3)] == [502, 503, 200]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"fault": "earthquake"}, "unknown fault 'earthquake'"),
        ({"fault": "600"}, "unknown fault '600'"),
        ({"fault": "500", "match": {"path": "("}}, "no regular expression"),
        ({"fault": "500", "match": {"nth": 0}}, "nth"),
        ({"fault": "500", "seconds": -1}, "seconds"),
        ({"fault": "500", "secs": 1}, "secs"),
    ],
)
def test_faults__that_make_no_sense_are_refused(twin: DevinTwin, rule: dict[str, object], problem: str) -> None:
    answer = twin.ask("POST", "/__twin__/faults", [rule])

    assert (answer.status, problem in answer.content.decode()) == (422, True)
    assert twin.admin("GET", "faults") == {"faults": []}


def test_stats__count_requests_that_faults_struck(twin: DevinTwin) -> None:
    twin.fault("503", match=CREATE)
    _order(twin)
    _order(twin)
    twin.ask("GET", "nothing")

    assert twin.stats()["requests"] == {
        "POST /v3/organizations/{org_id}/sessions": 2,
        "GET other": 1,
    }


def test_disconnect__what_is_still_on_its_way_is_never_done(twin: DevinTwin) -> None:
    address = urlsplit(twin.url)
    body = json.dumps(ORDER).encode()
    with (
        socket.create_connection((address.hostname, address.port), timeout=10) as idle,
        closing(http.client.HTTPConnection(address.netloc, timeout=10)) as half,
    ):
        half.putrequest("POST", f"/v3/organizations/{twin.org}/sessions")
        half.putheader("Authorization", f"Bearer {twin.key}")
        half.putheader("Content-Length", str(len(body)))
        half.endheaders(body[:5])

        twin.disconnect()

        half.send(body[5:])
        with pytest.raises(ConnectionError):
            half.getresponse()
        assert idle.recv(1) == b""
    assert _count(twin) == 0
    assert _order(twin).status == 200
