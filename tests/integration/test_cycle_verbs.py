"""The verbs of a cycle, as a user types them: real commands against the twins of GitHub and Devin, and a git ledger."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.domain.dispatch import DispatchIntent
from codeql_fixer.domain.scan_run import ScanRun
from tests.builders import place, result, run, sarif
from tests.commands import User
from tests.devin_twin import DevinTwin, devin_twin
from tests.github_twin import GitHubTwin
from tests.receiver import SECRET, receiver
from tests.remotes import git
from tests.twins import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

CONTROL, WEB = "acme/control", "acme/web"
RULES = [{"id": "py/sql-injection", "properties": {"tags": ["external/cwe/cwe-089"], "security-severity": "8.8"}}]
TOOL = {"driver": {"name": "CodeQL", "rules": RULES}}
REGISTRY = {
    "version": "2.0",
    "repos": [
        {"repo": "acme/api", "schedule": "daily"},
        {"repo": WEB, "scan_source": "code-scanning", "schedule": "hourly", "aliases": ["forks/web"]},
        {"repo": "acme/gone", "scan_source": "code-scanning"},
    ],
}


@pytest.fixture
def github() -> Iterator[GitHubTwin]:
    """A host with the control repository and two others, one of which GitHub has scanned."""
    started_at = str(int(time.monotonic()) + 1_700_000_000)  # long ago: scans are not of the future
    with running("codeql_fixer.twin.github", "--start", started_at) as (process, started):
        twin = GitHubTwin(process, started)
        for name in (CONTROL, "acme/api", WEB):
            twin.repository(name)
        twin.workflow(
            CONTROL, "codeql-fixer.yml", inputs={"target_repo": True, "mode": True, "severity_threshold": True}
        )
        twin.analysis(WEB, _found())
        yield twin


@pytest.fixture(scope="module")
def devin() -> Iterator[DevinTwin]:
    """An agent whose sessions end well."""
    with devin_twin("--outcomes", "waiting_for_user=1") as twin:
        yield twin


@pytest.fixture
def user(tmp_path: Path, devin: DevinTwin, github: GitHubTwin) -> User:
    """Somebody with a fleet."""
    devin.reset()
    (tmp_path / "registry.json").write_text(json.dumps(REGISTRY))
    places = {"CONTROL_REPO": CONTROL, "REGISTRY": str(tmp_path / "registry.json")}
    return User(tmp_path, WEB, {**devin.environment, **github.environment, **places})


def _found(*, is_fixed: bool = False) -> dict[str, Any]:
    found = result(ruleId="py/sql-injection", locations=[place("shop/db.py", 3)], partialFingerprints={"line": "abc:1"})
    return sarif(run(*([] if is_fixed else [found]), tool=TOOL))


def _issue(user: User) -> dict[str, Any]:
    [issue] = user.asks("search", "query")["issues"]
    return dict(issue)


def test_cycle__leads_an_issue_from_its_scan_to_the_proof_of_its_fix(
    user: User, devin: DevinTwin, github: GitHubTwin
) -> None:
    first = user.asks("cycle")

    assert {one["repository"]: one["scans"] for one in first["scans"]} == {
        "acme/api": 1,
        WEB: 1,
        "acme/gone": 0,
    }
    assert [one["repository"] for one in first["scans"] if one["problem"]] == ["acme/gone"]
    [started] = github.runs()
    assert started["inputs"] == {"target_repo": "acme/api", "mode": "orchestrator", "severity_threshold": "low"}
    [session] = first["sessions"]
    assert (session["repository"], session["status"]) == (WEB, "created")
    assert user.asks("cycle")["sessions"] == []

    devin.advance(3600)
    number = int(devin.sessions()[0]["pull_request_url"].rpartition("/")[2])
    github.pull(WEB, "devin/1", number=number)
    user.asks("dispatch")
    assert _issue(user)["state"] == "pr_open"
    github.advance(3600)
    github.change_pull(WEB, number, "merge")
    user.asks("cycle")
    assert _issue(user)["state"] == "pr_merged"

    github.advance(3600)
    github.analysis(WEB, _found(is_fixed=True))
    taken_in = {one["repository"]: one["scans"] for one in user.asks("scan")["scans"]}
    assert taken_in[WEB] == 1
    assert _issue(user)["state"] == "verified_fixed"
    assert len(github.runs()) == 1
    assert user.asks("fsck")["faults"] == []


def test_cycle__says_what_is_not_set_up(user: User) -> None:
    without_token = user.fleet("cycle", GITHUB_TOKEN="")
    without_agent = user.fleet("cycle", DEVIN_API_KEY="")
    without_control = user.fleet("scan", CONTROL_REPO="")

    assert "scans are not set up: GITHUB_TOKEN is missing" in without_token.stdout
    assert (without_agent.returncode, without_agent.stdout) == (2, "")
    assert "set DEVIN_API_KEY" in without_agent.stderr
    assert (without_control.returncode, without_control.stdout) == (2, "")
    assert "--control-repo OWNER/NAME" in without_control.stderr


def test_scan__says_what_was_started_taken_in_and_failed(user: User) -> None:
    done = user.fleet("scan")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "1 scan started, 1 taken in, 1 failed"
    assert "acme/gone could not be scanned: repository acme/gone: GitHub has none" in done.stderr


def test_plan__is_for_the_agents_that_are_here(user: User) -> None:
    user.fleet("scan")

    assert [one["agent"] for one in user.asks("plan")["dispatches"]] == ["devin"]
    done = json.loads(user.fleet("plan", "--json", DEVIN_API_KEY="").stdout)
    assert [one["agent"] for one in done["dispatches"]] == ["codemodder"]


def test_dispatch__keeps_to_what_the_run_wants(user: User) -> None:
    user.fleet("scan")
    wanted = {"AGENT": "devin", "MAX_ACU_PER_SESSION": "7"}

    nobody = user.fleet("dispatch", "--agent", "nobody")
    done = user.fleet("dispatch", **wanted)
    [cycle] = [one for one in user.records(Cycle) if one.inputs]
    again = user.fleet("explain", "--cycle", cycle.id)  # wants nothing itself

    assert (nobody.returncode, "--agent nobody: there is no such agent" in nobody.stderr) == (2, True)
    assert done.returncode == 0, done.stderr
    assert [intent.max_acu for intent in user.records(DispatchIntent)] == [7]
    assert "label agent:devin" in cycle.decisions[0].reason
    assert "decided again: byte for byte the same" in again.stdout, again.stdout


@pytest.mark.parametrize(
    "arguments",
    [("dispatch", "--scanner", "bandit"), ("dispatch", "--workflow-ref", "x"), ("scan", "--max-sessions", "1")],
)
def test_halves__take_no_option_that_has_no_effect(user: User, arguments: tuple[str, ...]) -> None:
    refused = user.fleet(*arguments)

    assert refused.returncode == 2
    assert f"unrecognized arguments: {arguments[1]}" in refused.stderr


def test_dry_run__starts_and_records_nothing(user: User, devin: DevinTwin, github: GitHubTwin) -> None:
    user.fleet("scan")
    before = len(github.runs())

    done = user.fleet("cycle", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "would start with devin: Fix 1 injection finding in acme/web" in done.stderr
    assert (devin.sessions(), user.records(DispatchIntent), len(github.runs())) == ([], [], before)


def test_scan__the_control_repository_is_scanned_where_it_is(user: User) -> None:
    repositories = [{"repo": CONTROL, "scan_source": "direct"}, {"repo": "acme/api", "scan_source": "direct"}]
    (user.folder / "registry.json").write_text(json.dumps({"repos": repositories}))
    (user.folder / "app.py").write_text("import subprocess\n\nsubprocess.call('ls ' + input(), shell=True)\n")
    nowhere = user.fleet("scan", "--scanner", "bandit", "--dry-run")
    git(user.folder, "init", "--quiet")

    dry = user.fleet("scan", "--scanner", "bandit", "--dry-run")
    done = {one["repository"]: one for one in user.asks("scan", "--scanner", "bandit")["scans"]}

    assert "is no checkout of acme/control" in nowhere.stderr
    assert "would scan . with bandit" in dry.stderr
    assert (done[CONTROL]["scans"], done[CONTROL]["problem"]) == (1, None)
    assert "is for the control repository only" in done["acme/api"]["problem"]
    [run] = user.records(ScanRun)
    assert (run.target_repo, {issue.file for issue in run.issues}) == (CONTROL, {"app.py"})
    assert [one["repository"] for one in user.asks("scan", "--scanner", "bandit")["scans"]] == []


def test_cycle__tells_what_is_news_once(user: User, tmp_path: Path) -> None:
    few = {"name": "few", "target_severity": "low", "target_count": 10}
    (tmp_path / "registry.json").write_text(json.dumps({**REGISTRY, "orchestrator": {"objectives": [few]}}))
    with receiver() as hook:
        told = {"ALERT_WEBHOOK_URL": hook.url, "ALERT_WEBHOOK_SECRET": SECRET, "ALERT_ALLOW_PRIVATE": "true"}
        dry = user.fleet("dispatch", "--dry-run", **told)
        assert hook.requests == []

        first = json.loads(user.fleet("dispatch", "--json", **told).stdout)
        second = user.fleet("dispatch", **told)

    assert "would tell over webhook: Objective few is met" in dry.stderr
    assert first["alerts"] == {"noticed": 1, "delivered": 1}
    assert "told" not in second.stdout
    [heard] = hook.requests
    assert (hook.forged, json.loads(heard.body)["data"]["title"]) == ([], "Objective few is met")
    assert user.asks("fsck")["faults"] == []


def test_cycle__tells_each_channel_what_it_wants_to_hear(user: User, tmp_path: Path) -> None:
    events = ["scan_started", "scan_completed", "session_created", "cycle_completed"]
    alerts = {"events": events, "channels": {"slack": {"events": ["session_created"]}}}
    (tmp_path / "registry.json").write_text(json.dumps({**REGISTRY, "alerts": alerts}))
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "slack.j2").write_text("{{ title }}\n{{ nobody }}")
    summary = tmp_path / "summary.md"
    with receiver() as hook, receiver() as chat:
        told = {
            "ALERT_WEBHOOK_URL": hook.url,
            "ALERT_WEBHOOK_SECRET": SECRET,
            "ALERT_SLACK_URL": chat.url,
            "ALERT_SUMMARY": "true",
            "GITHUB_STEP_SUMMARY": str(summary),
            "ALERT_TEMPLATES": str(tmp_path / "words"),
            "ALERT_ALLOW_PRIVATE": "true",
        }
        first = user.fleet("cycle", **told)
        second = user.fleet("cycle", **told)

    heard = sorted(json.loads(one.body)["type"] for one in hook.requests)  # the scan that came in is of long ago
    assert heard == ["cycle_completed", "cycle_completed", "scan_started", "session_created"]
    [said] = chat.requests
    assert json.loads(said.body)["text"].startswith("*A session of devin works on acme/web*\n")
    assert f"warning: {tmp_path}/words/slack.j2: line 2: 'nobody' is undefined" in first.stderr
    text = summary.read_text()
    assert (text.count("A session of devin"), text.count(" is over"), hook.forged) == (1, 2, [])
    for done in (first, second):
        assert not any(secret in done.stdout + done.stderr for secret in (SECRET, "secret-path"))
    assert user.asks("fsck")["faults"] == []


def test_cycle__warns_of_an_alert_that_did_not_arrive(user: User, tmp_path: Path) -> None:
    few = {"name": "few", "target_severity": "low", "target_count": 10}
    (tmp_path / "registry.json").write_text(json.dumps({**REGISTRY, "orchestrator": {"objectives": [few]}}))
    with receiver(status=503) as hook:
        told = {"ALERT_WEBHOOK_URL": hook.url, "ALERT_WEBHOOK_SECRET": SECRET, "ALERT_ALLOW_PRIVATE": "true"}
        done = user.fleet("dispatch", **told)

    assert done.returncode == 0, done.stderr
    assert "warning: alert 'Objective few is met' over webhook: 127.0.0.1 answered 503" in done.stdout


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"ALERT_WEBHOOK_URL": "https://hooks.example/x"}, "alerts need both ALERT_WEBHOOK_URL and"),
        ({"ALERT_WEBHOOK_SECRET": SECRET}, "alerts need both ALERT_WEBHOOK_URL and"),
        ({"ALERT_WEBHOOK_URL": "https://hooks.example/x", "ALERT_WEBHOOK_SECRET": "x"}, "must be whsec_ and 24 to 64"),
        ({"ALERT_WEBHOOK_URL": "http://hooks.example/x", "ALERT_WEBHOOK_SECRET": SECRET}, "in the clear; use https"),
        ({"ALERT_SLACK_URL": "https://192.168.1.1/x"}, "ALERT_SLACK_URL: leads to an address inside a network"),
        ({"ALERT_GITHUB": "acme"}, "must be owner/name or owner/name#number, got 'acme'"),
    ],
)
def test_cycle__refuses_half_a_webhook_before_anything_happens(
    user: User, variables: dict[str, str], fault: str
) -> None:
    done = user.fleet("dispatch", **variables)

    assert (done.returncode, done.stdout) == (2, "")
    assert fault in done.stderr
    assert SECRET not in done.stderr
