"""From a finding to its proof, by real commands among twins; and each of the ways to a proof that is none."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct

from codeql_fixer.domain.follow_up import FollowUp, FollowUpOutcome
from codeql_fixer.domain.verification import Verdict, Verification
from tests.commands import command
from tests.devin_twin import DevinTwin, devin_twin
from tests.github_twin import GitHubTwin
from tests.receiver import receiver
from tests.remotes import git
from tests.twins import running
from tests.whole_loop import EARLIER, FLAWED, PYTHON, RULES, TOOL, Loop, flaw, scan, without_anything

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SHOP = "acme/shop"


@pytest.fixture(scope="module")
def devin() -> Iterator[DevinTwin]:
    """An agent whose sessions end well."""
    with devin_twin("--outcomes", "waiting_for_user=1") as twin:
        yield twin


@pytest.fixture(scope="module")
def github() -> Iterator[GitHubTwin]:
    """A host for which it is this morning."""
    earlier = str(int(time.time()) - EARLIER)  # noqa: TID251 - the commands of this test live in real time
    with running("codeql_fixer.twin.github", "--start", earlier) as (process, started):
        yield GitHubTwin(process, started)


# --- to a proof


def test_loop__from_a_finding_to_its_proof(tmp_path: Path, devin: DevinTwin, github: GitHubTwin) -> None:
    with receiver() as hook:
        loop = Loop(tmp_path, [SHOP], devin=devin, github=github, hook=hook)

        [session] = loop.cycle()["sessions"]
        assert (session["repository"], session["status"]) == (SHOP, "created")
        devin.advance(3600)
        loop.propose(SHOP)
        loop.cycle()
        assert loop.issue(SHOP)["state"] == "pr_open"

        loop.object_to(SHOP)
        assert [loop.cycle()["follow_ups"]["told"] for _ in range(2)] == [1, 0]
        [message] = loop.heard(SHOP)
        assert all(words in message for words in ("That is no fix.", "Bind it.", "`shop/orders.py:5`"))

        loop.improve(SHOP)
        loop.merge(SHOP)
        loop.cycle()
        assert loop.issue(SHOP)["state"] == "pr_merged"
        assert (loop.labels(SHOP), loop.alerts()) == (set(), [])

        loop.analyse(SHOP, scan(**PYTHON))
        assert loop.cycle()["proved"] == 1
        assert loop.issue(SHOP)["state"] == "verified_fixed"

        again = [loop.cycle() for _ in range(2)]
        assert [(one["proved"], one["sessions"], one["alerts"]["noticed"]) for one in again] == [(0, [], 0)] * 2
        _assert_told_once(loop)
        _assert_on_record_once(loop)
        _assert_shown(tmp_path)


def _assert_told_once(loop: Loop) -> None:
    [alert] = loop.alerts()
    assert (alert["type"], alert["data"]["repository"], loop.hook.forged) == ("fix_verified", SHOP, [])
    assert loop.labels(SHOP) == {"verified-fix"}
    [comment] = loop.said(SHOP)
    assert "1 of 1 finding verified as fixed" in comment
    assert len(loop.devin.sessions()) == len(loop.heard(SHOP)) == 1


def _assert_on_record_once(loop: Loop) -> None:
    [record] = loop.user.records(Verification)
    assert [one.verdict for one in record.verdicts] == [Verdict.VERIFIED_FIXED]
    assert (record.target_repo, record.pull_request) == (SHOP, loop.number(SHOP))
    assert (len(loop.user.records(FollowUp)), len(loop.user.records(FollowUpOutcome))) == (1, 1)
    assert loop.user.asks("fsck")["faults"] == []
    events = loop.user.asks("history", loop.issue(SHOP)["fingerprint"])["issues"][0]["events"]
    kinds = [one["kind"] for one in events]
    assert {*kinds} == {"seen", "claimed", "dispatch", "session", "pull request", "follow-up", "fixed", "verdict"}
    assert [kinds.count(kind) for kind in ("claimed", "fixed", "verdict")] == [1, 1, 1]


def _assert_shown(folder: Path) -> None:
    """Evidence of both scans and both states of the code holds where nothing else is."""
    clone, files = folder / "clones" / SHOP, {}
    git(clone, "fetch", "--quiet", "origin")
    for name, commit in (("before", git(clone, "rev-list", "--max-parents=0", "HEAD")), ("after", "origin/main")):
        files[name] = {"revisionId": git(clone, "rev-parse", commit), "repositoryUri": f"https://github.com/{SHOP}"}
        git(clone, "worktree", "add", "--quiet", "--detach", str(folder / name), commit)
    for name, found in (("before", [flaw()]), ("after", [])):
        (folder / f"{name}.sarif").write_text(
            json.dumps(scan(*found, versionControlProvenance=[files[name]], **PYTHON))
        )
    more = ("--baseline-dir", "before", "--candidate-dir", "after", "--repo", SHOP, "--evidence", "fix.json", "--json")

    done = _does(folder, "verify", "--baseline", "before.sarif", "--candidate", "after.sarif", *more)

    assert done.returncode == 0, done.stderr
    verdicts = {one["rule_id"]: one["verdict"] for one in json.loads(done.stdout)["targets"]}
    assert verdicts == {"py/sql-injection": "verified_fixed", "py/weak-crypto": "still_present"}
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "fix.json").write_bytes((folder / "fix.json").read_bytes())
    checked = _does(elsewhere, "evidence", "verify", "fix.json", "--json")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["is_sound"]


def _does(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = command("orchestrator.py", *arguments)
    return subprocess.run(done, cwd=folder, env=without_anything(), capture_output=True, text=True, check=False)


# --- to no proof


class Trap(Struct, frozen=True):
    """What a scan after the merge says in the place of an honest one, and what that comes to.

    `sarif` is None for an analysis that has failed and has none. `why` is in the reason or the doubt.
    """

    sarif: dict[str, Any] | None
    state: str
    why: str
    labels: frozenset[str] = frozenset()


_SUPPRESSED = flaw(suppressions=[{"kind": "inSource"}])
_ONE_RULE = {"driver": {**TOOL["driver"], "rules": RULES[1:]}}
_NO_RULES = {"driver": {"name": "CodeQL", "semanticVersion": "2.20.1"}}
_UNSUCCESSFUL = [{"executionSuccessful": False}]
_NOT_FIXED = frozenset({"not-fixed"})
TRAPS = {
    "still-there": Trap(scan(flaw(), **PYTHON), "recurring", "still finds it after its fix", _NOT_FIXED),
    "edited": Trap(scan(flaw(line_hash="f2:1"), **PYTHON), "recurring", "still finds it after its fix", _NOT_FIXED),
    "suppressed": Trap(scan(_SUPPRESSED, **PYTHON), "pr_merged", "set findings of this rule in this file aside"),
    "unsuccessful": Trap(scan(**PYTHON, invocations=_UNSUCCESSFUL), "pr_merged", "did not succeed"),
    "failed": Trap(None, "pr_merged", ""),
    "other-language": Trap(scan(automationDetails={"id": "/language:javascript/"}), "pr_merged", "did not scan"),
    "rule-not-run": Trap(scan(**PYTHON, tool=_ONE_RULE), "pr_merged", "does not list the rule as run"),
    "diff-informed": Trap(
        scan(**PYTHON, properties={"incrementalMode": "overlay,diff-informed"}), "pr_merged", "changed lines only"
    ),
    "empty": Trap(scan() | {"runs": [{"tool": _NO_RULES, "results": [], **PYTHON}]}, "pr_merged", "does not list"),
    "no-runs": Trap(scan() | {"runs": []}, "pr_merged", "did not scan"),
}
HONEST = ("acme/honest", "acme/reverted", "acme/back")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, devin: DevinTwin, github: GitHubTwin) -> Iterator[Loop]:
    """Every repository has gone through the loop, its fix is merged, and its later scan is in."""
    github.reset()
    names = [*HONEST, *(f"acme/{name}" for name in TRAPS)]
    with receiver() as hook:
        loop = Loop(tmp_path_factory.mktemp("fleet"), names, devin=devin, github=github, hook=hook)
        loop.until_merged()
        for name in HONEST:
            loop.analyse(name, scan(**PYTHON))
        for name, trap in TRAPS.items():
            if trap.sarif is None:
                loop.analyse(f"acme/{name}", scan(**PYTHON), error="the analysis failed")
            else:
                loop.analyse(f"acme/{name}", trap.sarif)
        loop.cycle()
        loop.look()
        yield loop


@pytest.mark.parametrize("name", TRAPS)
def test_loop__a_scan_that_proves_nothing_verifies_nothing(fleet: Loop, name: str) -> None:
    trap, repository = TRAPS[name], f"acme/{name}"

    issue = fleet.seen[repository]

    assert issue["state"] == trap.state
    assert fleet.labels(repository) == {*trap.labels}
    assert trap.why in issue["reason"]
    assert len(fleet.heard(repository)) == 1


def test_loop__what_is_taken_back_or_comes_back_is_fixed_no_longer(fleet: Loop) -> None:
    """One fix is reverted, and another one is undone by somebody's commit, which a scan notices."""
    assert {fleet.issue(name)["state"] for name in HONEST} == {"verified_fixed"}
    assert sorted(one["data"]["repository"] for one in fleet.alerts()) == sorted(HONEST)

    fleet.revert("acme/reverted")
    fleet.push("acme/back", "main", {"shop/orders.py": FLAWED}, start="main")
    fleet.analyse("acme/back", scan(flaw(), **PYTHON))
    fleet.user.asks("scan")
    assert fleet.issue("acme/back")["state"] == "regressed"
    sessions = fleet.cycle()["sessions"]

    assert [one["repository"] for one in sessions] == ["acme/back"]  # what was reverted rests first
    assert fleet.issue("acme/honest")["state"] == "verified_fixed"
    reverted = fleet.issue("acme/reverted")
    assert (reverted["state"], reverted["reason"]) == ("recurring", "its fix was reverted")
    assert len(fleet.alerts()) == len(HONEST)
    assert len(fleet.user.records(Verification)) == len(HONEST) + sum(bool(trap.labels) for trap in TRAPS.values())
    assert fleet.user.asks("fsck")["faults"] == []
