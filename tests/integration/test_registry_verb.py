"""`orchestrator.py registry` as a user types it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

from tests.commands import ROOT, command

if TYPE_CHECKING:
    from pathlib import Path


def _registry(cwd: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("orchestrator.py", "registry", *arguments),
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def _details(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What `show` says of one repository."""
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    return {key: value.strip() for key, _, value in lines}


def test_registry__begins_with_an_empty_file(tmp_path: Path) -> None:
    missing = _registry(tmp_path, "add", "acme/shop")
    (tmp_path / "repo_registry.json").write_text("{}\n")
    options = ("--importance", "80", "--tag", "web", "--tag", "pci", "--schedule", "daily", "--alias", "forks/shop")
    added = _registry(tmp_path, "add", "https://github.com/acme/shop", *options)
    again = _registry(tmp_path, "add", "forks/SHOP", "--importance", "low", "--json")
    shown = _registry(tmp_path, "show")
    removed = _registry(tmp_path, "remove", "acme/shop", "--json")
    empty = _registry(tmp_path, "show")

    assert (missing.returncode, added.returncode, again.returncode, removed.returncode) == (2, 0, 2, 0)
    assert "echo '{}' > repo_registry.json makes one" in missing.stderr
    assert added.stderr == "repo_registry.json: acme/shop added\n"
    assert (
        json.loads(again.stdout)["error"]["message"] == "repo_registry.json: forks/SHOP is there already as acme/shop"
    )
    assert [line.split() for line in shown.stdout.splitlines()] == [
        ["REPOSITORY", "IMPORTANCE", "GROUP", "TAGS", "SCHEDULE", "SCANS", "FROM", "SCANS", "SESSIONS"],
        ["acme/shop", "80", "-", "pci,", "web", "daily", "workflow", "automatic", "automatic"],
    ]
    assert json.loads(removed.stdout) == {"removed": "acme/shop"}
    assert empty.stdout == "no repositories\n"


def test_registry_show__merges_all_that_is_said(tmp_path: Path) -> None:
    file = str(ROOT / "repo_registry.json")

    shown = _registry(tmp_path, "show", "git@github.com:acme-forks/api.git", "--registry", file)
    as_json = _registry(tmp_path, "show", "Acme-Forks/API", "--json", REGISTRY=file)
    unlisted = _registry(tmp_path, "show", "acme/other", "--registry", file)
    everything = json.loads(_registry(tmp_path, "show", "--json", "--registry", file).stdout)

    [api] = json.loads(as_json.stdout)["repositories"]
    assert (api["repo"], api["importance_score"], api["group"]) == ("acme/api", 100, "backend")
    assert api["agents"] == {"allow": None, "default": ["devin"], "rules": ["pci, no codemods", "hard ones"]}
    lines = _details(shown)
    assert lines.keys() == api.keys()
    assert (lines["aliases"], lines["languages"]) == ("acme-forks/api, acme/api-server", "python")
    assert _details(unlisted)["is_listed"] == "no"
    assert [one["repo"] for one in everything["repositories"]] == ["acme/api", "acme/website", "acme/sandbox"]
    assert everything["repositories"][0] == api


def test_registry_show__says_that_the_fleet_is_paused(tmp_path: Path) -> None:
    (tmp_path / "repo_registry.json").write_text('{"orchestrator": {"paused": true}, "odd": 1, "repos": []}')

    shown = _registry(tmp_path, "show")

    assert shown.stdout == "paused: paused in the registry\n\nno repositories\n"
    assert shown.stderr == "warning: repo_registry.json: line 1: odd: unknown key, ignored\n"


def test_registry_show__tells_what_is_off(tmp_path: Path) -> None:
    repos = [{"repo": "a/off", "enabled": False}, {"repo": "a/asked", "auto_scan": False, "auto_dispatch": False}]
    (tmp_path / "repo_registry.json").write_text(json.dumps({"repos": repos}))

    shown = _registry(tmp_path, "show")

    assert [re.split("  +", line)[-2:] for line in shown.stdout.splitlines()[1:]] == [
        ["disabled", "disabled"],
        ["on demand", "on demand"],
    ]


def test_registry_validate__tells_all_faults_and_warnings(tmp_path: Path) -> None:
    wrong = {"odd": 1, "repos": [{"repo": "a/b", "schedule": "x", "batch_size": 0}]}
    (tmp_path / "repo_registry.json").write_text(json.dumps(wrong))

    told = _registry(tmp_path, "validate", "--json")
    valid = _registry(ROOT, "validate", "--json")

    assert told.returncode == 2
    assert told.stderr.splitlines() == [
        "warning: repo_registry.json: line 1: odd: unknown key, ignored",
        "error: repo_registry.json: line 1: repos[0].batch_size: must be at least 1",
        "repo_registry.json: line 1: repos[0].schedule: must be one of biweekly, daily, hourly, monthly, never, weekly",
    ]
    assert json.loads(told.stdout)["error"]["exit_code"] == 2
    assert (valid.returncode, json.loads(valid.stdout)) == (0, {"valid": True, "warnings": []})


def test_registry__refuses_what_it_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "repo_registry.json").write_text("{}")

    action = _registry(tmp_path, "list")
    option = _registry(tmp_path, "remove", "a/b", "--tag", "x", "--importance", "3")
    number = _registry(tmp_path, "add", "a/b", "--importance", "9" * 5000)

    assert (action.returncode, option.returncode, number.returncode) == (2, 2, 2)
    assert "'list': must be show, validate, add, remove or discover" in action.stderr
    assert "--importance, --tag: for add only" in option.stderr
    assert "importance: must be one of critical, high, low, medium" in number.stderr
