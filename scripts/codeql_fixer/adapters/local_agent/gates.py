"""Runs quality gates on exactly what would be pushed, and tells what the fix broke from what was broken before."""

from __future__ import annotations

import re
import shlex
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.gate import Gate, GateKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from codeql_fixer.adapters.local_agent.processes import Ended, Surroundings


_CHANGED = re.compile(r"\{changed(?::([.\w]+))?\}")


class GateOutcome(StrEnum):
    """How a gate ended."""

    PASSED = "passed"
    FAILED = "failed"
    FAILED_BEFORE = "failed before the fix, too"  # so it has no say about the fix
    NOT_INSTALLED = "could not run"


class GateResult(Struct, frozen=True, kw_only=True):
    """What a gate said. `tail` is the end of its output where it failed."""

    gate: Gate
    outcome: GateOutcome
    tail: str = ""

    @property
    def words(self) -> str:
        """One line for people."""
        words = ("(changed files)" if _CHANGED.fullmatch(word) else shlex.quote(word) for word in self.gate.command)
        return f"{self.gate.kind}: {' '.join(words)} {self.outcome}"


class GateRunner:
    """Runs gates.

    Args:
        run: runs a command in a directory.
        surroundings: tells which programs there are.
        before: gives a checkout of the base, which is made when it is first asked for.
    """

    def __init__(
        self, run: Callable[[Sequence[str], Path], Ended], surroundings: Surroundings, before: Callable[[], Path]
    ) -> None:
        self._run, self._surroundings, self._before = run, surroundings, before

    def check(self, gate: Gate, checkout: Path, changed: Collection[str]) -> GateResult:
        """Run a gate on the fix, and where it fails on the base, too.

        Args:
            gate: what to run.
            checkout: the fix.
            changed: paths of the files that it changes.
        """
        if self._program(gate, checkout) is None:
            return GateResult(gate=gate, outcome=GateOutcome.NOT_INSTALLED, tail=f"{gate.command[0]} is not installed")
        after = self._ended(gate.command, checkout, changed)
        if after is None or after.code == 0:
            return GateResult(gate=gate, outcome=GateOutcome.PASSED)
        before = self._ended(gate.command, self._before(), changed)
        outcome = GateOutcome.FAILED if before is None or before.code == 0 else GateOutcome.FAILED_BEFORE
        tail = after.tail if after.code is not None else f"{after.tail}\n(it ran out of time)"
        return GateResult(gate=gate, outcome=outcome, tail=tail)

    def prepare(self, gates: Collection[Gate], checkout: Path) -> None:
        """Run what prepares a checkout for the other gates."""
        for gate in gates:
            if gate.kind is GateKind.SETUP and self._program(gate, checkout):
                self._ended(gate.command, checkout, ())

    def repair(self, gate: Gate, checkout: Path, changed: Collection[str]) -> None:
        """Run what may make a gate pass; whether it does shows when the gate is run again."""
        self._ended(gate.repair, checkout, changed)

    def _ended(self, command: Sequence[str], checkout: Path, changed: Collection[str]) -> Ended | None:
        """How a command ended, None where there is no file for it."""
        arguments: list[str] = []
        for argument in command[1:]:
            if match := _CHANGED.fullmatch(argument):
                wanted = (path for path in changed if path.endswith(match[1] or "") and (checkout / path).is_file())
                files = [f"./{path}" for path in wanted]  # a name that starts like an option is none
                if not files:
                    return None
                arguments += files
            else:
                arguments.append(argument)
        program = command[0] if "/" in command[0] else self._surroundings.found(command[0]) or command[0]
        return self._run((program, *arguments), checkout)

    def _program(self, gate: Gate, checkout: Path) -> str | None:
        """What a gate starts, None when it is not there; a name with a slash is a file of the checkout."""
        name = gate.command[0]
        if "/" in name:
            return name if (checkout / name).is_file() else None
        return self._surroundings.found(name)


def tests_said(results: Sequence[GateResult]) -> str:
    """What the tests said, in words."""
    said = [result.words for result in results if result.gate.kind in {GateKind.TESTS, GateKind.COVERAGE}]
    return "; ".join(said) or "no tests were found"


def did_tests_pass(results: Sequence[GateResult]) -> bool:
    """True when tests ran and all passed."""
    tests = [result.outcome for result in results if result.gate.kind is GateKind.TESTS]
    return bool(tests) and all(outcome is GateOutcome.PASSED for outcome in tests)
