"""Which gates a target has, as its own files say."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

from codeql_fixer.domain.gate import Gate, GateKind
from codeql_fixer.policy.repository_facts import repository_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_FILES = "{changed:.py}"  # what was wrong elsewhere before is no reason to refuse a fix
_RUFF = (
    Gate(
        kind=GateKind.FORMAT,
        command=("ruff", "format", "--check", _FILES),
        repair=("ruff", "format", "--quiet", _FILES),
    ),
    Gate(kind=GateKind.LINT, command=("ruff", "check", _FILES), repair=("ruff", "check", "--fix", "--quiet", _FILES)),
)
_BLACK = Gate(
    kind=GateKind.FORMAT, command=("black", "--check", "--quiet", _FILES), repair=("black", "--quiet", _FILES)
)
_FLAKE8 = Gate(kind=GateKind.LINT, command=("flake8", _FILES))
_MYPY = Gate(kind=GateKind.TYPES, command=("mypy", "."))
_BANDIT = Gate(kind=GateKind.SECURITY, command=("bandit", "--quiet", _FILES))
_BY_TOOL_TABLE = {"ruff": _RUFF, "black": (_BLACK,), "mypy": (_MYPY,), "bandit": (_BANDIT,)}
_BY_FILE = {
    "ruff.toml": _RUFF,
    ".ruff.toml": _RUFF,
    ".flake8": (_FLAKE8,),
    "mypy.ini": (_MYPY,),
    ".mypy.ini": (_MYPY,),
    ".bandit": (_BANDIT,),
}
# Names that scripts of package.json and targets of a Makefile commonly have.
_SCRIPTS = {
    GateKind.FORMAT: ("format:check", "format-check", "check-format"),
    GateKind.LINT: ("lint",),
    GateKind.TYPES: ("typecheck", "type-check", "types"),
    GateKind.TESTS: ("test", "tests"),
}
_MAKE_TARGET = re.compile(r"^([A-Za-z][A-Za-z-]*):(?!=)", re.MULTILINE)


def found_gates(files: Collection[str], read: Callable[[str], str]) -> tuple[Gate, ...]:
    """The gates of a target, in the order in which they run, the same command once.

    Args:
        files: paths of all files.
        read: gives the text of a file in the root, "" for one that cannot be read.
    """
    root = {file for file in files if "/" not in file}
    gates = [gate for file in _BY_FILE if file in root for gate in _BY_FILE[file]]
    gates += [gate for table in _tool_tables(read("pyproject.toml")) for gate in _BY_TOOL_TABLE.get(table, ())]
    if "package.json" in root:
        gates += _scripts(_package_scripts(read("package.json")), ("npm", "run", "--silent"))
    facts = repository_facts(root)
    tests = [command for command in facts.test_commands if command != "npm test"]
    gates += [Gate(kind=GateKind.TESTS, command=tuple(command.split())) for command in tests]
    if "Makefile" in root:
        kinds = {gate.kind for gate in gates}
        targets = set(_MAKE_TARGET.findall(read("Makefile")))
        gates += [gate for gate in _scripts(targets, ("make", "--silent")) if gate.kind not in kinds]
    order = list(GateKind)
    return tuple(sorted(dict.fromkeys(gates), key=lambda gate: order.index(gate.kind)))


def coverage_gates(gates: Collection[Gate], floor: int) -> list[Gate]:
    """The tests of these gates with a coverage floor in per cent, as far as pytest runs them."""
    tests = [gate.command for gate in gates if gate.kind is GateKind.TESTS and "pytest" in gate.command]
    options = ("--cov", f"--cov-fail-under={floor}")
    return [Gate(kind=GateKind.COVERAGE, command=(*command, *options)) for command in tests]


def _tool_tables(text: str) -> list[str]:
    try:
        tool = tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError:
        return []
    return list(tool) if isinstance(tool, dict) else []


def _package_scripts(text: str) -> set[str]:
    try:
        parsed = json.loads(text)
    except ValueError:
        return set()
    scripts = parsed.get("scripts") if isinstance(parsed, dict) else None
    return {name for name, value in scripts.items() if isinstance(value, str)} if isinstance(scripts, dict) else set()


def _scripts(names: set[str], command: tuple[str, ...]) -> list[Gate]:
    first = {kind: next((name for name in known if name in names), "") for kind, known in _SCRIPTS.items()}
    return [Gate(kind=kind, command=(*command, name)) for kind, name in first.items() if name]
