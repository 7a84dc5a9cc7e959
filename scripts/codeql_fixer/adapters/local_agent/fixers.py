"""What changes the code: codemods, or a coding agent that the operator names. Each works in a checkout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from codeql_fixer.adapters.local_agent.codemod_doubts import doubt_about
from codeql_fixer.adapters.local_agent.codemods import codemod_for, needs_semgrep
from codeql_fixer.adapters.local_agent.processes import Ended, Surroundings
from codeql_fixer.adapters.local_agent.python_names import broken_names
from codeql_fixer.errors import UpstreamError, UserError

if TYPE_CHECKING:
    from codeql_fixer.domain.session import FixTarget, SessionRequest

# codemodder separates patterns by commas, lines by colons, and knows wildcards; it has no escape for any of them.
_NO_PATTERN = frozenset(",:*?[]")
# Without these semgrep looks for a newer version of itself and reports its use, for minutes where there is no network.
_OFFLINE = {"SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0"}


class Bench(Struct, frozen=True, kw_only=True):
    """Where a fixer works: `tree` is the checkout, `files` are its files with git's modes.

    `given` does not exist yet; it may hold what the fixer is to read besides. `run` takes a command, the directory to
    run it in, and variables beside the clean environment.
    """

    tree: Path
    given: Path
    files: Mapping[str, str]
    surroundings: Surroundings
    run: Callable[[Sequence[str], Path, Mapping[str, str]], Ended]


class Fixer(Protocol):
    """Changes files of a checkout.

    Attributes:
        is_in_place: True when a fix always changes the statement that was reported.
    """

    is_in_place: bool

    def fix(self, request: SessionRequest, bench: Bench) -> Mapping[str, str]:
        """Change what can be changed; returns why an issue was left, by its id.

        Raises:
            UserError: the program is not installed.
            UpstreamError: it failed or ran out of time.
        """
        ...


class CodemodFixer:
    """Runs the codemods of the issues' rules on the files of those issues, without network and without a model."""

    is_in_place = True

    def fix(self, request: SessionRequest, bench: Bench) -> Mapping[str, str]:
        """See Fixer.fix."""
        notes: dict[str, str] = {}
        wanted: dict[str, set[str]] = {}
        for target in request.targets:
            codemod, note = _codemod_of(target, bench)
            if codemod:
                wanted.setdefault(codemod, set()).add(target.file)
            else:
                notes[target.id] = note
        if not wanted:
            return notes
        program = _found("codemodder", bench.surroundings)
        if any(needs_semgrep(codemod) for codemod in wanted):
            _found("semgrep", bench.surroundings)
        spoiled: dict[str, str] = {}
        for codemod in sorted(wanted):
            files = sorted(wanted[codemod])
            before = {file: (bench.tree / file).read_bytes() for file in files}
            _run([program, f"--codemod-include={codemod}", f"--path-include={','.join(files)}", "."], bench)
            spoiled |= _taken_back(before, bench.tree, codemod)
        return {target.id: spoiled[target.file] for target in request.targets if target.file in spoiled} | notes


def _codemod_of(target: FixTarget, bench: Bench) -> tuple[str, str]:
    """The codemod for an issue, or why there is none."""
    codemod = codemod_for(target.rule_id)
    if codemod is None:
        return "", "there is no codemod for this rule"
    if not bench.files.get(target.file, "").startswith("100") or not target.file.endswith(".py"):
        return "", "it is in no Python file of the repository"
    if _NO_PATTERN & set(target.file):
        return "", "codemodder cannot be told this file name"
    doubt = doubt_about(codemod, (bench.tree / target.file).read_bytes())
    return ("", doubt) if doubt else (codemod, "")


def _run(command: Sequence[str], bench: Bench) -> None:
    ended = bench.run(command, bench.tree, _OFFLINE)
    if ended.code != 0:
        raise UpstreamError(f"codemodder {_how(ended)}:\n{ended.tail}")


def _taken_back(before: Mapping[str, bytes], tree: Path, codemod: str) -> dict[str, str]:
    """Put back files whose names a codemod broke; why, by file."""
    spoiled = {}
    for file, content in before.items():
        if problem := broken_names(content, (tree / file).read_bytes()):
            (tree / file).write_bytes(content)
            spoiled[file] = f"{codemod} was taken back: the file {problem}"
    return spoiled


class CommandFixer:
    """Runs the operator's command line.

    Args:
        command: as LocalOptions.command.
    """

    is_in_place = False

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    def fix(self, request: SessionRequest, bench: Bench) -> Mapping[str, str]:
        """See Fixer.fix. Prompt and attachments lie beside the checkout."""
        prompt = bench.given / "prompt.md"
        bench.given.mkdir()
        prompt.write_text(request.prompt, encoding="utf-8", errors="replace")
        for attachment in request.attachments:
            (bench.given / _file_name(attachment.name)).write_bytes(attachment.content)
        command = list(self._filled(request, bench.tree, prompt))
        command[0] = _found(command[0], bench.surroundings)
        ended = bench.run(command, bench.tree, {})
        if ended.code != 0:
            raise UpstreamError(f"{Path(command[0]).name} {_how(ended)}:\n{ended.tail}")
        return {}

    def _filled(self, request: SessionRequest, tree: Path, prompt: Path) -> Sequence[str]:
        values = {"prompt_file": str(prompt), "worktree": str(tree), "mode": request.mode}
        arguments: list[str] = []
        for argument in self._command:
            if argument == "{files}":  # a name that starts like an option is none
                arguments += [f"./{file}" for file in dict.fromkeys(target.file for target in request.targets)]
            elif argument != "{mode}" or request.mode:
                arguments.append(argument.format_map(values))
        return arguments


def _file_name(name: str) -> str:
    return f"attachment-{''.join(letter if letter.isalnum() or letter in '._-' else '_' for letter in name)[-100:]}"


def _found(program: str, surroundings: Surroundings) -> str:
    path = surroundings.found(program)
    if path is None:
        raise UserError(f"{program} is not installed; docs/guides/local-agent.md tells how")
    return path


def _how(ended: Ended) -> str:
    return "ran out of time and was stopped" if ended.code is None else f"failed with exit code {ended.code}"


def fixer_for(command: Sequence[str]) -> Fixer:
    """The fixer that an operator asked for."""
    return CommandFixer(command) if command else CodemodFixer()
