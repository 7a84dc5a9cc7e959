"""Calls over HTTP against a real server that misbehaves: what is sent, how often, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.errors import UserError
from codeql_fixer.transport.circuit import CircuitLimits
from codeql_fixer.transport.errors import CircuitOpenError, DamagedAnswerError, HttpError, NoAnswerError, StatusError
from codeql_fixer.transport.http import Call, Endpoint, HttpClient, Limits, Upload
from tests.unit.transport.fake_time import FakeTime
from tests.unit.transport.scripted_server import scripted

if TYPE_CHECKING:
    from tests.unit.transport.scripted_server import Step

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SCRIPTS = Path(__file__).parents[3] / "scripts"
BEARER = "cog_" + "s3cret" * 8
GET = Call(method="GET", path="/x")
POST = Call(method="POST", path="/x", content={"a": [1, "ü"]})
NO_CIRCUIT = CircuitLimits(failures=1000)


def _client(url: str, time: FakeTime | None = None, **limits: Any) -> HttpClient:  # noqa: ANN401 - passed on
    chosen = Limits(**{"answer_seconds": 0.4, "deadline_seconds": 30.0, "circuit": NO_CIRCUIT, **limits})
    return HttpClient(Endpoint(base_url=url, bearer=BEARER), chosen, timing=(time or FakeTime()).timing())


def _ask(call: Call, *steps: Step, **limits: Any) -> tuple[bytes | HttpError, int]:  # noqa: ANN401 - passed on
    """The answer or the error, and how many requests the server saw."""
    with scripted({"/x": steps}) as server:
        try:
            answer: bytes | HttpError = _client(server.url, **limits).ask(call)
        except HttpError as error:
            answer = error
        return answer, len(server.seen())


@pytest.fixture(scope="module")
def refusing() -> str:
    """An address where nobody listens any more."""
    with scripted({"/x": [{}]}) as server:
        pass
    return server.url


# --- what is sent


def test_ask__sends_bearer_query_and_json() -> None:
    call = Call(method="POST", path="/x", query=(("tags", "a b"), ("tags", "c&d")), content={"a": [1, "ü"]})

    with scripted({"/x": [{"body": '{"b":2}'}]}) as server:
        answer = _client(server.url).ask(call)
        [seen] = server.seen()

    assert answer == b'{"b":2}'
    assert (seen.method, seen.path) == ("POST", "/x?tags=a+b&tags=c%26d")
    assert json.loads(seen.body) == {"a": [1, "ü"]}
    assert seen.headers["Authorization"] == f"Bearer {BEARER}"
    assert seen.headers["Content-Type"] == "application/json"


def test_ask__uploads_a_file() -> None:
    with scripted({"/x": [{}]}) as server:
        _client(server.url).ask(Call(method="POST", path="/x", upload=Upload("a.json", b"content")))
        [seen] = server.seen()

    assert seen.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert 'name="file"; filename="a.json"' in seen.body
    assert "\r\n\r\ncontent\r\n" in seen.body


def test_ask__keeps_the_connection_through_answers_and_refusals() -> None:
    with scripted({"/x": [{}, {"status": 404, "body": "nothing here"}, {"status": 302}, {}]}) as server:
        client = _client(server.url)
        client.ask(GET)
        for _ in range(2):
            with pytest.raises(StatusError):
                client.ask(GET)
        client.ask(GET)
        seen = server.seen()

    assert {one.connection for one in seen} == {1}


def test_ask__threads_share_a_client() -> None:
    with scripted({"/x": [{"body": "[1]"}]}) as server, ThreadPoolExecutor(20) as threads:
        client = _client(server.url, answer_seconds=20.0, connections=20)
        answers = list(threads.map(lambda _: client.ask(POST), range(200)))
        connections = {one.connection for one in server.seen()}

    assert answers == [b"[1]"] * 200
    assert len(connections) <= 20


def test_ask__sends_no_cookies_back() -> None:
    with scripted({"/x": [{"headers": {"Set-Cookie": "a=b"}}, {}]}) as server:
        client = _client(server.url)
        client.ask(GET)
        client.ask(GET)
        seen = server.seen()

    assert "Cookie" not in seen[1].headers


def test_ask__follows_no_redirect() -> None:
    with (
        scripted({"/x": [{}]}) as other,
        scripted({"/x": [{"status": 307, "headers": {"Location": other.url}}]}) as server,
    ):
        with pytest.raises(StatusError, match="is not followed; mend the address") as error:
            _client(server.url).ask(GET)
        seen = other.seen()

    assert seen == []
    assert not error.value.may_have_acted


@pytest.mark.parametrize("location", ["http://[bad", "", "//", "gopher://x", "/x" * 10_000])
def test_ask__a_redirect_to_nowhere_is_a_refusal(location: str) -> None:
    step = {"status": 302, "headers": {"Location": location}, "body": "x" * 1000, "drip": 0.1, "dripped": "body"}

    answer, requests = _ask(POST, step)

    assert isinstance(answer, StatusError)
    assert (answer.status, answer.may_have_acted, requests) == (302, False, 1)


# --- what is sent again

ANSWERED, RESET, BUSY = {"body": "1"}, {"reset": True}, {"status": 429}
FAILED, HALF, LATE = {"status": 503}, {"body": '{"a":', "missing": 9}, {"wait": 60}


@pytest.mark.parametrize(
    ("method", "steps", "requests", "may_have_acted"),
    [
        # Harmless to repeat: whatever is not the answer is tried again.
        ("GET", [RESET, FAILED, HALF, BUSY, ANSWERED], 5, None),
        ("PUT", [FAILED, ANSWERED], 2, None),
        ("DELETE", [RESET, ANSWERED], 2, None),
        ("GET", [{"status": 404}], 1, False),
        ("GET", [{"status": 401}], 1, False),
        # May have been done by the server, though it did not say so.
        ("POST", [FAILED, ANSWERED], 1, True),
        ("POST", [RESET, ANSWERED], 1, True),
        ("POST", [HALF, ANSWERED], 1, True),
        ("POST", [LATE, ANSWERED], 1, True),
        ("POST", [{"status": 408}, ANSWERED], 1, True),
        # Surely not done.
        ("POST", [BUSY, BUSY, ANSWERED], 3, None),
        ("POST", [{"status": 422}, ANSWERED], 1, False),
        ("PATCH", [BUSY, FAILED, ANSWERED], 2, True),
    ],
)
def test_ask__repeats_only_what_does_no_harm(
    method: str, steps: list[Step], requests: int, *, may_have_acted: bool | None
) -> None:
    answer, seen = _ask(Call(method=method, path="/x"), *steps)

    assert seen == requests
    if may_have_acted is None:
        assert answer == b"1"
    else:
        assert isinstance(answer, HttpError)
        assert answer.may_have_acted is may_have_acted


def test_ask__repeats_a_post_that_says_so() -> None:
    call = Call(method="POST", path="/x", is_repeatable=True)

    assert _ask(call, RESET, FAILED, ANSWERED) == (b"1", 3)


def test_ask__repeats_a_post_that_never_left(refusing: str) -> None:
    time = FakeTime()

    with pytest.raises(NoAnswerError, match=r"no connection from 127\.0\.0\.1: .*refused") as error:
        _client(refusing, time).ask(POST)

    assert len(time.slept) > 3
    assert not error.value.may_have_acted


def test_ask__ends_with_the_last_failure_when_the_deadline_is_near() -> None:
    time = FakeTime()
    with scripted({"/x": [FAILED]}) as server, pytest.raises(StatusError, match="GET /x: 503"):
        _client(server.url, time, deadline_seconds=10.0).ask(GET)

    # Half of 0.25, 0.5, 1 ...; after another 4 s too little would be left for an answer.
    assert time.slept == [0.125, 0.25, 0.5, 1.0, 2.0]


def test_ask__takes_less_time_when_told_to() -> None:
    time = FakeTime()
    with scripted({"/x": [FAILED]}) as server, pytest.raises(StatusError):
        _client(server.url, time).ask(GET, seconds=0.5)

    assert time.slept == [0.125]


def test_ask__sends_nothing_when_no_time_is_left() -> None:
    with scripted({"/x": [{}]}) as server:
        with pytest.raises(NoAnswerError, match="no time was left") as error:
            _client(server.url).ask(POST, seconds=-1)
        seen = server.seen()

    assert (seen, error.value.may_have_acted) == ([], False)


def test_ask__comes_back_when_the_server_wishes() -> None:
    time = FakeTime()
    with scripted({"/x": [{"status": 429, "headers": {"Retry-After": "7"}}, ANSWERED]}) as server:
        _client(server.url, time).ask(POST)

    assert time.slept == [7.125]


def test_ask__does_not_wait_for_a_moment_after_the_deadline() -> None:
    time = FakeTime()
    busy = {"status": 429, "headers": {"Retry-After": "600"}}

    with scripted({"/x": [busy, ANSWERED]}) as server, pytest.raises(StatusError) as error:
        _client(server.url, time).ask(POST)

    assert time.slept == []
    assert error.value.retry_after_seconds == 600


def test_ask__leaves_a_server_alone_that_is_down() -> None:
    time = FakeTime()
    circuit = CircuitLimits(failures=3, over_seconds=0, open_seconds=60)
    with scripted({"/x": [FAILED, FAILED, FAILED, ANSWERED]}) as server:
        client = _client(server.url, time, circuit=circuit)
        with pytest.raises(CircuitOpenError, match=r"failed 3 times in a row .*503"):
            client.ask(GET)
        with pytest.raises(CircuitOpenError) as error:
            client.ask(POST)
        time.sleep(60)
        answer = client.ask(POST)
        seen = server.seen()

    assert not error.value.may_have_acted
    assert (answer, len(seen)) == (b"1", 4)


# --- how answers end


@pytest.mark.parametrize(
    "step",
    [
        {"wait": 60},
        {"body": "x" * 1000, "drip": 0.1, "dripped": "body"},
        {"headers": {"X-Long": "x" * 1000}, "drip": 0.1, "dripped": "head"},
        {"status": 500, "headers": {"X-Long": "x" * 1000}, "drip": 0.1, "dripped": "head"},
    ],
)
def test_ask__cuts_off_who_takes_too_long(step: Step) -> None:
    answer, requests = _ask(POST, step)

    assert isinstance(answer, NoAnswerError)
    assert (answer.may_have_acted, requests) == (True, 1)
    assert "timed out" in str(answer)


def test_ask__believes_a_refusal_whose_words_do_not_come() -> None:
    answer, _ = _ask(POST, {"status": 403, "body": "x" * 1000, "drip": 0.1, "dripped": "body"})

    assert isinstance(answer, StatusError)
    assert (answer.status, answer.detail, answer.may_have_acted) == (403, "", False)


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_ask__reads_no_more_than_the_limit(headers: dict[str, str]) -> None:
    answer, _ = _ask(GET, {"body": "x" * 1001, "headers": headers}, answer_bytes=1000)

    assert isinstance(answer, DamagedAnswerError)
    assert str(answer) == "GET /x: the answer is longer than 1000 bytes"


def test_ask__unpacks() -> None:
    answer, _ = _ask(GET, {"body": "x" * 1000, "headers": {"Content-Encoding": "gzip"}}, answer_bytes=1000)

    assert answer == b"x" * 1000


def test_ask__refuses_a_packing_that_is_broken() -> None:
    answer, _ = _ask(POST, {"body": "x" * 100, "headers": {"Content-Encoding": "deflate"}})

    assert isinstance(answer, NoAnswerError)
    assert answer.may_have_acted


def test_exchange__tells_status_and_headers() -> None:
    call = Call(method="GET", path="/x", headers=(("If-None-Match", '"1"'), ("Accept", "text/plain")))
    steps = [{"status": 204, "body": "", "headers": {"ETag": '"1"'}}, {"status": 304, "body": ""}]
    with scripted({"/x": steps}) as server:
        client = _client(server.url)

        first, second = client.exchange(call), client.exchange(call)

        [asked, _] = server.seen()
    assert (first.status, first.headers["etag"], first.content) == (204, '"1"', b"")
    assert (second.status, second.content) == (304, b"")
    assert (asked.headers["If-None-Match"], asked.headers["Accept"]) == ('"1"', "text/plain")


def test_exchange__a_refusal_has_its_headers() -> None:
    error, _ = _ask(GET, {"status": 403, "headers": {"X-RateLimit-Remaining": "0"}})

    assert isinstance(error, StatusError)
    assert error.headers["x-ratelimit-remaining"] == "0"


@pytest.mark.parametrize(("waits", "count"), [(True, 2), (False, 1)])
def test_exchange__a_busy_server_is_waited_for_or_not(*, waits: bool, count: int) -> None:
    _, seen = _ask(GET, {"status": 429}, {"body": "{}"}, waits_when_busy=waits)

    assert seen == count


# --- secrets and addresses


def test_ask__sends_nothing_to_a_server_that_it_does_not_trust(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        if os.environ.get("CODEQL_FIXER_NEEDS_ALL"):  # noqa: TID251 - tests
            pytest.fail("openssl is missing, and .ci/run has to have it")
        pytest.skip("openssl is not installed")
    pem = tmp_path / "server.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-keyout", pem, "-out", tmp_path / "c.pem"], check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "c.pem").read_text())
    time = FakeTime()

    with (
        scripted({"/x": [{}]}, certificate=str(pem)) as server,
        pytest.raises(NoAnswerError, match="certificate verify failed") as error,
    ):
        _client(server.url, time, answer_seconds=20.0).ask(POST)

    assert (error.value.may_have_acted, error.value.is_transient, time.slept) == (False, False, [])


def test_ask__an_echoed_key_is_told_to_nobody() -> None:
    answer, _ = _ask(GET, {"status": 400, "body": json.dumps({"detail": f"bad header: Bearer {BEARER}"})})

    assert str(answer) == "GET /x: 400: bad header: Bearer ***"
    assert isinstance(answer, HttpError)
    assert answer.__cause__ is None
    assert answer.__suppress_context__ or answer.__context__ is None


def test_ask__half_of_an_echoed_key_is_told_to_nobody() -> None:
    answer, _ = _ask(GET, {"status": 400, "body": "x" * (599 - len(BEARER) // 2) + BEARER})

    assert BEARER[: len(BEARER) // 2] not in str(answer)


def test_endpoint__shows_no_key() -> None:
    assert repr(Endpoint(base_url="https://example.com", bearer=BEARER)) == "Endpoint('https://example.com')"


@pytest.mark.parametrize(
    ("url", "bearer", "problem"),
    [
        ("https://user:pa55@example.com", BEARER, "holds a user name or password"),
        ("example.com", BEARER, "no address of a server"),
        ("ftp://example.com", BEARER, "no address of a server"),
        ("https://", BEARER, "no address of a server"),
        ("https://example.com?key=1", BEARER, "no address of a server"),
        ("http://example.com", BEARER, "in the clear; use https"),
        ("https://example.com", "", "is empty or holds blanks"),
        ("https://example.com", "cog_a\nX-Injected: b", "is empty or holds blanks"),
        ("https://example.com", "cog_ä", "is empty or holds blanks"),
    ],
)
def test_endpoint__refuses_what_would_give_the_key_away(url: str, bearer: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem) as error:
        Endpoint(base_url=url, bearer=bearer)

    assert "pa55" not in str(error.value)
    assert not bearer or bearer not in str(error.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost", "http://[::1]:8080/base", "https://x.example"]
)
def test_endpoint__takes_https_and_this_machine(url: str) -> None:
    assert Endpoint(base_url=url, bearer=BEARER).base_url == url


def test_errors__come_without_the_library() -> None:
    script = "import sys, codeql_fixer.transport.errors; sys.exit('requests' in sys.modules)"

    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": str(SCRIPTS)})


def test_client__of_a_server_that_is_open_shows_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password pa55\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with scripted({"/x": [{"body": "all"}, {"status": 404, "body": '{"message": "none here"}'}]}) as server:
        client = HttpClient(Endpoint(base_url=server.url, is_open=True), timing=FakeTime().timing())

        assert client.ask(GET) == b"all"
        with pytest.raises(StatusError, match="none here"):
            client.ask(GET)

        assert all("Authorization" not in seen.headers for seen in server.seen())


@pytest.mark.parametrize("url", ["http://example.com", "https://me:pa55@example.com", "ftp://example.com"])
def test_endpoint__that_is_open_is_checked_all_the_same(url: str) -> None:
    with pytest.raises(UserError):
        Endpoint(base_url=url, is_open=True)
