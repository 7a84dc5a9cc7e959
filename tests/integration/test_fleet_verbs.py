"""The verbs of the orchestrator as a user types them: real commands, files, and the twins of Devin and GitHub."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from codeql_fixer.domain.dispatch import DispatchIntent
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.ports.ledger import Stored
from tests.builders import place, result, run
from tests.commands import command, document
from tests.devin_twin import DevinTwin, devin_twin
from tests.github_twin import GitHubTwin, github_twin
from tests.records import fingerprint, fix_example, issue_record, scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

CONTROL, FILE = "acme/control", "codeql-fixer.yml"
LONG_AGO = -26280.0  # hours: three years before the records of other tests


@pytest.fixture
def devin() -> Iterator[DevinTwin]:
    """Devin, whose sessions wait until a test moves its clock, and end well."""
    with devin_twin("--outcomes", "waiting_for_user=1") as running:
        yield running


@pytest.fixture
def github() -> Iterator[GitHubTwin]:
    """GitHub with a control repository."""
    with github_twin() as running:
        running.repository(CONTROL)
        names = ("target_repo", "mode", "languages", "queries", "severity_threshold", "default_branch")
        running.workflow(CONTROL, FILE, inputs=dict.fromkeys(names, False))
        yield running


class Operator:
    """Somebody with a fleet of two repositories, a registry, and a ledger that is a directory."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder, self.ledger = folder, DirectoryLedger(folder / "ledger")
        (folder / "ledger").mkdir()
        self.environ = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - tests
            "HOME": os.environ["HOME"],  # noqa: TID251 - tests
            "LEDGER": str(folder / "ledger"),
            "STATE_DIR": str(folder / "state"),
            "REGISTRY": str(folder / "registry.json"),
            **environ,
        }
        self.wants()

    def wants(self, *repos: dict[str, Any], **fleet: Any) -> None:  # noqa: ANN401 - any JSON
        """Write the registry."""
        entries = repos or ({"repo": "acme/shop", "tags": ["pci"]}, {"repo": "acme/api", "importance_score": 90})
        written = {"version": "2.0", "orchestrator": fleet, "repos": entries}
        (self.folder / "registry.json").write_text(json.dumps(written))

    def scanned(self, *repositories: str, issues: int = 2) -> None:
        """Put scans on the ledger."""
        found = [issue_record(number, file=f"src/{number}.py") for number in range(1, issues + 1)]
        self.ledger.append([scan("1", LONG_AGO, *found, target_repo=name) for name in repositories])

    def does(self, *arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the orchestrator."""
        return subprocess.run(
            command("orchestrator.py", *arguments),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**self.environ, **environ},
        )

    def asks(self, *arguments: object, **environ: str) -> Any:  # noqa: ANN401 - any JSON
        """The document that it answers with."""
        return document(self.does(*arguments, "--json", **environ))

    def runs(self) -> list[ScanRun]:
        """Scan runs on the ledger."""
        entries = [entry for entry in self.ledger.read_since("").entries if isinstance(entry, Stored)]
        return [entry.record for entry in entries if isinstance(entry.record, ScanRun)]

    def files(self) -> dict[str, bytes]:
        """Everything on the ledger, and everything that was kept for a replay."""
        kept = (self.folder / "state").glob("*/unrecorded/**/*")
        found = [*(self.folder / "ledger").rglob("*"), *kept]
        return {str(path): path.read_bytes() for path in found if path.is_file() and ".lock" not in path.name}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Somebody without any key."""
    return Operator(tmp_path)


# --- plan and explain: no key, no agent, nothing written


def test_plan__shows_what_would_start_the_most_important_first(operator: Operator) -> None:
    operator.scanned("acme/shop", "acme/api", "acme/unlisted")
    before = operator.files()

    shown = operator.does("plan")
    planned = operator.asks("plan")

    assert shown.returncode == 0, shown.stderr
    assert [one["repository"] for one in planned["dispatches"]] == ["acme/api", "acme/shop"]
    assert planned["dispatches"][0]["score"] == pytest.approx(sum(planned["dispatches"][0]["terms"].values()))
    assert "2 sessions would start" in shown.stdout
    assert "acme/unlisted" not in shown.stdout
    assert operator.files() == before


def test_plan__of_some_repositories_only(operator: Operator) -> None:
    operator.scanned("acme/shop", "acme/api")

    by_tag, by_name = (
        operator.asks("plan", "--tag", "pci"),
        operator.asks("plan", "--repo", "https://github.com/ACME/api"),
    )

    assert [one["repository"] for one in by_tag["dispatches"]] == ["acme/shop"]
    assert [one["repository"] for one in by_name["dispatches"]] == ["acme/api"]


def test_plan__says_who_is_paused(operator: Operator) -> None:
    operator.scanned("acme/shop")
    operator.wants(paused="audit")

    shown = operator.does("plan")

    assert "paused: audit\nno session would start" in shown.stdout


WRONG = {
    "repository": (("plan", "--repo", "acme/nothing"), "neither the registry nor the ledger knows it"),
    "no name": (("plan", "--repo", "nothing"), "names are owner/name"),
    "tag": (("plan", "--tag", "nothing"), "no repository of the registry has it"),
    "fingerprint": (("explain", "abcd"), "abcd: the ledger has no issue with this fingerprint"),
    "seconds": (("cycle", "--max-duration", "soon"), "must be a whole number of seconds"),
    "no seconds": (("cycle", "--max-duration", "0"), "at least 1"),
    "no agent": (("dispatch",), "there is no agent to ask"),
    "no token": (("scan",), "GITHUB_TOKEN"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_verbs__say_what_to_correct(operator: Operator, arguments: tuple[str, ...], message: str) -> None:
    done = operator.does(*arguments)

    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert message in done.stderr


def test_explain__shows_gates_score_and_limits(operator: Operator) -> None:
    operator.scanned("acme/shop", "acme/unlisted")

    shown = operator.does("explain", fingerprint(1), "--repo", "acme/shop")
    both = operator.asks("explain", fingerprint(1)[:19])

    assert shown.returncode == 0, shown.stderr
    assert "=> the next cycle starts a session for it" in shown.stdout
    assert {"GATE", "SCORE", "LIMIT"} <= set(shown.stdout.split())
    answers = {one["repository"]: (one["would_start"], one["answer"]) for one in both["issues"]}
    assert answers["acme/shop"][0]
    assert answers["acme/unlisted"] == (
        False,
        "nothing is started for it by itself: its repository is not in the registry",
    )


# --- dispatch


def test_dispatch__starts_each_session_once(operator: Operator, devin: DevinTwin) -> None:
    operator.scanned("acme/shop", "acme/api")

    first = operator.asks("dispatch", **devin.environment)
    second = operator.does("dispatch", **devin.environment)

    assert [one["status"] for one in first["sessions"]] == ["created", "created"]
    assert sorted(tag for one in devin.sessions() for tag in one["tags"] if tag.startswith("repo:")) == [
        "repo:acme/api",
        "repo:acme/shop",
    ]
    assert "0 sessions started" in second.stdout, second.stderr
    assert len(devin.sessions()) == 2
    assert (operator.folder / "ledger" / "telemetry" / "orchestrator_state.json").exists()
    for text in (*operator.files().values(), second.stderr.encode()):
        assert devin.key.encode() not in text


def test_dispatch__says_on_record_what_agents_are_told_by(operator: Operator, devin: DevinTwin) -> None:
    operator.scanned("acme/shop")

    operator.does("dispatch", **devin.environment)

    records = [entry.record for entry in operator.ledger.read_since("").entries if isinstance(entry, Stored)]
    [claim] = [record for record in records if isinstance(record, DispatchIntent)]
    assert re.fullmatch("[0-9a-f]{12}", claim.prompt)
    assert re.fullmatch("injection@[0-9a-f]{12}", claim.playbook)


@pytest.mark.parametrize("is_enabled", ["true", "false"])
def test_dispatch__keeps_notes_of_proved_fixes_where_they_are_enabled(
    operator: Operator, devin: DevinTwin, is_enabled: str
) -> None:
    operator.ledger.append([fix_example("x-1", LONG_AGO)])

    for _ in range(2):
        done = operator.does("dispatch", **devin.environment, ENABLE_KNOWLEDGE=is_enabled)
        assert done.returncode == 0, done.stderr

    notes = devin.ask("GET", "knowledge/notes?first=200").json["items"]
    assert [note["name"] for note in notes] == ["codeql-fixer: fix of py/sql-injection in acme/shop"] * (
        is_enabled == "true"
    )
    assert all("+safe(name)" in note["body"] and note["pinned_repo"] == "acme/shop" for note in notes)


def test_dispatch__dry_changes_nothing_anywhere(operator: Operator, devin: DevinTwin) -> None:
    operator.scanned("acme/shop", "acme/api")
    before = operator.files()

    done = operator.does("dispatch", "--dry-run", **devin.environment)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("dry run: nothing of what follows was recorded, scanned or started")
    assert done.stderr.count("would start with devin") == 2
    assert operator.files() == before
    assert devin.sessions() == []
    writes = [name for name in devin.stats()["requests"] if not name.startswith("GET ")]
    assert writes == []


# --- scan and cycle


def test_scan__asks_for_what_is_due_and_not_again(operator: Operator, github: GitHubTwin) -> None:
    environ = {**github.environment, "CONTROL_REPO": CONTROL}

    dry = operator.does("scan", "--dry-run", **environ)
    assert github.runs() == []
    first = operator.asks("scan", **environ)
    second = operator.does("scan", **environ)

    assert dry.stderr.count("would start codeql-fixer.yml in acme/control") == 2, dry.stderr
    assert {(one["repository"], one["scans"], one["problem"]) for one in first["scans"]} == {
        ("acme/api", 1, None),
        ("acme/shop", 1, None),
    }
    assert {one["inputs"]["target_repo"] for one in github.runs()} == {"acme/api", "acme/shop"}
    assert second.stdout == "no scan was due\n"
    assert len(github.runs()) == 2


def test_scan__takes_in_what_the_host_has_without_a_control_repository(operator: Operator, github: GitHubTwin) -> None:
    operator.wants({"repo": "acme/shop", "scan_source": "code-scanning"})
    github.repository("acme/shop")
    rules = [{"id": "py/xss", "properties": {"tags": ["external/cwe/cwe-079"], "security-severity": "6.1"}}]
    found = result(ruleId="py/xss", message={"text": "xss"}, locations=[place("src/app.py", 3)])
    github.analysis(
        "acme/shop", {"version": "2.1.0", "runs": [run(found, tool={"driver": {"name": "CodeQL", "rules": rules}})]}
    )

    first = operator.asks("scan", **github.environment)
    operator.asks("scan", **github.environment)

    assert [(one["scans"], one["problem"]) for one in first["scans"]] == [(1, None)]
    assert [[issue.rule_id for issue in one.issues] for one in operator.runs()] == [["py/xss"]]


def test_scan__without_a_control_repository_is_the_users_to_mend(operator: Operator, github: GitHubTwin) -> None:
    done = operator.does("scan", **github.environment)

    assert (done.returncode, done.stdout) == (2, "")
    assert "--control-repo" in done.stderr
    assert github.token not in done.stderr


def test_cycle__scans_dispatches_and_sees_what_became_of_it(
    operator: Operator, devin: DevinTwin, github: GitHubTwin
) -> None:
    operator.wants({"repo": "acme/shop", "scan_source": "self-reported"})
    operator.scanned("acme/shop")
    github.repository("acme/shop")
    environ = {**devin.environment, **github.environment, "CONTROL_REPO": CONTROL}

    first = operator.asks("cycle", "--max-duration", "600", **environ)
    devin.advance(200)
    operator.asks("cycle", **environ)
    state = operator.asks("status")["repositories"][0]["tiers"]["high"]["issues"]

    assert (first["is_scanned"], first["scans"], len(first["sessions"])) == (True, [], 1)
    assert state == {"pr_open": 2}


def test_cycle__without_a_token_says_that_nobody_looked_for_scans(operator: Operator, devin: DevinTwin) -> None:
    done = operator.does("cycle", **devin.environment)

    assert done.returncode == 0, done.stderr
    assert "scans are not set up: GITHUB_TOKEN is missing" in done.stdout
    assert "no scan was due" not in done.stdout


def test_cycle__tells_of_a_part_that_failed_and_does_the_other(
    operator: Operator, devin: DevinTwin, github: GitHubTwin
) -> None:
    operator.scanned("acme/shop")

    done = operator.does("cycle", **devin.environment, **github.environment)

    assert done.returncode == 2
    assert "scans: scans are started in the control repository" in done.stderr
    assert len(devin.sessions()) == 1
