"""What an operator decides about a local agent: how it fixes, what has to pass, how much it may change and take."""

from __future__ import annotations

import string

import msgspec
from msgspec import Struct

from codeql_fixer.domain.gate import Gate
from codeql_fixer.domain.record import Name
from codeql_fixer.errors import ConfigError

PLACEHOLDERS = ("prompt_file", "worktree", "files", "mode")


class Limits(Struct, frozen=True, kw_only=True):
    """How long each part may take and how much a fix may change; lines are added and deleted ones together."""

    fixer_seconds: float = 1800
    gate_seconds: float = 900
    git_seconds: float = 300
    changed_files: int = 20
    changed_lines: int = 500
    output_bytes: int = 1_000_000  # that are kept of one program; the rest is read and dropped


class LocalOptions(Struct, frozen=True, kw_only=True):
    """What the operator decides.

    Without `command` the codemods fix; with it, a coding agent: a list of arguments in which {prompt_file},
    {worktree}, {mode} and {files} stand for what they say, the last one as an argument of its own that becomes one
    argument per file. No shell reads it. `gates` take the place of what is found in the target for the same kind.
    With `needs_tests` a fix is proposed only when tests ran and passed. `coverage_floor` is a percentage.

    Raises:
        ConfigError: a placeholder is none of these, or a number makes no sense.
    """

    name: str = "local"
    is_paid: bool = False
    command: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()
    finds_gates: bool = True
    needs_tests: bool = False
    coverage_floor: int | None = None
    sessions_at_once: int = 2
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        """Refuse what could not work, with all faults at once."""
        faults = [fault for argument in self.command for fault in _faults(argument)]
        try:
            msgspec.convert(self.name, Name)  # it becomes a folder
        except msgspec.ValidationError:
            faults.append("the name is none")
        if self.sessions_at_once < 1:
            faults.append("sessions_at_once is less than 1")
        if self.coverage_floor is not None and not 0 <= self.coverage_floor <= 100:  # noqa: PLR2004 - per cent
            faults.append("coverage_floor is no percentage")
        if any(not gate.command for gate in self.gates):
            faults.append("a gate has no command")
        if faults:
            raise ConfigError(f"agent {self.name}: {'; '.join(faults)}")


def _faults(argument: str) -> list[str]:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(argument) if name is not None}
    except ValueError as error:
        return [f"command: {argument!r}: {error}; write {{{{ and }}}} for braces that are no placeholder"]
    faults = [
        f"command: {argument!r}: {{{name}}} is none of {', '.join(PLACEHOLDERS)}"
        for name in sorted(names - {*PLACEHOLDERS})
    ]
    if "files" in names and argument != "{files}":
        faults.append(f"command: {argument!r}: {{files}} has to be an argument of its own")
    return faults
