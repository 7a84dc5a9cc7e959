"""`orchestrator.py verify` as people run it: what it prints, how it ends, and what it says when something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.tree_diff import difference
from tests.commands import command
from tests.proof.cases import World
from tests.proof.languages import LANGUAGES
from tests.proof.trial import write_tree

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {name: os.environ[name] for name in ("PATH", "HOME")}  # noqa: TID251 - tests
WORLD = World(LANGUAGES[0], "codeql")


class Desk:
    """Two states of a shop with their scans, and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before, self.after = folder / "before", folder / "after"
        self.baseline, self.candidate = folder / "before.sarif", folder / "after.sarif"
        mended = WORLD.mended()
        write_tree(self.before, WORLD.before)
        write_tree(self.after, mended)
        self.baseline.write_text(json.dumps(WORLD.scan()), encoding="utf-8")
        self.candidate.write_text(json.dumps(WORLD.scan(mended)), encoding="utf-8")
        self.diff = folder / "change.diff"
        self.diff.write_text(difference(self.before, self.after, ENVIRON), encoding="utf-8")

    def verify(self, *more: object, candidate: Path | None = None) -> subprocess.CompletedProcess[str]:
        """What `verify` of both scans does, with more arguments."""
        scans = ("--baseline", self.baseline, "--candidate", candidate or self.candidate)
        return self.run(*scans, *more)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command("orchestrator.py", "verify", *arguments),
            env=ENVIRON,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def document(self, *more: object, candidate: Path | None = None) -> dict[str, Any]:
        """The document that --json prints, and nothing besides."""
        done = self.verify("--json", *more, candidate=candidate)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def target(self) -> str:
        """The finding that was mended."""
        fixed = [one for one in self.document()["targets"] if one["verdict"] == "verified_fixed"]
        assert len(fixed) == 1
        return str(fixed[0]["fingerprint"])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_verify__prints_a_table_of_all_findings(desk: Desk) -> None:
    done = desk.verify("--diff", desk.diff)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["VERDICT", "FINGERPRINT", "RULE", "WAS", "IS", "WHY"]
    assert sum(line.startswith("still_present") for line in lines) == 7
    assert any(line.startswith("verified_fixed") and WORLD.app in line for line in lines)
    assert lines[-1] == "1 verified_fixed, 7 still_present, 0 moved, 0 unknown, 0 gamed, 0 new"


def test_verify__json_is_one_document(desk: Desk) -> None:
    document = desk.document("--diff", desk.diff)

    assert list(document) == ["summary", "problem", "targets", "new_findings", "coverage"]
    assert document["summary"] == {
        "verified_fixed": 1,
        "still_present": 7,
        "moved": 0,
        "unknown": 0,
        "gamed": 0,
        "new": 0,
    }
    fixed = next(one for one in document["targets"] if one["verdict"] == "verified_fixed")
    assert set(fixed) == {"fingerprint", "rule_id", "verdict", "reasons", "evidence"}
    assert set(fixed["evidence"]) == {"baseline", "candidate", "matched_by", "is_suppressed", "hiding"}
    assert fixed["evidence"]["baseline"]["file"] == WORLD.app
    assert document["coverage"][0]["tool"] == "CodeQL"


def test_verify__looks_at_the_targets_only(desk: Desk) -> None:
    target = desk.target()

    for more in ((), ("--diff", desk.diff), ("--baseline-dir", desk.before, "--candidate-dir", desk.after)):
        document = desk.document("--targets", target, *more)
        assert [one["verdict"] for one in document["targets"]] == ["verified_fixed"]
    both = desk.document("--targets", f" {target}, 0123456789abcdef0123,")
    assert [one["verdict"] for one in both["targets"]] == ["verified_fixed", "unknown"]


def test_verify__the_change_comes_from_both_checkouts(desk: Desk) -> None:
    (desk.after / WORLD.app).write_text(WORLD.before[WORLD.app] + "\n\n# the same\n")

    document = desk.document("--baseline-dir", desk.before, "--candidate-dir", desk.after, "--targets", desk.target())

    assert document["targets"][0]["verdict"] == "unknown"
    assert "leaves the code that it rests on as it was" in document["targets"][0]["reasons"][0]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"<html>", b'{"version": "2.1.0", "runs": [', b'{"version": "2.1.0", "runs": []}']
)
def test_verify__a_later_scan_that_cannot_be_used_proves_nothing(desk: Desk, data: bytes) -> None:
    broken = desk.folder / "broken.sarif"
    broken.write_bytes(data)

    document = desk.document(candidate=broken)

    assert {one["verdict"] for one in document["targets"]} == {"unknown"}
    assert len(document["targets"]) == 8
    assert "broken.sarif" in document["problem"] or data.endswith(b"[]}")
    assert desk.verify(candidate=broken).returncode == 0


def test_verify__gaming_is_told_and_still_no_failure_of_the_command(desk: Desk) -> None:
    hidden = WORLD.replaced(WORLD.bad(), f"{WORLD.bad()}  # codeql[py/sql-injection]")
    write_tree(desk.after, hidden)
    desk.candidate.write_text(json.dumps(WORLD.scan(hidden)), encoding="utf-8")

    document = desk.document("--baseline-dir", desk.before, "--candidate-dir", desk.after)

    gamed = next(one for one in document["targets"] if one["verdict"] == "gamed")
    assert gamed["evidence"]["is_suppressed"]
    assert gamed["evidence"]["hiding"][0]["kind"] == "suppression"


def test_verify__strangers_text_cannot_draw_on_the_terminal(desk: Desk) -> None:
    document = WORLD.scan()
    for one in document["runs"][0]["results"]:
        one["ruleId"] = one["rule"]["id"] = "\x1b[2J\x1b[31mpy/evil\nverified_fixed"
    desk.baseline.write_text(json.dumps(document), encoding="utf-8")

    done = desk.verify()

    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert not any(line.startswith("verified_fixed") for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--baseline is missing"),
        (("--baseline", "before.sarif"), "--candidate is missing"),
        (("--baseline", "none.sarif", "--candidate", "after.sarif"), "none.sarif"),
        (("--baseline", "before.sarif", "--candidate", "none.sarif"), "none.sarif: is not there"),
        (("--baseline", "change.diff", "--candidate", "after.sarif"), "change.diff"),
        (("--baseline", "empty.sarif", "--candidate", "after.sarif"), "no run at all"),
        (("--baseline", "before.sarif", "--candidate", "after.sarif", "--targets", "nonsense"), "--targets 'nonsense'"),
        (("--baseline", "before.sarif", "--candidate", "after.sarif", "--diff", "none.diff"), "none.diff"),
        (("--baseline", "before.sarif", "--candidate", "after.sarif", "--diff", "cut.diff"), "cut.diff"),
        (("--baseline", "before.sarif", "--candidate", "after.sarif", "--candidate-dir", "none"), "none: is no"),
        (("--baseline", "before.sarif", "--candidate", "after.sarif", "--commit", "HEAD"), "--commit 'HEAD'"),
        (("--nonsense",), "nonsense"),
    ],
)  # fmt: skip
def test_verify__wrong_input_ends_with_2_and_says_which(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    (desk.folder / "empty.sarif").write_text('{"version": "2.1.0", "runs": []}')
    (desk.folder / "cut.diff").write_text("--- a/x.py\n+++ b/x.py\n@@ -1,9 +1,9 @@\n one\n")

    done = desk.run(*arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_verify__a_commit_that_the_scan_is_not_of(desk: Desk) -> None:
    desk.candidate.write_text(json.dumps(WORLD.scan(WORLD.mended(), revision="ab12" * 10)), encoding="utf-8")
    target = desk.target()

    right = desk.document("--targets", target, "--commit", "ab12ab1")
    wrong = desk.document("--targets", target, "--commit", "c0ffee1")

    assert right["targets"][0]["verdict"] == "verified_fixed"
    assert wrong["targets"][0]["verdict"] == "unknown"
    assert "not of c0ffee1" in wrong["targets"][0]["reasons"][0]


def test_verify__help_names_every_option(desk: Desk) -> None:
    done = desk.run("--help")

    assert done.returncode == 0
    for option in ("baseline", "candidate", "targets", "baseline-dir", "candidate-dir", "diff", "commit", "json"):
        assert f"--{option}" in done.stdout
