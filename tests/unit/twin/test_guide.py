"""The guide names every option, outcome, switch, fault and request of the twin, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from codeql_fixer.twin.clock import TwinClock
from codeql_fixer.twin.devin.admin import Admin
from codeql_fixer.twin.devin.faults import FAULTS, Faults, Rule
from codeql_fixer.twin.devin.state import State, Switches
from codeql_fixer.twin.devin.timeline import Outcome
from codeql_fixer.twin.stats import Stats
from codeql_fixer.twin.wire import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/guides/devin-twin.md").read_text()


def _named(head: str) -> set[str]:
    """All words in backquotes in the first column of the table with this head."""
    table = GUIDE.partition(f"| {head} |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    return {word for cell in cells for word in re.findall(r"`([^` ]+)[^`]*`", cell)}


def _options() -> set[str]:
    command = [sys.executable, "-m", "codeql_fixer.twin.devin", "--help"]
    shown = subprocess.run(command, env={"PYTHONPATH": "scripts"}, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(re.findall(r"^  (--[a-z-]+)", shown.stdout, re.MULTILINE))


def _admin_requests() -> Iterable[str]:
    clock = TwinClock(start=0, speed=0, monotonic=lambda: 0.0)
    admin = Admin(State(1), clock=clock, faults=Faults(), stats=Stats(), journal=None)
    return (route.pattern.removeprefix(ADMIN).partition("/")[0] for route in admin.routes())


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("option", _options()),
        ("outcome", {outcome.value for outcome in Outcome}),
        ("switch", set(Switches.__struct_fields__)),
        ("fault", {*FAULTS, "400", "599"}),
    ],
)
def test_guide__names_all_there_is(head: str, names: set[str]) -> None:
    assert _named(head) == names


def test_guide__names_all_requests() -> None:
    table = GUIDE.partition("| request |")[2].partition("\n\n")[0]

    for name in _admin_requests():
        assert re.search(rf"`[A-Z]+ {name}|`DELETE {name}", table), name


def test_guide__names_the_members_of_faults() -> None:
    table = GUIDE.partition("| fault |")[2].partition("\n\n")[0]

    for name in set(Rule.__struct_fields__) - {"fault", "match"}:
        assert f"`{name}`" in table


def test_guide__has_a_rule_that_is_one() -> None:
    example = GUIDE.partition("```json\n")[2].partition("```")[0]

    assert [rule.fault for rule in msgspec.json.decode(example, type=list[Rule])] == ["commit-then-500"]
