"""One try at a fix: the fixer works, rules and gates judge, and what passes is a commit that nobody else sees yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.local_agent.changes import Change
from codeql_fixer.adapters.local_agent.claims import claims
from codeql_fixer.adapters.local_agent.diff_rules import violations
from codeql_fixer.adapters.local_agent.fixers import Bench, fixer_for
from codeql_fixer.adapters.local_agent.gate_discovery import coverage_gates, found_gates
from codeql_fixer.adapters.local_agent.gates import GateOutcome, GateResult, GateRunner, did_tests_pass, tests_said
from codeql_fixer.adapters.local_agent.options import LocalOptions
from codeql_fixer.adapters.local_agent.processes import Output, Programs, Surroundings
from codeql_fixer.adapters.local_agent.python_names import broken_names
from codeql_fixer.adapters.local_agent.steps import CHECKING, FIXING, TESTING, Step
from codeql_fixer.adapters.local_agent.wording import commit_message
from codeql_fixer.domain.gate import GateKind
from codeql_fixer.domain.session import IssueReport, IssueResult, SessionRequest
from codeql_fixer.errors import CodeqlFixerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.adapters.local_agent.processes import Ended
    from codeql_fixer.adapters.local_agent.repository import Checkout, Repository
    from codeql_fixer.domain.gate import Gate

MOST_BYTES = 1_000_000  # of a file that is looked at


class NoFixError(CodeqlFixerError):
    """There will be no pull request; the message says why."""


class Job(Struct, frozen=True, kw_only=True):
    """What is asked for and where it is done. `workspace` is an empty directory, `at` the moment of the request.

    `step` is told how far the work is and ends it by raising; `say` takes text for the journal.
    """

    request: SessionRequest
    options: LocalOptions
    at: str
    branch: str
    workspace: Path
    environment: Mapping[str, str]
    programs: Programs
    step: Callable[[Step], None]
    say: Callable[[str], None]


class Fix(Struct, frozen=True, kw_only=True):
    """A commit with what it changes, what is claimed of it, and what the gates said."""

    commit: str
    changes: list[Change]
    claimed: tuple[IssueReport, ...]
    results: tuple[GateResult, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Of what is changed."""
        return tuple(change.path for change in self.changes)


class Attempt:
    """One try.

    Args:
        job: what is asked for.
        repository: holds the base.
        base: the commit to start from.
    """

    def __init__(self, job: Job, repository: Repository, base: str) -> None:
        self._job, self._repository, self._base = job, repository, base
        self._fixer = fixer_for(job.options.command)
        self._files = repository.files(base)
        self._pristine_tree: Path | None = None

    def fix(self) -> Fix:
        """Fix, judge, and keep what passed.

        Raises:
            NoFixError: nothing did.
            UserError: a program is not installed.
            UpstreamError: a program failed.
        """
        self._job.step(FIXING)
        checkout = self._check_out(self._base)
        bench = Bench(
            tree=checkout.tree,
            given=self._job.workspace / "given",
            files=self._files,
            surroundings=self._surroundings(),
            run=self._run_fixer,
        )
        notes = self._fixer.fix(self._job.request, bench)
        self._job.step(CHECKING)
        fix = self._judged(checkout, notes)
        self._job.step(TESTING)
        return self._tested(fix, checkout, notes)

    def _judged(self, checkout: Checkout, notes: Mapping[str, str]) -> Fix:
        """A commit of what is different now, if it breaks no rule."""
        tree = self._repository.store(checkout)
        targets, is_in_place = self._job.request.targets, self._fixer.is_in_place
        changes = self._repository.changes(
            self._base, tree, lines_of={target.file for target in targets}, most_bytes=MOST_BYTES
        )
        claimed = claims(targets, changes, is_in_place=is_in_place, notes=notes)
        if not changes:
            raise NoFixError(f"nothing to fix could be changed: {_why(claimed)}")
        if problems := violations(changes, self._job.options.limits):
            raise NoFixError(f"the fix breaks a rule: {'; '.join(problems[:5])}")
        for change in changes:
            if problem := _broken(change):
                raise NoFixError(f"the fix breaks the code: {change.path} {problem}")
        if is_in_place and not any(report.result is IssueResult.FIXED for report in claimed):
            raise NoFixError(f"something was changed, but not where the issues are: {_why(claimed)}")
        message = commit_message(self._job.request, claimed)
        commit = self._repository.commit(tree, self._base, message, at=self._job.at)
        return Fix(commit=commit, changes=changes, claimed=claimed)

    def _tested(self, fix: Fix, checkout: Checkout, notes: Mapping[str, str]) -> Fix:
        """Run the gates on exactly the commit; where a formatter repairs it, there is a new one, judged again."""
        gates, results = self._gates(), list[GateResult]()
        runner = GateRunner(self._run_gate, self._surroundings(), lambda: self._pristine(runner, gates))
        tree = self._check_out(fix.commit).tree
        for gate in gates:
            result = runner.check(gate, tree, fix.paths)
            if result.outcome is GateOutcome.FAILED and gate.repair:
                runner.repair(gate, checkout.tree, fix.paths)
                fix = self._judged(checkout, notes)
                tree = self._check_out(fix.commit).tree
                runner.prepare(gates, tree)
                result = runner.check(gate, tree, fix.paths)
            self._job.say(f"{result.words}\n")
            results.append(result)
            if result.outcome is GateOutcome.FAILED:
                raise NoFixError(f"gate {result.words} and passes without the fix:\n{result.tail}")
        if self._job.options.needs_tests and not did_tests_pass(results):
            raise NoFixError(f"no tests passed, and the operator wants that: {tests_said(results)}")
        return Fix(commit=fix.commit, changes=fix.changes, claimed=fix.claimed, results=tuple(results))

    def _gates(self) -> tuple[Gate, ...]:
        """The operator's gates, and those of the target for the kinds that the operator left open."""
        options = self._job.options
        kinds = {gate.kind for gate in options.gates}
        found = found_gates(self._files, self._read) if options.finds_gates else ()
        gates = [*options.gates, *(gate for gate in found if gate.kind not in kinds)]
        if options.coverage_floor is not None and GateKind.COVERAGE not in kinds:
            gates += coverage_gates(gates, options.coverage_floor)
        order = list(GateKind)
        return tuple(sorted(gates, key=lambda gate: order.index(gate.kind)))

    def _read(self, path: str) -> str:
        return (self._repository.read(self._base, path, MOST_BYTES) or b"").decode(errors="replace")

    def _pristine(self, runner: GateRunner, gates: Sequence[Gate]) -> Path:
        """The base as it is, checked out and prepared when a gate first asks for it."""
        if self._pristine_tree is None:
            self._pristine_tree = self._check_out(self._base).tree
            runner.prepare(gates, self._pristine_tree)
        return self._pristine_tree

    def _check_out(self, commit: str) -> Checkout:
        return self._repository.check_out(commit, self._job.workspace, self._job.branch)

    def _surroundings(self) -> Surroundings:
        return Surroundings.fresh(self._job.environment, self._job.workspace)

    def _run_fixer(self, command: Sequence[str], tree: Path, more: Mapping[str, str]) -> Ended:
        surroundings = Surroundings({**self._surroundings().environment, **more})
        return self._run(command, tree, surroundings, seconds=self._job.options.limits.fixer_seconds)

    def _run_gate(self, command: Sequence[str], tree: Path) -> Ended:
        return self._run(command, tree, self._surroundings(), seconds=self._job.options.limits.gate_seconds)

    def _run(self, command: Sequence[str], tree: Path, surroundings: Surroundings, *, seconds: float) -> Ended:
        output = Output(self._job.say, self._job.options.limits.output_bytes)
        return self._job.programs.run(command, surroundings, cwd=tree, seconds=seconds, output=output)


def _broken(change: Change) -> str:
    if change.after is None or not change.path.endswith(".py"):
        return ""
    return broken_names(change.before, change.after)


def _why(claimed: Sequence[IssueReport]) -> str:
    return "; ".join(dict.fromkeys(report.note for report in claimed)) or "no issues were given"
