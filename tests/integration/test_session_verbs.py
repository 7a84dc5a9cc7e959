"""The verbs about sessions, as a user types them: real commands against the twin of Devin, and a forge of files."""

from __future__ import annotations

import json
import re
import signal
import sys
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.domain.cycle import Cycle
from tests.builders import place, result, run, write_sarif
from tests.commands import User, document, findings
from tests.devin_twin import DevinTwin, devin_twin
from tests.local_sessions import GOOD, TARGET
from tests.remotes import git

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(scope="module")
def twin() -> Iterator[DevinTwin]:
    """A twin whose sessions wait until a test moves its clock, and end well."""
    with devin_twin("--outcomes", "waiting_for_user=1") as running:
        yield running


@pytest.fixture
def user(tmp_path: Path, twin: DevinTwin, request: pytest.FixtureRequest) -> User:
    """Somebody with a repository that no other test has."""
    name = re.sub(r"\W+", "-", request.node.name)[-60:].strip("-")
    return User(tmp_path, f"acme/{name}", twin.environment)


def _ours(twin: DevinTwin, user: User, **order: Any) -> str:  # noqa: ANN401 - members of the request
    """A session of ours that no ledger knows; returns its id as people type it."""
    tag = f"cqf:i-{user.repository}"
    return f"devin-{twin.create(tag, repos=[user.repository], **order).removeprefix('devin-')}"


def _session(twin: DevinTwin, name: str) -> Any:  # noqa: ANN401 - JSON
    return twin.admin("GET", f"sessions/{name.removeprefix('devin-')}")


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def _until(process: subprocess.Popen[str], text: str) -> list[str]:
    """The lines that a process prints before one that holds a text, and that one."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if text in line:
            return lines
    pytest.fail(f"{text!r} did not come: {lines}")


# --- sessions


def test_sessions__shows_what_was_started_and_how_it_is_doing(twin: DevinTwin, user: User) -> None:
    document(user.basic())
    twin.advance(10)

    shown = user.fleet("sessions")
    rows = _lines(user.fleet("sessions", "--json", "--repo", user.repository.upper()).stdout)
    nothing = user.fleet("sessions", "--json", "--repo", "acme/nothing")

    [head, *table] = shown.stdout.splitlines()
    assert head.split() == ["CLAIMED", "REPOSITORY", "ISSUES", "AGENT", "STATE", "SESSION"]
    urls = {f"https://app.devin.ai/sessions/{one['session_id']}" for one in user.sessions(twin)}
    assert {tuple(line.split()[2:]) for line in table} == {
        (user.repository, "1", "devin", "working", url) for url in urls
    }
    assert {row["session_url"] for row in rows} == urls
    assert {(row["state"], row["outcome"], row["attempt"]) for row in rows} == {("working", "created", 1)}
    assert (nothing.returncode, nothing.stdout) == (0, "")


def test_sessions__follow_until_they_are_over_and_record_it(twin: DevinTwin, user: User) -> None:
    document(user.basic())
    twin.advance(10)

    with user.starts("orchestrator.py", "sessions", "--follow", "--json") as process:
        first = _until(process, "working")
        twin.advance(120)
        rest, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors
    last = {line["session_id"]: line for line in _lines("\n".join([*first, rest]))}
    assert [line["state"] for line in last.values()] == ["finished", "finished"]
    assert all(line["pull_requests"] for line in last.values())
    tiers = user.asks("status")["repositories"][0]["tiers"]
    assert [tier["issues"] for tier in tiers.values()] == [{"pr_open": 1}, {"pr_open": 1}]
    again = user.fleet("sessions", "--follow")
    assert (again.returncode, again.stdout) == (0, "")


def test_sessions__followed_until_ctrl_c_go_on_and_are_recorded(twin: DevinTwin, user: User) -> None:
    findings(user.folder / "results.sarif", 1)
    document(user.basic())
    twin.advance(10)
    before = len(user.records(Cycle))

    with user.starts("orchestrator.py", "sessions", "--follow", SESSION_MINUTES="1") as process:
        _until(process, "working")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert process.returncode == 130
    assert [session["is_live"] for session in user.sessions(twin)] == [True]
    assert len(user.records(Cycle)) == before + 1


# --- stream


def test_stream__prints_each_thing_once_and_ends_with_the_session(twin: DevinTwin, user: User) -> None:
    """Two people look at once, and each of them gets all of it."""
    name = _ours(twin, user)
    watching = [user.starts("orchestrator.py", "stream", name, "--json") for _ in range(2)]
    shown = [_until(process, "Fix it.") for process in watching]
    for seconds in (10, 60):
        twin.advance(seconds)
    for number, process in enumerate(watching):
        rest, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        shown[number] += rest.splitlines()

    first, second = (_lines("\n".join(lines)) for lines in shown)
    assert first == second
    *messages, last = first
    asked = twin.ask("GET", f"sessions/{name}/messages?first=100").json["items"]
    assert [message["text"] for message in messages] == [message["message"] for message in asked]
    assert len({message["id"] for message in messages}) == len(messages) > 4
    assert last == {"state": "finished", "raw_state": "running/waiting_for_user", "is_final": True}


def test_stream__for_people_is_short_about_our_own_words(twin: DevinTwin, user: User) -> None:
    name = _ours(twin, user, prompt="\n".join(f"line {number} \x1b[2J" for number in range(50)))
    twin.advance(100)

    done = user.fleet("stream", name)

    assert done.returncode == 0, done.stderr
    ours = list(takewhile(lambda line: "agent" not in line, done.stdout.splitlines()))
    assert len(ours) == 6
    assert "45 lines more" in ours[-1]
    assert "I am opening a pull request." in done.stdout
    assert "\x1b" not in done.stdout
    assert f"{name}: finished" in done.stderr


def test_stream__of_what_is_new_only(twin: DevinTwin, user: User) -> None:
    name = _ours(twin, user)
    twin.advance(8)

    with user.starts("orchestrator.py", "stream", name, "--new") as process:
        while _session(twin, name)["requests"] < 5:  # it has found the end, and looked behind it
            pass
        twin.ask("POST", f"sessions/{name}/messages", {"message": "How is it going?"})
        shown = _until(process, "How is it going?")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert "Fix it." not in "\n".join(shown)


def test_stream__ctrl_c_leaves_the_session_alone(twin: DevinTwin, user: User) -> None:
    name = _ours(twin, user)

    with user.starts("orchestrator.py", "stream", name) as process:
        _until(process, "Fix it.")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors.strip()) == (130, "interrupted")
    assert _session(twin, name)["is_live"]


# --- message, stop


def test_message__reaches_a_session_and_wakes_it(twin: DevinTwin, user: User) -> None:
    name = _ours(twin, user)
    twin.outcome("inactivity", tag=f"cqf:i-{user.repository}")
    twin.advance(100)
    assert _session(twin, name)["status"] == "suspended"

    done = user.fleet("message", name, "The tests need Postgres: make test-db \udcff", "--json")

    assert document(done) == {"session_id": name}
    assert _session(twin, name)["status"] == "resuming"
    asked = twin.ask("GET", f"sessions/{name}/messages?first=100").json["items"]
    assert asked[-1]["message"] == "The tests need Postgres: make test-db ?"


@pytest.mark.parametrize("version", ["v3", "v1"])
def test_stop__ends_a_session_which_then_takes_no_message(twin: DevinTwin, user: User, version: str) -> None:
    name = _ours(twin, user)
    twin.advance(10)
    key = {"DEVIN_API_KEY": twin.v1_key} if version == "v1" else {}

    stopped = user.fleet("stop", name, "--json", **key)
    again = user.fleet("stop", name, "--json", **key)
    refused = user.fleet("message", name, "hello?", **key)

    assert document(stopped) == document(again) == {"session_id": name, "state": "stopped"}
    assert not _session(twin, name)["is_live"]
    assert (refused.returncode, "takes no message" in refused.stderr) == (3, True)


@pytest.mark.parametrize("verb", [("stop",), ("message", "hello"), ("stream",)], ids=lambda verb: str(verb[0]))
def test_verbs__leave_a_strangers_session_alone(twin: DevinTwin, user: User, verb: tuple[str, ...]) -> None:
    name = f"devin-{twin.create('somebody-elses')}"
    before = _session(twin, name)

    done = user.fleet(verb[0], name, *verb[1:])

    assert done.returncode == 2
    assert "bears no tag of ours, so somebody else started it; it is left alone" in done.stderr
    assert done.stdout == ""
    after = _session(twin, name)
    assert (after["is_live"], after["updated_at"]) == (True, before["updated_at"])


WRONG = {
    "no session": (("stop",), {}, "SESSION"),
    "no text": (("message", "devin-1"), {}, "TEXT"),
    "empty text": (("message", "devin-1", "  "), {}, "TEXT is empty"),
    "id that is no text": (("stop", "devin-\udcff"), {}, "is no id of a session"),
    "unknown session": (("stop", "devin-" + "0" * 32), {}, "none of the agents here (devin) knows such a session"),
    "no id at all": (("stop", "../../v1/sessions"), {}, "none of the agents here (devin) knows such a session"),
    "no key": (("stream", "devin-1"), {"DEVIN_API_KEY": ""}, "set DEVIN_API_KEY"),
    "wrong key": (("stream", "devin-1"), {"DEVIN_API_KEY": "cog_wrong"}, "check DEVIN_API_KEY"),
    "password in address": (("stop", "devin-1"), {"DEVIN_API_URL": "https://me:pw-7@x"}, "without a password"),
    "days": (("sessions", "--days", "soon"), {}, "--days must be a whole number from 1 to 3650"),
    "seconds": (("stream", "devin-1", "--poll-seconds", "0"), {}, "must be a whole number from 1 to 3600"),
    "registry": (("sessions", "--registry", "nowhere.json"), {}, "nowhere.json"),
    "nothing paused": (("resume", "acme/nothing"), {}, "acme/nothing: nothing holds it"),
    "no forge": (("forge", "list", "acme/shop"), {}, "--forge is required"),
    "no action": (("forge", "burn", "acme/shop", "--forge", "forge"), {}, "must be add, list, merge, close, review or"),
    "no review": (("forge", "review", "acme/shop", "1", "--forge", "forge"), {}, "--changes TEXT or --approve"),
    "no check": (("forge", "check", "acme/shop", "1", "--forge", "forge"), {}, "--failed LOG or --passed"),
    "no line": (
        ("forge", "review", "acme/shop", "1", "--changes", "x", "--line", "y", "--forge", "forge"),
        {},
        "--line 'y': must be a number",
    ),
    "no number": (("forge", "merge", "acme/shop", "--forge", "forge"), {}, "needs the number of a pull request"),
    "no repository": (("forge", "list", "acme/nothing", "--forge", "forge"), {}, "acme/nothing"),
    "nothing to add": (("forge", "add", "acme/shop", "--forge", "forge"), {}, "add needs the directory"),
    "no directory": (("forge", "add", "acme/shop", "nowhere", "--forge", "forge"), {}, "nowhere"),
}


@pytest.mark.parametrize(("arguments", "environ", "message"), WRONG.values(), ids=WRONG)
def test_verbs__say_what_to_correct(
    user: User, arguments: tuple[str, ...], *, environ: dict[str, str], message: str
) -> None:
    done = user.fleet(*arguments, **environ)

    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "cog_wrong" not in done.stderr
    assert "pw-7" not in done.stderr


# --- a forge of files, and the local agent


def test_forge__from_finding_to_merge_without_any_key(user: User) -> None:
    target = user.folder / "target"
    for file, text in TARGET.items():
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        (target / file).write_text(text)
    (user.folder / "fixer.py").write_text(GOOD)
    rules = [{"id": "B311", "properties": {"tags": ["external/cwe/cwe-330"], "security-severity": "6.0"}}]
    found = result(ruleId="B311", message={"text": "predictable"}, locations=[place("app.py", 5)])
    write_sarif(user.folder / "results.sarif", run(found, tool={"driver": {"name": "Bandit", "rules": rules}}))
    coder = {"kind": "command", "command": [sys.executable, str(user.folder / "fixer.py"), "{files}"], "is_paid": False}
    (user.folder / "registry.json").write_text(json.dumps({"agents": {"profiles": {"coder": coder}}}))
    local = {
        "DEVIN_API_KEY": "",
        "FORGE": str(user.folder / "forge"),
        "REGISTRY": str(user.folder / "registry.json"),
        "AGENT": "coder",
    }
    assert user.fleet("forge", "add", user.repository, target, **local).returncode == 0

    shown = document(user.basic("--target-dir", target, "--wave-size", "5", MAX_RETRY_ATTEMPTS="0", **local))
    [session] = shown["sessions"]
    streamed = user.fleet("stream", session["session_id"], **local)
    listed = document(user.fleet("forge", "list", user.repository, "--json", **local))
    merged = document(user.fleet("forge", "merge", user.repository, "1", "--json", **local))
    closed = user.fleet("forge", "close", user.repository, "1", **local)

    assert (session["agent"], session["state"]) == ("coder", "finished")
    assert session["pull_requests"] == [pull["url"] for pull in listed["pull_requests"]]
    assert streamed.returncode == 0
    assert streamed.stdout
    assert [pull["state"] for pull in merged["pull_requests"]] == ["merged"]
    assert closed.returncode == 2
    [bare] = (user.folder / "forge").rglob("*.git")
    assert "secrets" in git(bare, "show", "main:app.py")
    assert user.asks("status")["repositories"][0]["tiers"]["medium"]["issues"] == {"pr_open": 1}
