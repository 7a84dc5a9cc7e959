"""The orchestrator's commands, run as a user runs them: real process, real git, real files."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.ledger.codec import encode
from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.domain.cycle import SessionObservation
from codeql_fixer.domain.session import SessionState
from codeql_fixer.entrypoints.cli.orchestrator.verbs import VERBS
from tests.builders import result, run, write_sarif
from tests.records import at, cycle, dismissal, fingerprint, intent, issue_record, outcome, scan
from tests.remotes import BRANCH, bare, git, ledger_of, refs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.kinds import AnyRecord

ROOT = Path(__file__).parents[2]
TOOL = {
    "driver": {
        "name": "CodeQL",
        "rules": [{"id": "py/sql-injection", "properties": {"security-severity": "8.8"}}],
    }
}


def _command(
    script: str, *arguments: str | Path, cwd: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **(environ or {})},  # noqa: TID251 - tests
    )


def _fleet(cwd: Path, *arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return _command("orchestrator.py", *arguments, cwd=cwd, environ=environ)


def _json(done: subprocess.CompletedProcess[str]) -> Any:  # noqa: ANN401 - any JSON
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _scanned(cwd: Path, run_id: str, *results: dict[str, Any], **environ: str) -> subprocess.CompletedProcess[str]:
    sarif = write_sarif(cwd / "results.sarif", run(*results, tool=TOOL))
    arguments = ("--mode", "orchestrator", "--sarif", sarif, "--target-repo", "acme/shop", "--run-id", run_id)
    return _command("pipeline.py", *arguments, "--output-dir", cwd / "out", cwd=cwd, environ=environ)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return bare(tmp_path / "ledger.git")


def test_pipeline_to_history__follows_an_issue_from_scan_to_fix(tmp_path: Path, remote: Path) -> None:
    place = {"LEDGER": str(remote)}
    for run_id, results in (("1", [result()]), ("2", [result()]), ("3", [])):
        done = _scanned(tmp_path, run_id, *results, **place)
        assert done.returncode == 0, done.stderr

    status = _json(_fleet(tmp_path, "status", "--json", **place))

    [repository] = status["repositories"]
    assert (repository["name"], repository["scans"]) == ("acme/shop", 3)
    assert repository["tiers"]["high"]["issues"] == {"fixed": 1}
    assert status["ledger"]["commit"] == git(remote, "rev-parse", BRANCH)
    [issue] = _json(_fleet(tmp_path, "search", "sql", "--json", **place))["issues"]
    assert (issue["state"], issue["appearances"]) == ("fixed", 2)
    [history] = _json(_fleet(tmp_path, "history", issue["fingerprint"], "--json", **place))["issues"]
    assert [event["kind"] for event in history["events"]] == ["seen", "seen", "fixed"]
    assert history["sla"] == "met"


def test_pipeline__again_with_the_same_run_adds_nothing(tmp_path: Path, remote: Path) -> None:
    assert _scanned(tmp_path, "1", result(), LEDGER=str(remote)).returncode == 0

    again = _fleet(tmp_path, "ingest", "--run", "out/run.json", "--ledger", remote, "--json")

    assert _json(again)["id"] == "scan_run/acme/shop/1"
    assert _json(_fleet(tmp_path, "fsck", "--ledger", remote, "--json")) == {"records": 1, "faults": []}


def test_pipeline__keeps_the_record_when_the_ledger_cannot_be_written(tmp_path: Path, remote: Path) -> None:
    real = remote.rename(tmp_path / "away.git")

    done = _scanned(tmp_path, "1", result(), LEDGER=remote.as_uri())

    assert done.returncode == 4
    assert "1 record kept" in done.stderr
    assert (tmp_path / "out/run.json").exists()
    assert (tmp_path / "out/summary.md").exists()
    real.rename(remote)
    command = shlex.split(done.stderr.partition("with: ")[2])
    assert command[:3] == ["python", "scripts/orchestrator.py", "replay"]
    replayed = _fleet(tmp_path, *command[2:])
    assert replayed.returncode == 0, replayed.stderr
    assert _json(_fleet(tmp_path, "fsck", "--ledger", remote, "--json"))["records"] == 1


def test_pipeline__keeps_nothing_behind_a_link(tmp_path: Path, remote: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/unrecorded").symlink_to(tmp_path)

    done = _scanned(tmp_path, "1", result(), LEDGER=str(remote))

    assert done.returncode == 2
    assert "unrecorded: is a link, which is not followed" in done.stderr


def test_pipeline__in_actions_writes_to_the_workflows_own_repository(tmp_path: Path, remote: Path) -> None:
    """The server's address is the runner's; here it is a folder that looks like one."""
    (tmp_path / "acme").mkdir()
    remote.rename(tmp_path / "acme/security.git")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "main"}}))
    environ = {
        "GITHUB_SERVER_URL": tmp_path.as_uri(),
        "GITHUB_REPOSITORY": "acme/security",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_EVENT_PATH": str(event),
    }

    done = _scanned(tmp_path, "1", result(), **environ)

    assert done.returncode == 0, done.stderr
    assert refs(tmp_path / "acme/security.git") == [f"refs/heads/{BRANCH}"]


@pytest.mark.parametrize(
    ("environ", "ref", "scope"),
    [
        ({}, "", "unknown"),
        ({"GITHUB_REF": "refs/heads/main"}, "refs/heads/main", "default-branch"),
        ({"GITHUB_REF": "refs/heads/dev"}, "refs/heads/dev", "other-branch"),
        ({"GITHUB_REF": "refs/pull/7/merge"}, "refs/pull/7/merge", "pull-request"),
        ({"GITHUB_REF": "refs/heads/x", "GITHUB_EVENT_NAME": "pull_request_target"}, "refs/heads/x", "pull-request"),
        ({"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": "/nowhere"}, "refs/heads/main", "unknown"),
        ({"GITHUB_REF": "refs/heads/main", "GITHUB_REPOSITORY": "acme/other"}, "", "unknown"),
    ],
)
def test_pipeline__records_which_code_was_scanned(
    tmp_path: Path, remote: Path, *, environ: dict[str, str], ref: str, scope: str
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "main"}}))
    given = {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_EVENT_PATH": str(event), "LEDGER": str(remote), **environ}

    assert _scanned(tmp_path, "1", result(), **given).returncode == 0

    record = json.loads((tmp_path / "out/run.json").read_text())
    assert (record["ref"], record["scope"]) == (ref, scope)


def test_status__in_text_says_it_on_one_screen(tmp_path: Path, remote: Path) -> None:
    ledger_of(remote).append([scan("1", 0, 1, 2), scan("2", 1, 1), intent("i-1", 2, 1), dismissal("d-1", 3, number=2)])

    done = _fleet(tmp_path, "status", "--ledger", remote)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"ledger {remote}#{BRANCH} at {git(remote, 'rev-parse', BRANCH)[:12]}"
    assert "sessions at work: 1 of 100" in lines
    [_, head, row] = lines[lines.index("acme/shop: 2 scans, last 2026-03-01 01:00 UTC") :]
    assert head.split() == ["TIER", "SESSION", "DISPATCHED", "FIXED", "AT", "RISK", "BREACHED", "IN", "DOUBT"]
    assert row.split() == ["high", "1", "1", "-", "1", "-"]


def test_output__holds_no_command_of_the_terminal(tmp_path: Path, remote: Path) -> None:
    evil = "\x1b]0;owned\x07\u202e::error::x"
    issue = issue_record(1, message=evil, file=f"a{evil}", rule_id=f"py/{evil}")
    seen = SessionObservation(
        session_id=evil, state=SessionState.WORKING, observed_at=at(2), session_url="https://x/\x1b[2J", detail=evil
    )
    facts: list[AnyRecord] = [intent("i-1", 1, 1), outcome("i-1", 1, session=evil), cycle("c-1", 2, sessions=(seen,))]
    ledger_of(remote).append([scan("1", 0, issue), *facts])

    for command in (("status",), ("history", fingerprint(1)), ("search", "owned"), ("fsck",)):
        done = _fleet(tmp_path, *command, "--ledger", remote)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert "\u202e" not in done.stdout + done.stderr


def test_status__of_an_empty_ledger_and_of_an_unknown_repository(tmp_path: Path, remote: Path) -> None:
    empty = _fleet(tmp_path, "status", "--ledger", remote)
    unknown = _fleet(tmp_path, "status", "--ledger", remote, "--repo", "acme/nothing", "--json")

    assert (empty.returncode, "it is empty" in empty.stdout) == (0, True)
    assert unknown.returncode == 2
    assert "the ledger has no scan of it" in json.loads(unknown.stdout)["error"]["message"]


def test_status__tells_of_damage_and_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    (folder / "telemetry/cycles/2026/03").mkdir(parents=True)
    (folder / "telemetry/cycles/2026/03/01-c.json").write_text("{")

    done = _fleet(tmp_path, "status", "--ledger", folder)

    assert done.returncode == 0
    assert "damaged: telemetry/cycles/2026/03/01-c.json: is no record" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("status",), "ledger (--ledger, LEDGER): is required"),
        (("status", "--ledger", "https://me:secret@example.com/x"), "must hold no user name or password"),
        (("status", "--ledger", "x#.."), "the part after # must be a branch name"),
        (("status", "--ledger", "x", "--sla-hours", "critical=0,bad=1"), "must be like critical=24"),
        (("status", "--ledger", "x", "--control-repo", "nowhere"), "must be owner/name"),
        (("status", "--ledger", "x", "--index", "postgresql://me:secret@db/x"), "give it as the variable INDEX"),
        (("history", "not-hex", "--ledger", "x"), "is no fingerprint"),
        (("history", "abcdef", "--ledger", "x"), "no issue with this fingerprint"),
        (("ingest", "--run", "nowhere.json", "--ledger", "x"), "nowhere.json: cannot be read"),
        (("ingest", "--ledger", "x"), "--run is required"),
        (("replay", "nowhere", "--ledger", "x"), "holds no telemetry folder"),
        (("import-runs", "nowhere", "--ledger", "x"), "nowhere: cannot be read"),
        (("import-runs", "x", "--ledger", "x", "--upstream", "a=b"), "must be like acme-forks/shop=acme/shop"),
        (("compact", "--ledger", "x", "--older-than-days", "soon"), "must be a whole number"),
    ],
)
def test_commands__say_what_to_correct(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = _fleet(tmp_path, *arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_ingest__takes_a_scan_only(tmp_path: Path, remote: Path) -> None:
    (tmp_path / "intent.json").write_bytes(encode(intent("i-1", 1, 1)))

    done = _fleet(tmp_path, "ingest", "--run", "intent.json", "--ledger", remote)

    assert done.returncode == 2
    assert "is a dispatch_intent, not a scan_run" in done.stderr


def test_ingest__takes_a_record_of_an_earlier_version(tmp_path: Path, remote: Path) -> None:
    done = _fleet(tmp_path, "ingest", "--run", ROOT / "tests/fixtures/scan_run.v1.json", "--ledger", remote)

    assert done.returncode == 0, done.stderr
    assert _json(_fleet(tmp_path, "fsck", "--ledger", remote, "--json")) == {"records": 1, "faults": []}


def test_fsck__fails_when_something_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    (folder / "telemetry/cycles/2026/03").mkdir(parents=True)
    (folder / "telemetry/cycles/2026/03/01-c.json").write_text("{")

    done = _fleet(tmp_path, "fsck", "--ledger", folder, "--json")

    assert done.returncode == 2
    assert "1 fault among 0 records" in done.stderr
    assert [fault["path"] for fault in json.loads(done.stdout)["faults"]] == ["telemetry/cycles/2026/03/01-c.json"]


def test_import_runs__takes_over_what_is_there_and_can_be_tried_first(
    shared: Path, tmp_path: Path, remote: Path
) -> None:
    arguments = ("import-runs", shared / "telemetry/predecessor-runs", "--ledger", remote, "--json")
    upstream = ("--upstream", "marius-posa/juice-shop=juice-shop/juice-shop")

    dry = _json(_fleet(tmp_path, *arguments, *upstream, "--dry-run"))
    assert refs(remote) == []
    done = _json(_fleet(tmp_path, *arguments, *upstream))
    again = _json(_fleet(tmp_path, *arguments, *upstream))

    assert {**dry, "dry_run": False} == done == again
    assert done["files"] == 45
    assert git(remote, "rev-list", "--count", BRANCH) == "1"  # many records, one commit
    assert _json(_fleet(tmp_path, "fsck", "--ledger", remote, "--json"))["faults"] == []
    compacted = _json(_fleet(tmp_path, "compact", "--ledger", remote, "--json"))
    assert compacted == {"packs": 4, "records": 28, "dry_run": False}
    before = _json(_fleet(tmp_path, "status", "--ledger", remote, "--json"))
    assert _json(_fleet(tmp_path, "rebuild", "--ledger", remote, "--json"))["repositories"] == 2
    after = _json(_fleet(tmp_path, "status", "--ledger", remote, "--json"))
    assert {**before, "at": ""} == {**after, "at": ""}


def test_state__can_be_deleted_at_any_time(tmp_path: Path, remote: Path) -> None:
    ledger_of(remote).append([scan("1", 0, 1)])
    first = _json(_fleet(tmp_path, "status", "--ledger", remote, "--json"))
    [folder] = (tmp_path / ".codeql-fixer").iterdir()
    assert {path.name for path in folder.iterdir()} >= {"index.sqlite", "ledger.git"}

    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()

    assert _json(_fleet(tmp_path, "status", "--ledger", remote, "--json"))["repositories"] == first["repositories"]


@pytest.mark.parametrize("text", ["", "no database at all, but a text that is long enough to be taken for one" * 50])
def test_index__that_is_no_database_is_named(tmp_path: Path, remote: Path, text: str) -> None:
    (tmp_path / "index").write_text(text)

    done = _fleet(tmp_path, "status", "--ledger", remote, "--index", "index")

    assert done.returncode == (2 if text else 0)
    assert "Traceback" not in done.stderr
    assert not text or "index: cannot be used as an index" in done.stderr


def test_index__in_postgres_answers_alike(tmp_path: Path, remote: Path, postgres_address: str) -> None:
    ledger_of(remote).append([scan("1", 0, 1, 2), scan("2", 1, 1)])
    address = f"{postgres_address}&options=-csearch_path%3Dcli"
    subprocess.run(["psql", postgres_address, "--quiet", "--command", "CREATE SCHEMA cli"], check=True)

    plain = _json(_fleet(tmp_path, "status", "--ledger", remote, "--json"))
    served = _json(_fleet(tmp_path, "status", "--ledger", remote, "--json", INDEX=address))

    assert served["repositories"] == plain["repositories"] != []


def test_index__in_postgres_that_is_not_there(tmp_path: Path, remote: Path) -> None:
    address = f"postgresql://me:s3cret@/db?host={tmp_path}"

    done = _fleet(tmp_path, "status", "--ledger", remote, INDEX=address)

    assert done.returncode == 2
    assert "the index's database cannot be reached" in done.stderr
    assert "s3cret" not in done.stderr


def test_index__that_is_broken_inside_is_named(tmp_path: Path, remote: Path) -> None:
    ledger_of(remote).append([scan(str(number), number, *range(200)) for number in range(5)])
    assert _fleet(tmp_path, "status", "--ledger", remote, "--index", "index").returncode == 0
    data = bytearray((tmp_path / "index").read_bytes())
    rest = len(data) // 2
    data[rest:] = b"\xa5" * (len(data) - rest)
    (tmp_path / "index").write_bytes(data)

    done = _fleet(tmp_path, "status", "--ledger", remote, "--index", "index")

    assert done.returncode == 2
    assert "delete it: it is built anew" in done.stderr or "remove it or name another" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help__of_every_command_has_examples_that_parse(tmp_path: Path, verb: Any) -> None:  # noqa: ANN401 - a verb
    done = _fleet(tmp_path, verb.name, "--help")

    assert done.returncode == 0
    assert "examples:" in done.stdout
    for example in verb.examples:
        words = shlex.split(example.partition(" | ")[0])
        assert words[:2] == ["orchestrator.py", verb.name]
        parsed = _fleet(tmp_path, *words[1:], "--state-dir", tmp_path / "s")
        assert "usage:" not in parsed.stderr, parsed.stderr


def test_replay__that_fails_again_ends_with_4_and_a_hint(tmp_path: Path) -> None:
    DirectoryLedger(tmp_path / "kept").append([scan("1", 0, 1)])
    (tmp_path / "blocked").write_text("")

    done = _fleet(tmp_path, "replay", "kept", "--ledger", "blocked")

    assert done.returncode == 4
    assert "put them on the ledger with" in done.stderr
