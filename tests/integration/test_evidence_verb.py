"""`verify --evidence` and what comes with it, then `evidence verify` on a machine that has nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from codeql_fixer.domain.verification import Verdict, Verification
from codeql_fixer.ports.ledger import Stored
from tests.builders import place, result, sarif
from tests.commands import command
from tests.remotes import bare, ledger_of

if TYPE_CHECKING:
    from pathlib import Path

RULES = [{"id": "py/sql-injection"}, {"id": "py/xss"}]
BEFORE = {"a.py": "x = 1\nrun(query + user)\n", "b.py": "show(user)\n"}
AFTER = {"a.py": "x = 1\nrun(query, [user])\n", "b.py": "show(user)\n"}


def _run(*results: object, commit: str) -> dict[str, Any]:
    return {
        "tool": {"driver": {"name": "CodeQL", "semanticVersion": "2.20.1", "rules": RULES}},
        "results": list(results),
        "versionControlProvenance": [{"repositoryUri": "https://github.com/acme/shop", "revisionId": commit * 40}],
        "invocations": [{"executionSuccessful": True}],
    }


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Both scans, both states, and a place to work in."""
    sql = result(locations=[place("a.py", 2)])
    xss = result(ruleId="py/xss", locations=[place("b.py", 1)])
    (tmp_path / "before.sarif").write_text(json.dumps(sarif(_run(sql, xss, commit="a"))))
    (tmp_path / "after.sarif").write_text(json.dumps(sarif(_run(xss, commit="b"))))
    for name, files in (("before", BEFORE), ("after", AFTER)):
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text)
    return tmp_path


def _does(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("orchestrator.py", *arguments),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},  # noqa: TID251 - tests
        capture_output=True,
        text=True,
        check=False,
    )


ORIGIN = ("--repo", "acme/shop", "--pull-request", "7", "--check", "unit tests=passed")
SCANS = ("--baseline", "before.sarif", "--candidate", "after.sarif")
CODE = ("--baseline-dir", "before", "--candidate-dir", "after")


def _evidence(room: Path, *more: str) -> Path:
    done = _does(room, "verify", *SCANS, *more, "--evidence", "fix.json", *ORIGIN)
    assert done.returncode == 0, done.stderr
    return room / "fix.json"


@pytest.mark.parametrize("more", [(), CODE])
def test_evidence__holds_from_the_file_alone(room: Path, tmp_path_factory: pytest.TempPathFactory, more: Any) -> None:  # noqa: ANN401
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.copy(_evidence(room, *more), elsewhere / "fix.json")

    done = _does(elsewhere, "evidence", "verify", "fix.json", "--json")

    found = json.loads(done.stdout)
    assert (done.returncode, found["is_sound"], found["faults"], found["notes"]) == (0, True, [], [])
    assert [one["rule_id"] for one in found["targets"]] == ["py/sql-injection"]
    assert found["confirmed"] == [one["fingerprint"] for one in found["targets"]]
    assert found["origin"]["pull_request_url"] == "https://github.com/acme/shop/pull/7"
    assert found["origin"]["tests"] == [{"name": "unit tests", "outcome": "passed"}]
    assert (found["origin"]["baseline_commit"], found["origin"]["candidate_commit"]) == ("a" * 40, "b" * 40)


def test_evidence__is_shown_to_people(room: Path) -> None:
    _evidence(room)

    done = _does(room, "evidence", "verify", "fix.json")

    assert "It holds: 1 fix decided again with the same result." in done.stdout
    assert "pull request  https://github.com/acme/shop/pull/7" in done.stdout


def test_evidence__a_scan_that_was_swapped_is_noticed(room: Path) -> None:
    path = _evidence(room)
    document = json.loads(path.read_text())
    document["predicate"]["baseline"][0]["content"] = document["predicate"]["candidate"][0]["content"]
    path.write_text(json.dumps(document))

    done = _does(room, "evidence", "verify", "fix.json", "--json")

    assert done.returncode == 2
    assert "another digest" in json.loads(done.stdout)["faults"][0]
    assert "fix.json: does not hold" in done.stderr


def test_evidence__a_scan_that_still_has_it_does_not_hold_however_the_digests_fit(room: Path) -> None:
    path = _evidence(room)
    document = json.loads(path.read_text())
    said = document["predicate"]
    said["candidate"] = [{**said["baseline"][0], "name": "after.sarif"}]
    document["subject"][1]["digest"] = said["candidate"][0]["digest"]
    path.write_text(json.dumps(document))

    done = _does(room, "evidence", "verify", "fix.json", "--json")

    assert done.returncode == 2
    assert "still_present" in json.loads(done.stdout)["faults"][0]


def test_evidence__given_files_have_to_be_those_that_it_is_about(room: Path) -> None:
    _evidence(room, *CODE)

    same = _does(room, "evidence", "verify", "fix.json", *SCANS, *CODE)
    other = _does(room, "evidence", "verify", "fix.json", "--baseline", "before.sarif", "--candidate", "before.sarif")

    assert same.returncode == 0, same.stderr
    assert other.returncode == 2
    assert "--candidate before.sarif: is not what the statement is about" in other.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("verify",), "the following arguments are required"),
        (("check", "fix.json"), "say 'evidence verify FILE'"),
        (("verify", "missing.json"), "missing.json: cannot be read: No such file or directory"),
        (("verify", "before.sarif"), "before.sarif: $._type: is None"),
    ],
)
def test_evidence__what_cannot_be_used_is_named(room: Path, arguments: tuple[str, ...], problem: str) -> None:
    done = _does(room, "evidence", *arguments)

    assert done.returncode == 2
    assert problem in done.stderr


def test_verify__without_a_fix_there_is_no_evidence(room: Path) -> None:
    done = _does(room, "verify", "--baseline", "before.sarif", "--candidate", "before.sarif", "--evidence", "fix.json")

    assert done.returncode == 0
    assert not (room / "fix.json").exists()
    assert "fix.json is not written: nothing is verified as fixed" in done.stderr


def _place(one: dict[str, Any]) -> tuple[str, str]:
    return one["ruleId"], one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_verify__exports_sarif_that_says_what_became_of_each_result(room: Path, shared: Path) -> None:
    document = json.loads((room / "after.sarif").read_text())
    document["runs"][0]["results"].append(result(ruleId="py/xss", locations=[place("new.py", 9)]))
    (room / "after.sarif").write_text(json.dumps(document))

    done = _does(room, "verify", *SCANS, "--export-sarif", "states.sarif")

    assert done.returncode == 0, done.stderr
    found = json.loads((room / "states.sarif").read_text())
    states = {_place(one): one["baselineState"] for one in found["runs"][0]["results"]}
    assert states == {
        ("py/xss", "b.py"): "unchanged",
        ("py/xss", "new.py"): "new",
        ("py/sql-injection", "a.py"): "absent",
    }
    jsonschema.Draft7Validator(json.loads((shared / "sarif/sarif-2.1.0.schema.json").read_text())).validate(found)


def test_verify__exports_openvex(room: Path) -> None:
    done = _does(room, "verify", *SCANS, "--export-vex", "fix.vex.json", "--repo", "acme/shop")

    assert done.returncode == 0, done.stderr
    found = json.loads((room / "fix.vex.json").read_text())
    assert sorted(one["status"] for one in found["statements"]) == ["affected", "fixed"]
    assert found["statements"][0]["products"] == [{"@id": f"pkg:github/acme/shop@{'b' * 40}"}]


def test_verify__puts_the_verdicts_on_the_ledger(room: Path) -> None:
    remote = bare(room / "ledger.git")
    more = ("--record", "--repo", "acme/shop", "--pull-request", "7", "--ledger", remote, "--evidence", "fix.json")

    done = _does(room, "verify", *SCANS, *more)

    assert done.returncode == 0, done.stderr
    entries = ledger_of(remote).read_since("").entries
    [record] = [entry.record for entry in entries if isinstance(entry, Stored)]
    assert isinstance(record, Verification)
    assert [one.verdict for one in record.verdicts] == [Verdict.VERIFIED_FIXED, Verdict.STILL_PRESENT]
    assert (record.pull_request, record.commit, record.baseline_commit) == (7, "b" * 40, "a" * 40)
    assert len(record.evidence_sha256) == 64


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--record",), "--record and --publish need --repo"),
        (("--publish", "--repo", "acme/shop"), "--publish needs --pull-request"),
        (("--repo", "shop"), "is not owner/name"),
        (("--check", "tests"), "is not NAME=OUTCOME"),
        (("--pull-request", "0"), "is no number of a pull request"),
        (("--evidence", "missing/fix.json"), "missing/fix.json: cannot be written: No such file"),
    ],
)
def test_verify__says_what_is_missing(room: Path, arguments: tuple[str, ...], problem: str) -> None:
    done = _does(room, "verify", *SCANS, *arguments)

    assert done.returncode == 2
    assert problem in done.stderr
