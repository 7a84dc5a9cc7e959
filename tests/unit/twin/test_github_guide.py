"""The guide of the twin of GitHub names every option, switch, fault, request and member, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from codeql_fixer.twin.clock import TwinClock
from codeql_fixer.twin.github.admin import Admin
from codeql_fixer.twin.github.faults import FAULTS, Faults, Rule
from codeql_fixer.twin.github.limits import Limits
from codeql_fixer.twin.github.orders import (
    NewAnalysis,
    NewCommits,
    NewPull,
    NewRepository,
    NewWorkflow,
    PullChange,
    Rename,
)
from codeql_fixer.twin.github.state import State, Switches
from codeql_fixer.twin.stats import Stats
from codeql_fixer.twin.wire import ADMIN

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/guides/github-twin.md").read_text()


def _table(head: str) -> str:
    return GUIDE.partition(f"| {head} |")[2].partition("\n\n")[0]


def _named(head: str) -> set[str]:
    """All words in backquotes in the first column of the table with this head."""
    cells = [line.split("|")[1] for line in _table(head).splitlines() if line.startswith("|")]
    return {word for cell in cells for word in re.findall(r"`([^` ]+)[^`]*`", cell)}


def _options() -> set[str]:
    command = [sys.executable, "-m", "codeql_fixer.twin.github", "--help"]
    shown = subprocess.run(command, env={"PYTHONPATH": "scripts"}, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(re.findall(r"^  (--[a-z-]+)", shown.stdout, re.MULTILINE))


@pytest.mark.parametrize(
    ("head", "names"),
    [("option", _options()), ("switch", set(Switches.__struct_fields__)), ("fault", {*FAULTS, "400", "599"})],
)
def test_guide__names_all_there_is(head: str, names: set[str]) -> None:
    assert _named(head) == names


def test_guide__names_all_requests() -> None:
    state, clock = State(1), TwinClock(start=0, speed=0, monotonic=lambda: 0.0)
    surface = Admin(state, clock=clock, faults=Faults(), stats=Stats(), limits=Limits(state))
    served = {(route.method, _words(route.pattern.removeprefix(ADMIN))) for route in surface.routes()}

    rows = re.findall(r"^\| ((?:`[A-Z]+`, )*)`([A-Z]+) ([^`]+)`", _table("request"), re.MULTILINE)
    assert {(method, path) for others, last, path in rows for method in re.findall("[A-Z]+", others + last)} | {
        ("GET", "faults")
    } == served


def _words(pattern: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), pattern.replace("{repo}", "{name}"))


@pytest.mark.parametrize(
    "kind",
    [NewRepository, Rename, NewCommits, NewWorkflow, NewPull, PullChange, NewAnalysis],
)
def test_guide__names_the_members_of_requests(kind: type[msgspec.Struct]) -> None:
    for name in kind.__struct_fields__:
        assert re.search(rf'[`"]{name}[`"]', _table("request")), name


def test_guide__names_the_members_of_faults() -> None:
    for name in set(Rule.__struct_fields__) - {"fault", "match"}:
        assert f"`{name}`" in _table("fault")


def test_guide__has_a_rule_that_is_one() -> None:
    example = GUIDE.partition("```json\n")[2].partition("```")[0]

    assert [rule.fault for rule in msgspec.json.decode(example, type=list[Rule])] == ["commit-then-500"]
