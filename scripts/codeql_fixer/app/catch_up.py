"""Brings the index up to date with the ledger. The same records give the same index, in whatever pieces they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.errors import LedgerResetError
from codeql_fixer.policy.ledger_paths import path_of, repository_of, runs_of
from codeql_fixer.policy.lifecycle import lifecycle_of
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.tracking import RepositoryIssues, attempts_at, order_of
from codeql_fixer.ports.index import Position
from codeql_fixer.ports.ledger import Damaged, Stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codeql_fixer.domain.tracked import Attempt, Lifecycle, TrackedIssue
    from codeql_fixer.ports.index import Index, IndexWriter
    from codeql_fixer.ports.ledger import Changes, Entry, Ledger

_SHOWN_LOST = 3


class CaughtUp(Struct, frozen=True):
    """What a catch-up came to: the state now reflected, and how many entries of the ledger were read for it."""

    tip: str
    entries: int
    damages: int


def catch_up(ledger: Ledger, index: Index, *, is_rebuild: bool = False) -> CaughtUp:
    """Take in what is new on the ledger, in one transaction.

    Args:
        ledger: the source of truth.
        index: what reflects it.
        is_rebuild: forget what the index holds and read everything.

    Raises:
        LedgerResetError: records that the index knows are gone.
        FutureRecordError: a newer version wrote one of the records.
        UpstreamError: the ledger cannot be read.
    """
    while True:
        since = index.position()
        changes = ledger.read_since("" if is_rebuild else since.tip, waiting=() if is_rebuild else since.waiting)
        _refuse_losses(changes, index)
        with index.writing() as writer:
            if index.position() != since:
                continue  # another process has caught up meanwhile: what was read is not what is missing now
            if is_rebuild or since == Position(""):
                writer.clear()  # what it holds may be of other names
            taking = _Taking(ledger, writer, index.names)
            for entry in changes.entries:
                taking.take(entry)
            taking.finish()
            writer.forget_damage(None if changes.is_complete else (*changes.lost, *_refs_with_damage(index)))
            writer.add_damage(taking.damages)
            writer.set_position(Position(changes.tip, changes.waiting))
        return CaughtUp(changes.tip, taking.entries, len(taking.damages))


def _refuse_losses(changes: Changes, index: Index) -> None:
    damaged = {damage.path for damage in index.damages()}
    lost = [path for path in changes.lost if path not in damaged]  # mending or removing those loses nothing
    if lost:
        shown = ", ".join(lost[:_SHOWN_LOST])
        back = f"put them back with 'orchestrator.py replay {changes.rescued}', or " if changes.rescued else ""
        raise LedgerResetError(
            f"the ledger lost or changed {counted(len(lost), 'record')} that the index knows ({shown}): "
            f"{back}take the ledger as it is with 'orchestrator.py rebuild'"
        )


def _refs_with_damage(index: Index) -> list[str]:
    """Refs of the inbox that were noted: every reading looks at them again."""
    return [damage.path for damage in index.damages() if damage.path.startswith("refs/")]


class _Taking:
    """Takes entries one by one; scan runs of one repository that stand together are counted together."""

    def __init__(self, ledger: Ledger, writer: IndexWriter, names: Mapping[str, str]) -> None:
        self._ledger, self._writer, self._names = ledger, writer, names
        self._repository = ""
        self._runs: list[ScanRun] = []
        self._concerned: set[str] = set()
        self.damages: list[tuple[Damaged, str]] = []
        self.entries = 0

    def take(self, entry: Entry) -> None:
        self.entries += 1
        if isinstance(entry, Damaged):
            self.damages.append((entry, repository_of(entry.path)))
        elif isinstance(entry.record, ScanRun):
            repository = self._named(entry.record.target_repo)
            if repository != self._repository:
                self._count()
                self._repository = repository
            self._runs.append(entry.record)
        else:
            self._concerned |= self._writer.add_fact(entry.record)

    def finish(self) -> None:
        self._count()
        for repository in sorted(self._concerned):
            states = _with_states(self._writer.issues_of(repository), self._writer.attempts_of(repository))
            self._writer.save_lifecycles((issue.key, state, reason) for issue, state, reason in states)

    def _named(self, repository: str) -> str:
        return self._names.get(repository.lower(), repository.lower())

    def _count(self) -> None:
        """Fold the runs at hand into the state of their repository."""
        runs, self._runs = self._runs, []
        if not runs:
            return
        writer, repository = self._writer, self._repository
        known = writer.known_runs(repository)
        runs = sorted({path: run for run in runs if (path := path_of(run)) not in known}.values(), key=order_of)
        last = writer.last_order(repository) if known else None
        if runs and last is not None and order_of(runs[0]) < last:
            runs = self._all_runs(repository)  # a record came late: count again from the start
            writer.forget(repository)
            known = frozenset()
        if not runs:
            return
        state = RepositoryIssues(writer.issues_of(repository) if known else ())
        seen = [(run, state.fold(run)) for run in runs]
        writer.save_issues(repository, _with_states(state.changed.values(), writer.attempts_of(repository)))
        writer.add_runs(repository, seen)

    def _all_runs(self, repository: str) -> list[ScanRun]:
        places = [repository, *(name for name, own in self._names.items() if own == repository)]
        entries = (entry for place in places for entry in self._ledger.read_under(runs_of(place)))
        runs = [entry.record for entry in entries if isinstance(entry, Stored) and isinstance(entry.record, ScanRun)]
        return sorted({path_of(run): run for run in runs}.values(), key=order_of)


def _with_states(
    issues: Iterable[TrackedIssue], attempts: Mapping[str, tuple[Attempt, ...]]
) -> list[tuple[TrackedIssue, Lifecycle, str]]:
    return [(issue, *lifecycle_of(issue, attempts_at(issue, attempts))) for issue in issues]
