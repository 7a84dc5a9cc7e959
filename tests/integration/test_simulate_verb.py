"""`simulate` as a user types it: real commands, without ledger, key and network, and with somebody's ledger."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.ledger.directory import DirectoryLedger
from tests.commands import command, document
from tests.records import issue_record, scan

if TYPE_CHECKING:
    from pathlib import Path

_PATHS = {name: os.environ[name] for name in ("PATH", "HOME")}  # noqa: TID251 - tests
_FEW = ("--repositories", "6", "--days", "4")


def _simulate(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("orchestrator.py", "simulate", *arguments),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**_PATHS, "STATE_DIR": str(folder / "state")},
    )


def _written(path: Path, content: Any) -> Path:  # noqa: ANN401 - any JSON
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_simulate__made_up_repositories_need_nothing(tmp_path: Path) -> None:
    shown = _simulate(tmp_path, *_FEW)
    again = _simulate(tmp_path, *_FEW)

    assert (shown.returncode, shown.stderr) == (0, "")
    head, _, _, title, columns, *rows = shown.stdout.splitlines()
    assert head == "6 repositories, findings made up, 1 seed from 1"
    assert (title, columns.split()[:3]) == ("registry", ["DAY", "OPEN", "CRITICAL"])
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4"]
    assert shown.stdout == again.stdout
    assert list(tmp_path.iterdir()) == []


def test_simulate__compares_policies_over_the_same_worlds(tmp_path: Path) -> None:
    none = _written(tmp_path / "none.json", {"orchestrator": {"paused": True}})
    usual = _written(tmp_path / "usual.json", {})

    found = document(_simulate(tmp_path, *_FEW, "--policy", none, "--policy", usual, "--seeds", 5, "--json"))
    shown = _simulate(tmp_path, *_FEW, "--policy", none, "--policy", usual, "--seeds", 5)

    by_figure = {one["figure"]: one for one in found["differences"]}
    assert [policy["name"] for policy in found["policies"]] == ["none.json", "usual.json"]
    assert [policy["days"][0]["open"]["mean"] > 0 for policy in found["policies"]] == [True, True]
    assert found["seeds"] == [1, 2, 3, 4, 5]
    sessions = by_figure["sessions"]
    assert (sessions["first"]["mean"], sessions["is_sure"]) == (0, True)
    assert sessions["difference"]["low"] < sessions["difference"]["mean"] < sessions["difference"]["high"]
    assert found["assumptions"]["merge_probability"] == 0.8
    assert "usual.json against none.json, at the end" in shown.stdout
    assert "none.json: nothing is dispatched: paused in the registry" in shown.stderr


def test_simulate__starts_from_what_the_ledger_knows(tmp_path: Path) -> None:
    ledger = DirectoryLedger(tmp_path / "ledger")
    ledger.append([scan("1", 0, *(issue_record(number, file=f"shop/{number}.py") for number in range(1, 40)))])
    registry = _written(tmp_path / "registry.json", {"version": "2.0", "repos": [{"repo": "acme/shop"}]})
    options = ("--registry", registry, "--days", 2, "--json")

    found = document(_simulate(tmp_path, *options, "--ledger", tmp_path / "ledger"))
    [index] = (tmp_path / "state").glob("*/index.sqlite")
    same = document(_simulate(tmp_path, *options, "--index", index))
    made_up = document(_simulate(tmp_path, *options))

    assert (found["start"], found["repositories"]) == ("index", 1)
    assert found["policies"][0]["days"][0]["open"]["mean"] == pytest.approx(39, abs=3)
    assert found["assumptions"]["tiers"] == {"high": 39}
    assert same["policies"][0]["days"][0]["open"] == found["policies"][0]["days"][0]["open"]
    assert made_up["start"] == "made up"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no repository to simulate: name a --registry that lists some, or give --repositories N"),
        (("--repositories", "none"), "--repositories 'none': must be a whole number from 1 to 20000"),
        ((*_FEW, "--seeds", "0"), "--seeds '0': must be a whole number from 1 to 1000"),
        ((*_FEW, "--policy", "missing.json"), "missing.json: cannot be read"),
        (("--registry", "one.json", "--index", "missing.sqlite"), "missing.sqlite: there is no such index"),
    ],
)
def test_simulate__says_what_is_wrong(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    _written(tmp_path / "one.json", {"version": "2.0", "repos": [{"repo": "acme/shop"}]})

    done = _simulate(tmp_path, *arguments)

    assert done.returncode == 2
    assert told in done.stderr
