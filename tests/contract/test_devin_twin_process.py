"""The twin of Devin as a program: how it starts and ends, many clients at once, the same seed, and its journal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from stat import S_IMODE
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.devin_twin import SCRIPTS, devin_twin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.devin_twin import DevinTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


# --- starting and ending


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_twin__ends_well_on_a_signal(number: signal.Signals) -> None:
    with devin_twin() as twin:
        twin.create()
        twin.process.send_signal(number)

        assert twin.process.wait(10) == 0
        assert twin.process.stdout is not None
        assert twin.process.stdout.read() == ""


def test_twin__ends_with_the_process_that_started_it() -> None:
    with devin_twin() as twin:
        assert twin.process.stdin is not None
        twin.process.stdin.close()

        assert twin.process.wait(10) == 0


def test_twin__ends_while_a_client_waits() -> None:
    with devin_twin() as twin:
        twin.fault("timeout-before", seconds=60)
        with pytest.raises(TimeoutError):
            twin.ask("GET", "sessions", timeout=0.1)
        twin.process.terminate()

        assert twin.process.wait(10) == 0


def test_twin__keys_look_like_real_ones() -> None:
    with devin_twin("--seed", "7") as one, devin_twin("--seed", "7") as same, devin_twin("--seed", "8") as other:
        assert (one.key[:4], len(one.key), one.v1_key[:4], one.org[:4]) == ("cog_", 56, "apk_", "org-")
        assert (one.key, one.org) == (same.key, same.org)
        assert one.key != other.key


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--outcomes", "happy=1"], "happy"),
        (["--outcomes", "exit=many"], "many"),
        (["--outcomes", "exit=0"], "larger than 0"),
        (["--set", "errors=none"], "errors"),
        (["--set", "colour=red"], "colour"),
        (["--journal", "/nowhere/journal"], "/nowhere/journal"),
    ],
)
def test_twin__says_what_is_wrong_with_its_arguments(options: list[str], problem: str) -> None:
    done = _start(*options)

    assert (done.returncode, problem in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_twin__does_not_share_a_port() -> None:
    with devin_twin() as twin:
        done = _start("--port", str(urlsplit(twin.url).port))

    assert done.returncode == 2
    assert "cannot listen on port" in done.stderr


def _start(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codeql_fixer.twin.devin", *options]
    return subprocess.run(command, env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v3/self HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /v3/self HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /v3/self HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_twin__refuses_what_it_cannot_read(head: bytes) -> None:
    with devin_twin() as twin:
        connection = HTTPConnection(urlsplit(twin.url).netloc, timeout=10)
        connection.connect()
        connection.sock.sendall(head)
        answer = connection.sock.recv(1000)
        connection.close()

        assert b" 4" in answer
        assert twin.ask("GET", "/v3/self").status == 200


def test_twin__does_nothing_for_a_client_that_died_while_it_wrote() -> None:
    with devin_twin() as twin:
        connection = HTTPConnection(urlsplit(twin.url).netloc, timeout=10)
        connection.putrequest("POST", f"/v3/organizations/{twin.org}/sessions")
        connection.putheader("Authorization", f"Bearer {twin.key}")
        connection.putheader("Content-Length", "500")
        connection.endheaders(b'{"prompt": "Fix')
        connection.close()

        assert twin.sessions() == []


# --- many clients


def _create_many(twin: DevinTwin, tags: list[str]) -> list[str]:
    connection = HTTPConnection(urlsplit(twin.url).netloc, timeout=30)
    made = []
    for tag in tags:
        body = json.dumps({"prompt": f"Fix {tag} in acme/shop.", "tags": [tag, "all"]})
        headers = {"Authorization": f"Bearer {twin.key}"}
        connection.request("POST", f"/v3/organizations/{twin.org}/sessions", body, headers)
        made.append(json.loads(connection.getresponse().read())["session_id"])
    connection.close()
    return made


def test_twin__serves_fifty_clients_at_once() -> None:
    tags = [[f"cqf:{client}-{number}" for number in range(10)] for client in range(50)]
    with devin_twin("--latency-ms", "20", "--outcomes", "waiting_for_user") as twin:
        with ThreadPoolExecutor(50) as pool:
            names = [name for made in pool.map(lambda own: _create_many(twin, own), tags) for name in made]
        stats = twin.stats()

        assert len(set(names)) == 500
        assert stats["sessions"] == stats["sessions_by_tag"]["all"] == stats["max_live_sessions"] == 500
        assert {count for tag, count in stats["sessions_by_tag"].items() if tag != "all"} == {1}
        assert 10 < stats["max_concurrent_requests"] <= 50
        twin.advance(100)
        assert len({one["pull_request_url"] for one in twin.sessions()}) == 500


def test_stats__largest_number_of_live_sessions() -> None:
    """Two at once, then one; one that was stopped or rests counts no more."""
    with devin_twin("--outcomes", "waiting_for_user") as twin:
        first = twin.create(repos=["acme/shop"])
        twin.create(repos=["acme/bank"])
        twin.ask("DELETE", f"sessions/{first}")
        twin.create(repos=["acme/shop"])
        twin.advance(100)
        twin.create(repos=["acme/shop"])
        stats = twin.stats()

    assert stats["max_live_sessions"] == 2
    assert stats["max_live_sessions_by_repository"] == {"acme/shop": 1, "acme/bank": 1}


def test_seed__gives_the_same_sessions_in_whatever_order_they_come() -> None:
    seen = []
    for order in ("abcabc", "cbaacb"):
        with devin_twin("--seed", "3", "--start", "1800000000") as twin:
            for letter in order:
                twin.create(letter)
            described = {one["session_id"]: (one["tags"], one["outcome"]) for one in twin.sessions()}
            twin.advance(30)
            statuses = {name: twin.ask("GET", f"sessions/{name}").json["status_detail"] for name in described}
            seen.append((described, statuses))

    assert seen[0] == seen[1]
    assert len(seen[0][0]) == 6


def test_outcomes__of_a_tag_reach_sessions_that_are_under_way() -> None:
    with devin_twin("--outcomes", "waiting_for_user") as twin:
        names = [twin.create("a"), twin.create("a"), twin.create("b")]
        twin.ask("DELETE", f"sessions/{names[0]}")
        twin.advance(5)

        twin.outcome("blocked", tag="a")
        names.append(twin.create("a"))
        twin.advance(100)

        assert [one["outcome"] for one in twin.sessions()] == [
            "waiting_for_user",
            "blocked",
            "waiting_for_user",
            "blocked",
        ]
        ends = [twin.ask("GET", f"sessions/{name}").json for name in names]
        assert [bool(one["pull_requests"]) for one in ends] == [False, False, True, False]


def test_outcomes__can_be_a_mix() -> None:
    with devin_twin("--outcomes", "exit=1,error=3") as twin:
        for number in range(40):
            twin.create(str(number))
        twin.admin("POST", "outcomes", {"mix": {"finished": 1}})
        twin.create("more")
        outcomes = [one["outcome"] for one in twin.sessions()]

    assert set(outcomes[:-1]) == {"exit", "error"}
    assert outcomes[:-1].count("error") > 20
    assert outcomes[-1] == "finished"


@pytest.mark.parametrize(
    "body", [{}, {"tag": "a"}, {"mix": {}}, {"mix": {"exit": 0}}, {"mix": {"exit": 1}, "tag": "a"}]
)
def test_outcomes__that_make_no_sense_are_refused(body: dict[str, object]) -> None:
    with devin_twin() as twin:
        assert twin.ask("POST", "/__twin__/outcomes", body).status == 422


def test_admin__shows_an_order_without_the_values_of_its_secrets() -> None:
    with devin_twin() as twin:
        secret = "s3cret" * 5
        name = twin.create(prompt="Fix it.", session_secrets=[{"key": "TOKEN", "value": secret}], knowledge_ids=[])

        shown = twin.ask("GET", f"/__twin__/sessions/{name}")

        assert (shown.json["order"]["secret_keys"], shown.json["order"]["knowledge_ids"]) == (["TOKEN"], [])
        assert secret not in shown.content.decode()
        assert twin.ask("GET", "/__twin__/sessions/devin-0").status == 404


# --- the journal


def test_journal__lets_a_killed_twin_go_on(tmp_path: Path) -> None:
    options = ["--seed", "5", "--journal", str(tmp_path / "journal")]
    with devin_twin(*options) as twin:
        twin.outcome("inactivity", tag="sleeper")
        names = [twin.create("sleeper"), twin.create("b")]
        twin.fault("commit-then-500")
        twin.ask("POST", "sessions", {"prompt": "x", "tags": ["lost answer"]})
        twin.ask("POST", "sessions", {"prompt": 1})  # refused, so it leaves no trace
        twin.ask("POST", "playbooks", {"title": "t", "body": "b"})
        twin.advance(100)
        twin.ask("POST", f"sessions/{names[0]}/messages", {"message": "Wake up."})
        twin.ask("DELETE", f"sessions/{names[1]}")
        before, playbooks = twin.sessions(), twin.ask("GET", "playbooks").json
        messages = twin.ask("GET", f"sessions/{names[0]}/messages").json
        twin.kill()

    with devin_twin(*options) as twin:
        assert [_lasting(one) for one in twin.sessions()] == [_lasting(one) for one in before]
        assert twin.ask("GET", "playbooks").json == playbooks
        assert twin.ask("GET", f"sessions/{names[0]}/messages").json == messages
        assert len(twin.sessions_with("lost answer")) == 1
        assert twin.create("b") not in names
        assert twin.sessions()[-1]["number"] == 4


def _lasting(described: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in described.items() if name != "requests"}


def test_journal__of_a_killed_twin_may_end_in_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with devin_twin("--journal", str(path)) as twin:
        twin.create("a")
        twin.kill()
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines()[-1][:50])

    for expected in (1, 2):
        with devin_twin("--journal", str(path)) as twin:
            assert len(twin.sessions()) == expected
            twin.create("b")


def test_journal__is_for_its_owner_and_forgets_on_reset(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with devin_twin("--journal", str(path)) as twin:
        twin.create("a")
        assert S_IMODE(path.stat().st_mode) == 0o600
        twin.reset()
        twin.create("b")

    with devin_twin("--journal", str(path)) as twin:
        assert [one["tags"] for one in twin.sessions()] == [["b"]]


@pytest.mark.parametrize(
    ("content", "seed", "problem"),
    [
        (b'{"what":"started","seed":1,"speed":0,"wall":0,"at":0}\n', "2", "written with --seed 1"),
        (b'{"what":"started","seed":1,"speed":0,"wall":0,"at":0}\nnonsense\n', "1", "line 2"),
        (b'{"what":"slept"}\n', "1", "line 1"),
    ],
)
def test_journal__that_is_none_of_this_twin(tmp_path: Path, *, content: bytes, seed: str, problem: str) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)

    done = _start("--journal", str(path), "--seed", seed)

    assert (done.returncode, problem in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    assert path.read_bytes() == content
