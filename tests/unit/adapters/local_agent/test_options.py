"""What an operator may decide."""

from __future__ import annotations

from typing import Any

import pytest

from codeql_fixer.adapters.local_agent.options import LocalOptions
from codeql_fixer.domain.gate import Gate, GateKind
from codeql_fixer.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"command": ("fix", "{prompt}")}, ["{prompt} is none of prompt_file, worktree, files, mode"]),
        ({"command": ("fix", "{0}", "{")}, ["{0} is none of", "{{ and }}"]),
        ({"command": ("fix", "--in={files}")}, ["{files} has to be an argument of its own"]),
        ({"name": "../mine"}, ["agent ../mine: the name is none"]),
        ({"sessions_at_once": 0}, ["sessions_at_once is less than 1"]),
        ({"coverage_floor": 101}, ["coverage_floor is no percentage"]),
        ({"gates": (Gate(kind=GateKind.LINT, command=()),)}, ["a gate has no command"]),
        ({"command": ("{x}",), "coverage_floor": -1}, ["{x} is none of", "coverage_floor"]),
    ],
)
def test_options__refuse_what_cannot_work_and_name_all_faults(given: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(ConfigError, match="agent ") as caught:
        LocalOptions(**given)

    for fault in faults:
        assert fault in str(caught.value)


def test_options__take_placeholders_and_braces() -> None:
    command = ("fix", "--prompt={prompt_file}", "-C", "{worktree}", "{mode}", "{files}", '{{"a": 1}}')

    assert LocalOptions(command=command, coverage_floor=0).command == command
