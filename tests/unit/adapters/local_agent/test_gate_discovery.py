"""Which gates a target has."""

from __future__ import annotations

import pytest

from codeql_fixer.adapters.local_agent.gate_discovery import coverage_gates, found_gates
from codeql_fixer.domain.gate import Gate, GateKind

PYTEST = "tests: python -m pytest"
RUFF = ["format: ruff format --check {changed:.py}", "lint: ruff check {changed:.py}"]


def _found(files: dict[str, str]) -> list[str]:
    return [
        f"{gate.kind}: {' '.join(gate.command)}" for gate in found_gates(list(files), lambda path: files.get(path, ""))
    ]


@pytest.mark.parametrize(
    ("files", "gates"),
    [
        ({}, []),
        ({"README.md": ""}, []),
        ({"pyproject.toml": ""}, [PYTEST]),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 100\n[tool.mypy]\n"}, [*RUFF, "types: mypy .", PYTEST]),
        ({"pyproject.toml": "[tool.ruff.lint]\n", "ruff.toml": ""}, [*RUFF, PYTEST]),
        ({"setup.py": "", ".flake8": "", "mypy.ini": ""}, ["lint: flake8 {changed:.py}", "types: mypy .", PYTEST]),
        (
            {"pyproject.toml": "[tool.black]\n[tool.bandit]\n"},
            ["format: black --check --quiet {changed:.py}", "security: bandit --quiet {changed:.py}", PYTEST],
        ),
        ({"pyproject.toml": "no toml ["}, [PYTEST]),
        ({"pyproject.toml": "tool = 1\n"}, [PYTEST]),
        ({"uv.lock": "", "pyproject.toml": ""}, ["tests: uv run pytest"]),
        (
            {"package.json": '{"scripts": {"test": "x", "lint": "y"}}'},
            ["lint: npm run --silent lint", "tests: npm run --silent test"],
        ),
        ({"package.json": '{"scripts": {"build": "x"}}'}, []),
        ({"package.json": "{"}, []),
        ({"package.json": '["scripts"]'}, []),
        ({"package.json": '{"scripts": ["lint"]}'}, []),
        ({"package.json": '{"scripts": {"lint": 1}}'}, []),
        (
            {"Makefile": "test: build\n\tx\nlint:\n\ty\nTYPES := a\n"},
            ["lint: make --silent lint", "tests: make --silent test"],
        ),
        ({"Makefile": "test:\n", "pyproject.toml": ""}, [PYTEST]),  # once is enough
        ({"go.mod": ""}, ["tests: go test ./..."]),
        ({"services/a/pyproject.toml": "[tool.ruff]\n"}, []),  # not the root's
    ],
)  # fmt: skip
def test_found_gates__are_what_the_target_says(files: dict[str, str], gates: list[str]) -> None:
    assert _found(files) == gates


def test_coverage_gates__are_the_tests_with_a_floor() -> None:
    gates = [
        Gate(kind=GateKind.TESTS, command=("python", "-m", "pytest")),
        Gate(kind=GateKind.TESTS, command=("npm", "test")),
        Gate(kind=GateKind.LINT, command=("pytest",)),
    ]

    assert coverage_gates(gates, 80) == [
        Gate(kind=GateKind.COVERAGE, command=("python", "-m", "pytest", "--cov", "--cov-fail-under=80"))
    ]
