"""Mode basic, as a user runs it: the real command, a ledger in git, and the twin of Devin behind HTTP."""

from __future__ import annotations

import json
import re
import shlex
import signal
import time
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
from codeql_fixer.policy.claims import intent_id_of
from tests.commands import ROOT, User, document, findings
from tests.devin_twin import DevinTwin, devin_twin
from tests.remotes import hook

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SECRET = "hunter2-of-the-test-database"  # noqa: S105 - made up
JOURNAL = "journal.jsonl"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the twin keeps what it was asked for."""
    return tmp_path_factory.mktemp("twin")


@pytest.fixture(scope="module")
def twin(place: Path) -> Iterator[DevinTwin]:
    """A twin whose sessions are over in the blink of an eye, and end well unless a test says otherwise."""
    options = ("--speed", "6000", "--outcomes", "waiting_for_user=1", "--journal", str(place / JOURNAL))
    with devin_twin(*options) as running:
        yield running


@pytest.fixture
def user(tmp_path: Path, twin: DevinTwin, request: pytest.FixtureRequest) -> Iterator[User]:
    """Somebody with a repository that no other test has."""
    name = re.sub(r"\W+", "-", request.node.name)[-60:].strip("-")
    yield User(tmp_path, f"acme/{name}", twin.environment)
    twin.clear_faults()


def _strikes(twin: DevinTwin, user: User, fault: str, *, nth: int = 1, times: int | None = 1, **more: object) -> None:
    """Let a fault strike orders of a user's sessions."""
    match = {"method": "POST", "path": "/sessions$", "body": user.repository, "nth": nth, "times": times}
    twin.fault(fault, match=match, **more)


def _intent(user: User, number: int, attempt: int = 1) -> str:
    """The claim for the issue with a number, which the run before has found."""
    issues = json.loads((user.out / "issues.json").read_text())["issues"]
    return intent_id_of(user.repository, [issues[number]["fingerprint"]], agent="devin", attempt=attempt)


# --- one run after the other


def test_basic__orders_a_session_for_each_batch_and_tells_everybody(twin: DevinTwin, user: User) -> None:
    job = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(user.folder / "output"),
        "GITHUB_STEP_SUMMARY": str(user.folder / "summary"),
    }

    shown = document(user.basic(MAX_ACU_PER_SESSION="7", **job))

    first, second = user.sessions(twin)
    order = {one["order"]["title"]: one["order"] for one in (first, second)}[
        f"Fix 1 ssrf finding in {user.repository} [B001]"
    ]
    [issue, _] = json.loads((user.out / "issues.json").read_text())["issues"]
    assert order["tags"] == [
        f"cqf:{_intent(user, 0)}",
        *("codeql-fixer", "family:ssrf", "tier:critical", f"repo:{user.repository}", "run:run1"),
    ]
    assert (order["max_acu_limit"], order["repos"]) == (7, [user.repository])
    assert f"Fixes-Finding: {issue['fingerprint']} {issue['id']}" in order["prompt"]
    assert order["prompt"] == (user.out / "prompts/B001.md").read_text()
    assert set(order["output_schema"]["properties"]) >= {"status", "issues", "pull_request_url"}
    assert order["playbook_id"] in {book["playbook_id"] for book in _playbooks(twin) if book["title"].endswith("ssrf")}
    [attachment] = order["attachment_urls"]
    assert attachment.endswith("B001.sarif")
    urls = [f"https://app.devin.ai/sessions/{one['session_id']}" for one in (first, second)]
    told = json.loads((user.out / "sessions.json").read_text())
    assert sorted(session["session_url"] for session in told["sessions"]) == sorted(urls)
    assert (shown["sessions_created"], shown["sessions"]) == (2, told["sessions"])
    outputs = dict(line.split("=", 1) for line in Path(job["GITHUB_OUTPUT"]).read_text().splitlines())
    assert (outputs["sessions_created"], outputs["sessions_failed"], outputs["mode"]) == ("2", "0", "basic")
    assert sorted(outputs["session_urls"].split(",")) == sorted(urls)
    summary = (user.out / "summary.md").read_text()
    assert "### Sessions: 2 started, 0 refused" in summary
    assert all(f"]({url})" in summary for url in urls)
    assert Path(job["GITHUB_STEP_SUMMARY"]).read_text() == summary
    assert user.outcomes() == ["created", "created"]
    assert user.asks("fsck")["faults"] == []


AGAIN = {
    "at work": ("never_ending", "skip", "open"),
    "done": ("waiting_for_user", "skip", "its pull request is open"),
    "failed": ("error", "wait", "it rests until"),
}


@pytest.mark.parametrize(("outcome", "action", "reason"), AGAIN.values(), ids=AGAIN)
def test_basic__a_second_run_starts_nothing_and_says_why(
    twin: DevinTwin, user: User, *, outcome: str, action: str, reason: str
) -> None:
    twin.outcome(outcome, tag=f"repo:{user.repository}")
    document(user.basic())

    again = user.basic()

    shown = document(again)
    assert shown["sessions"] == []
    assert sum(item["issues"] for item in shown["held"]) == 2
    for item in shown["held"]:
        assert item["action"] == action
        assert reason in item["reason"]
        assert f"held ({action}): {item['reason']}" in again.stderr
        assert item["reason"] in (user.out / "summary.md").read_text()
    assert len(user.sessions(twin)) == 2
    assert user.asks("fsck")["faults"] == []


def _playbooks(twin: DevinTwin) -> list[dict[str, Any]]:
    return list(twin.ask("GET", "playbooks?first=100").json["items"])


def test_basic__brings_playbooks_to_the_service_once(twin: DevinTwin, user: User) -> None:
    document(user.basic())
    before = {book["playbook_id"] for book in _playbooks(twin)}

    document(user.basic())

    assert {book["playbook_id"] for book in _playbooks(twin)} == before
    assert len(before) == len(list((ROOT / "playbooks").glob("*.devin.md")))
    assert not [request for request in twin.stats()["requests"] if request.startswith(("PUT", "DELETE"))]


def test_basic__works_with_a_key_of_the_older_api(twin: DevinTwin, user: User) -> None:
    older = {"DEVIN_API_KEY": twin.v1_key, "DEVIN_ORG_ID": ""}

    shown = document(user.basic(**older))
    again = document(user.basic(**older))

    assert {session["version"] for session in user.sessions(twin)} == {"v1"}
    assert (shown["sessions_created"], again["sessions_created"], len(user.sessions(twin))) == (2, 0, 2)
    assert user.outcomes() == ["created", "created"]


# --- keys


KEYS = {
    "of an agent that is not wanted": ({"AGENT": "codemodder"}, "--agent codemodder: it is not set up here"),
    "and an agent that nobody knows": ({"AGENT": "nosuch"}, "--agent nosuch: there is no such agent"),
    "none": ({"DEVIN_API_KEY": ""}, "there is no agent to ask: set DEVIN_API_KEY"),
    "of something else": ({"DEVIN_API_KEY": "ghp_0123456789"}, "DEVIN_API_KEY is no key of Devin"),
    "without its organization": ({"DEVIN_ORG_ID": ""}, "DEVIN_ORG_ID is not set"),
    "wrong": ({"DEVIN_API_KEY": "cog_wrong"}, "does not accept the key; check DEVIN_API_KEY"),
    "of another organization": ({"DEVIN_ORG_ID": "org-other"}, "DEVIN_ORG_ID"),
}


@pytest.mark.parametrize(("environ", "message"), KEYS.values(), ids=KEYS)
def test_basic__a_key_that_opens_nothing(user: User, environ: dict[str, str], message: str) -> None:
    done = user.basic(**environ)

    error = document(done, 2)["error"]
    assert error["exit_code"] == 2
    assert message in error["message"]
    assert message in done.stderr
    assert "cog_wrong" not in done.stdout + done.stderr
    assert set(user.outcomes()) <= {"refused", "released"}  # nothing waits
    assert json.loads((user.out / "run.json").read_text())["mode"] == "basic"
    assert user.asks("status")["repositories"][0]["scans"] == 1


def test_basic__a_key_that_expires_on_the_way(twin: DevinTwin, user: User) -> None:
    findings(user.folder / "results.sarif", 6)
    _strikes(twin, user, "expired-key", nth=2, times=None)

    done = user.basic()
    twin.clear_faults()
    again = document(user.basic())

    shown = document(done, 2)
    assert "check DEVIN_API_KEY" in shown["error"]["message"]
    assert (shown["sessions_created"], len(shown["sessions"])) == (1, 6)
    assert again["sessions_created"] == 5
    assert len(user.sessions(twin)) == 6
    assert user.outcomes().count("created") == 6
    assert "open" not in user.outcomes()


# --- the service's bad days


def test_basic__a_service_that_is_down(twin: DevinTwin, user: User) -> None:
    done = user.basic(DEVIN_API_URL="http://127.0.0.1:9")
    again = document(user.basic())

    shown = document(done, 3)
    assert shown["error"]["message"] == shown["stopped"] == "2 of 2 sessions could not be started"
    assert "warning: playbooks could not be brought to Devin" in done.stderr
    assert "no connection from 127.0.0.1" in done.stderr
    assert again["sessions_created"] == len(user.sessions(twin)) == 2  # at once: nothing is owed
    assert user.outcomes() == ["created", "created", "refused", "refused"]


def test_basic__an_answer_that_is_lost_makes_no_second_session(twin: DevinTwin, user: User) -> None:
    _strikes(twin, user, "commit-then-500", times=None)

    shown = document(user.basic())

    assert [session["status"] for session in shown["sessions"]] == ["adopted", "adopted"]
    assert len(user.sessions(twin)) == 2
    assert user.outcomes() == ["adopted", "adopted"]


def test_basic__stops_when_the_money_is_used_up(twin: DevinTwin, user: User) -> None:
    findings(user.folder / "results.sarif", 24)
    _strikes(twin, user, "402", nth=3, times=None, detail="You are out of credits")

    done = user.basic()

    shown = document(done, 3)
    statuses = [session["status"] for session in shown["sessions"]]
    assert "the budget of devin is used up" in shown["error"]["message"]
    assert "You are out of credits" in (user.out / "summary.md").read_text()
    assert (statuses.count("created"), len(user.sessions(twin))) == (2, 2)
    assert statuses.count("released") >= 24 - 2 - 8  # eight requests at a time
    assert len(user.outcomes()) == 24
    assert "open" not in user.outcomes()


# --- waves


def test_waves__follow_sessions_to_their_end(twin: DevinTwin, user: User) -> None:
    findings(user.folder / "results.sarif", 3)

    done = user.basic("--wave-size", 2)

    shown = document(done)
    assert [session["state"] for session in shown["sessions"]] == ["finished"] * 3
    assert len({url for session in shown["sessions"] for url in session["pull_requests"]}) == 3
    tiers = user.asks("status")["repositories"][0]["tiers"]
    assert [tier["issues"] for tier in tiers.values()] == [{"pr_open": 1}, {"pr_open": 2}]
    [first, second, third] = user.sessions(twin)
    assert {"tier:critical", "tier:high"} <= {*first["tags"], *second["tags"]}
    assert third["created_at"] > max(first["created_at"], second["created_at"])
    assert user.asks("fsck")["faults"] == []


def test_waves__a_bad_one_pauses_the_repository_until_somebody_resumes_it(twin: DevinTwin, user: User) -> None:
    findings(user.folder / "results.sarif", 3)
    twin.outcome("failed", tag=f"repo:{user.repository}")

    bad = user.basic("--wave-size", 2, MAX_RETRY_ATTEMPTS="0")
    waits = document(user.basic("--wave-size", 2))
    resumed = user.asks("resume", user.repository, "--reason", "the database is back")
    twin.outcome("waiting_for_user", tag=f"repo:{user.repository}")
    goes_on = document(user.basic("--wave-size", 2))

    paused = "0 of 2 sessions ended well, 50 % are needed"
    shown = document(bad, 3)
    assert shown["paused"] == paused
    assert f"resume {user.repository}" in shown["error"]["message"]
    assert waits["sessions"] == []
    assert [(item["action"], item["issues"]) for item in waits["held"]] == [("wait", 3)]
    assert paused in waits["held"][0]["reason"]
    assert paused in resumed["was_paused"]
    assert goes_on["sessions_created"] == 1
    assert [item["issues"] for item in goes_on["held"] if item["reason"].startswith("it rests until")] == [2]
    assert user.fleet("resume", user.repository).returncode == 2  # nothing holds it any more


def test_waves__a_retry_tells_what_came_of_the_attempt_before(twin: DevinTwin, user: User) -> None:
    findings(user.folder / "results.sarif", 1)
    user.runs("pipeline.py", "--mode", "dry-run")
    twin.outcome("failed", tag=f"cqf:{_intent(user, 0)}")

    shown = document(user.basic("--wave-size", 1, "--run-id", "retried"))

    first, second = (session["order"]["prompt"] for session in user.sessions(twin))
    words = "2 tests fail for a reason that I cannot find."
    assert (words in first, words in second) == (False, True)
    assert [session["state"] for session in shown["sessions"]] == ["failed", "finished"]
    assert shown["paused"] == ""
    assert [record.attempt for record in user.records(DispatchIntent)] in ([1, 2], [2, 1])


def test_waves__keep_to_what_the_registry_allows(twin: DevinTwin, user: User) -> None:
    findings(user.folder / "results.sarif", 5)
    entry = {"repo": user.repository.upper(), "max_sessions_per_cycle": 3, "max_acu_per_session": 4}
    registry = user.folder / "registry.json"
    registry.write_text(json.dumps({"repos": [entry]}))

    shown = document(user.basic("--wave-size", 2, "--registry", registry, MAX_ACU_PER_SESSION="9"))

    assert (shown["sessions_created"], sum(item["issues"] for item in shown["held"])) == (3, 2)
    assert {session["max_acu_limit"] for session in user.sessions(twin)} == {4}


# --- who may say what


def test_basic__a_target_takes_away_and_adds_nothing(twin: DevinTwin, user: User) -> None:
    target = user.folder / "target"
    target.mkdir()
    wishes = {
        "max_sessions": 90,
        "agents": {"max_acu": 3, "default": ["dearest"], "rules": [{"families": ["xss"], "agents": ["mine"]}]},
    }
    (target / ".codeql-fixer.yml").write_text(json.dumps(wishes))

    done = user.basic("--target-dir", target, "--max-sessions", 1, MAX_ACU_PER_SESSION="5")

    assert document(done)["sessions_created"] == 1
    assert [session["max_acu_limit"] for session in user.sessions(twin)] == [3]
    assert "max_sessions 90 ignored: the run allows 1" in done.stderr
    assert "'default' ignored: only the operator's registry sets it" in done.stderr


def test_basic__a_target_may_refuse_an_agent(twin: DevinTwin, user: User) -> None:
    target = user.folder / "target"
    target.mkdir()
    (target / ".codeql-fixer.yml").write_text("agents: {never: [devin]}\n")

    shown = document(user.basic("--target-dir", target))

    assert shown["sessions"] == user.sessions(twin) == []
    assert sum(item["issues"] for item in shown["held"]) == 2


def test_basic__an_operator_may_switch_a_repository_off(twin: DevinTwin, user: User) -> None:
    registry = user.folder / "registry.json"
    registry.write_text(json.dumps({"repos": [{"repo": user.repository, "enabled": False}]}))

    done = user.basic("--registry", registry)

    assert "is disabled in" in document(done, 2)["error"]["message"]
    assert user.sessions(twin) == []


def test_basic__an_operator_may_pause_the_whole_fleet(twin: DevinTwin, user: User) -> None:
    registry = user.folder / "registry.json"
    registry.write_text(json.dumps({"orchestrator": {"paused": "an audit runs"}}))

    done = user.basic("--registry", registry)

    assert "pauses the whole fleet: an audit runs" in document(done, 2)["error"]["message"]
    assert user.sessions(twin) == []


# --- secrets


def test_basic__secrets_reach_sessions_and_nothing_else(twin: DevinTwin, user: User, place: Path) -> None:
    environ = {"SESSION_SECRETS": "DB_PASSWORD", "DB_PASSWORD": SECRET, "GITHUB_TOKEN": "ghs_token_of_the_job"}
    seen: set[bytes] = set()

    with user.starts("pipeline.py", "--mode", "basic", "--wave-size", "2", "--json", **environ) as process:
        while process.poll() is None:
            seen |= {_command_line(path) for path in Path("/proc").glob("[0-9]*/cmdline")}
        stdout, stderr = process.communicate()

    assert process.returncode == 0, stderr
    assert [session["order"]["secret_keys"] for session in user.sessions(twin)] == [["DB_PASSWORD"]] * 2
    kept = [json.loads(line) for line in (place / JOURNAL).read_text().splitlines()]
    assert SECRET.encode() in b"".join(b64decode(line.get("body", "")) for line in kept)
    written = [path.read_bytes() for path in user.folder.rglob("*") if path.is_file()]
    records = [record for kind in (DispatchIntent, DispatchOutcome) for record in user.records(kind)]
    prompts = [session["order"]["prompt"] for session in user.sessions(twin)]
    haystack = b"\n".join([*written, *seen, *map(str.encode, [stdout, stderr, *prompts, *map(repr, records)])])
    assert any(b"pipeline.py" in line for line in seen)
    for secret in (SECRET, twin.key, "ghs_token_of_the_job"):
        assert secret.encode() not in haystack


def _command_line(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has ended


def test_basic__a_secret_that_is_not_there_is_named(user: User) -> None:
    done = user.basic(SESSION_SECRETS="DB_PASSWORD")

    assert "'DB_PASSWORD' is not among the variables of this run" in document(done, 2)["error"]["message"]


# --- broken off, and two at once


def _until_the_first(twin: DevinTwin, user: User) -> None:
    """Wait for a session; more than two times as many requests as go at a time are still to come."""
    for _ in range(6000):
        if twin.sessions_with(f"repo:{user.repository}"):
            return
        time.sleep(0.005)
    pytest.fail("no session was started")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_basic__cancelled_it_records_what_it_started(twin: DevinTwin, user: User, number: signal.Signals) -> None:
    findings(user.folder / "results.sarif", 24)
    _strikes(twin, user, "latency", times=None, ms=300)

    with user.starts("pipeline.py", "--mode", "basic") as process:
        _until_the_first(twin, user)
        process.send_signal(number)
        process.communicate()
    twin.clear_faults()
    begun = len(user.sessions(twin))
    told = json.loads((user.out / "sessions.json").read_text())["sessions"]
    again = document(user.basic())

    assert process.returncode == 130
    assert 0 < begun < 24
    assert sum(session["status"] == "created" for session in told) == begun
    assert again["sessions_created"] == 24 - begun  # at once: what was not started was given back
    assert len({tag for session in user.sessions(twin) for tag in session["tags"] if tag.startswith("cqf:")}) == 24
    assert user.outcomes().count("created") == len(user.sessions(twin)) == 24


def test_basic__killed_it_leaves_claims_that_nobody_else_acts_on(twin: DevinTwin, user: User) -> None:
    """Who settles them once their time is over is proved with a clock of tests (tests/faults)."""
    findings(user.folder / "results.sarif", 24)
    twin.outcome("never_ending", tag=f"repo:{user.repository}")
    _strikes(twin, user, "latency", times=None, ms=300)

    with user.starts("pipeline.py", "--mode", "basic") as process:
        _until_the_first(twin, user)
        process.kill()
        process.communicate()
    twin.clear_faults()
    again = document(user.basic())

    assert again["sessions"] == []
    assert [(item["action"], item["issues"]) for item in again["held"]] == [("skip", 24)]
    intents = [tag for session in user.sessions(twin) for tag in session["tags"] if tag.startswith("cqf:")]
    assert len(set(intents)) == len(intents) < 24
    assert set(user.outcomes()) <= {"created", "open"}
    assert user.asks("fsck")["faults"] == []


def test_basic__a_ledger_that_closes_after_the_claims(twin: DevinTwin, user: User) -> None:
    has_claims = "git ls-tree -r --name-only $new | grep -q intent"
    hook(user.remote, "post-receive", f'while read old new ref; do {has_claims} && mv "$PWD" "$PWD.away"; done; true')

    done = user.basic()

    shown = document(done, 4)
    told = json.loads((user.out / "sessions.json").read_text())["sessions"]
    assert [session["status"] for session in told] == ["created", "created"]  # paid for, so it has to be told
    (user.folder / "ledger.git.away").rename(user.remote)
    (user.remote / "hooks/post-receive").unlink()
    assert user.outcomes() == ["open", "open"]
    command = shlex.split(shown["error"]["message"].partition("with: ")[2])
    assert user.fleet(*command[2:]).returncode == 0
    assert user.outcomes() == ["created", "created"]
    assert document(user.basic())["sessions"] == []
    assert len(user.sessions(twin)) == 2


def test_basic__two_at_once_start_each_session_once(twin: DevinTwin, user: User) -> None:
    findings(user.folder / "results.sarif", 6)
    twin.outcome("never_ending", tag=f"repo:{user.repository}")
    places = [{"RUN_ID": name, "OUTPUT_DIR": name, "STATE_DIR": f"state-{name}"} for name in ("one", "two")]

    running = [user.starts("pipeline.py", "--mode", "basic", "--json", **environ) for environ in places]
    shown = [json.loads(process.communicate()[0]) for process in running]

    assert [process.returncode for process in running] == [0, 0]
    assert sum(one["sessions_created"] for one in shown) == len(user.sessions(twin)) == 6
    assert user.outcomes() == ["created"] * 6
