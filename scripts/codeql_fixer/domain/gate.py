"""Gates: commands that judge a fix before anybody sees it. Only the operator names them."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class GateKind(StrEnum):
    """What a gate looks at, in the order in which gates run; `setup` prepares the checkout for the others."""

    SETUP = "setup"
    FORMAT = "format"
    LINT = "lint"
    TYPES = "types"
    SECURITY = "security"
    TESTS = "tests"
    COVERAGE = "coverage"


class Gate(Struct, frozen=True, kw_only=True):
    """A command that has to end with 0 in the root of a checkout.

    The argument {changed} becomes one argument per file that the fix changed, {changed:.py} those with that ending;
    without any, the gate passes. `repair` is a command that may make the gate pass, as formatters do.
    """

    kind: GateKind
    command: tuple[str, ...]
    repair: tuple[str, ...] = ()


class Judging(Struct, frozen=True, kw_only=True):
    """How fixes are judged.

    `gates` take the place of what is found in the target for the same kind, `finds` says whether to look there at all.
    With `needs_tests` a fix is proposed only when tests ran and passed. `coverage_floor` is a percentage.
    """

    gates: tuple[Gate, ...] = ()
    finds: bool = True
    needs_tests: bool = False
    coverage_floor: int | None = None
