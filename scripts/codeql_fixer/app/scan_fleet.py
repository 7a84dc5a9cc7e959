"""Has repositories scanned that are due: decide, record, and only then start the scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.errors import CodeqlFixerError, LedgerNotWrittenError, RateLimitedError
from codeql_fixer.policy.scanning import NotDue, ScanDue, ScanFacts, due
from codeql_fixer.ports.hosting import Hosting, Workflow
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Conflict, Ledger

if TYPE_CHECKING:
    from collections.abc import Collection

    from codeql_fixer.domain.queue import ScanState

_TRIES = 20
_EVER = datetime.min.replace(tzinfo=UTC)
# In one cycle: a host takes one write a second, and the next cycle is not far.
MOST_SCANS = 40


class ScanOrder(Struct, frozen=True, kw_only=True):
    """A repository, and why it is scanned now or is not.

    `taken_in` is how many scans the host had already, None where one was started; `problem` says why neither was done.
    """

    repository: str
    decision: ScanDue | NotDue
    source: ScanSource
    taken_in: int | None = None
    problem: str = ""


class FleetScanner(Struct, frozen=True, kw_only=True):
    """Has the fleet scanned.

    Args:
        ledger: where requests are recorded before they are made, so that no two cycles make the same one.
        index: knows the last scans and requests.
        hosting: starts workflows, and counts commits.
        registry: says what is scanned, how and how often.
        workflow: of the control repository, that scans a target.
        author: of the records.
        intake: takes in what the host has of a repository since a moment; returns how many scans those are.
        tell: hears, for people, what went wrong.
    """

    ledger: Ledger
    index: Index
    hosting: Hosting
    registry: Registry
    workflow: Workflow
    author: Author
    intake: Callable[[RepositoryEntry, datetime | None], int]
    tell: Callable[[str], None]

    def orders(self, only: Collection[str] | None = None) -> list[ScanOrder]:
        """Every repository of the registry with what is decided about it now, by name.

        Args:
            only: these repositories, in lower case; None for all.
        """
        scans, now = self.index.scans(), self.author.clock()
        return [
            ScanOrder(
                repository=entry.repository,
                decision=self._decided(entry, scans.get(name), now),
                source=entry.scan_source,
            )
            for name, entry in sorted(self.registry.repositories.items())
            if only is None or name in only
        ]

    def scan(self, only: Collection[str] | None = None) -> list[ScanOrder]:
        """Start the scans that are due, those that wait longest first; returns them, each with what went wrong.

        One repository's trouble is no other one's. A request that could not be made is one that no scan follows: it is
        made again after a while. Results that the host has already are taken in without a request.

        Raises:
            LedgerNotWrittenError: nothing was started.
        """
        for _ in range(_TRIES):
            self.ledger.append([])
            catch_up(self.ledger, self.index)
            tip = self.index.position().tip
            scans = self.index.scans()
            wanted = self._due(only, scans)
            asked = [order for order in wanted if order.source is ScanSource.WORKFLOW]
            cycle = self.author.cycle("scan", tip=tip, decisions=map(_decision, asked))
            if not asked or not isinstance(self.ledger.append([cycle], expected_tip=tip), Conflict):
                return [self._started(order, scans.get(order.repository.lower())) for order in wanted]
        raise LedgerNotWrittenError("others wrote to the ledger each time before a scan could be asked for")

    def _due(self, only: Collection[str] | None, scans: Mapping[str, ScanState]) -> list[ScanOrder]:
        def last(order: ScanOrder) -> datetime:
            state = scans.get(order.repository.lower())
            return (state.last_at if state else None) or _EVER

        found = [order for order in self.orders(only) if isinstance(order.decision, ScanDue)]
        return sorted(found, key=last)[:MOST_SCANS]

    def _decided(self, entry: RepositoryEntry, state: ScanState | None, now: datetime) -> ScanDue | NotDue:
        facts = ScanFacts(
            entry=entry,
            now=now,
            last_scan_at=state.last_at if state else None,
            requests=state.requests if state else (),
        )
        decision = due(facts)
        last = facts.last_scan_at
        if isinstance(decision, ScanDue) or entry.adaptive_commit_threshold is None or last is None:
            return decision
        if not self._may_come_early(entry, facts):
            return decision
        commits = self._commits_since(entry, last)
        return decision if commits is None else due(replace(facts, commits_since=commits))

    @staticmethod
    def _may_come_early(entry: RepositoryEntry, facts: ScanFacts) -> bool:
        """True when any number of commits would make a difference: a call of the host is not for nothing."""
        most = entry.adaptive_commit_threshold or 0
        return isinstance(due(replace(facts, commits_since=most)), ScanDue)

    def _commits_since(self, entry: RepositoryEntry, since: datetime) -> int | None:
        try:
            return self.hosting.commits_since(entry.repository, since, entry.default_branch)
        except CodeqlFixerError as error:
            self.tell(f"warning: {entry.repository}: nobody counted its commits: {error}")
            return None

    def _started(self, order: ScanOrder, state: ScanState | None) -> ScanOrder:
        entry = self.registry.entry(order.repository)
        try:
            if entry.scan_source is ScanSource.CODE_SCANNING:
                return replace(order, taken_in=self.intake(entry, state.last_at if state else None))
            self.hosting.trigger(self.workflow, inputs_of(entry))
        except RateLimitedError as error:
            return _failed(order, error)
        except LedgerNotWrittenError:
            raise
        except CodeqlFixerError as error:
            self.tell(f"warning: {order.repository} could not be scanned: {error}")
            return _failed(order, error)
        return order


def inputs_of(entry: RepositoryEntry) -> Mapping[str, str]:
    """What the workflow is told: the inputs of action.yml that the registry has a word about."""
    scan = entry.scan
    wanted = {
        "target_repo": entry.repository,
        "mode": "orchestrator",
        "languages": scan.languages,
        "queries": scan.queries,
        "severity_threshold": scan.severity_threshold.value,
        "include_paths": scan.include_paths,
        "exclude_paths": scan.exclude_paths,
        "default_branch": entry.default_branch,
    }
    return {name: value for name, value in wanted.items() if value}


def _failed(order: ScanOrder, error: CodeqlFixerError) -> ScanOrder:
    return replace(order, problem=str(error))


def _decision(order: ScanOrder) -> Decision:
    return Decision(action=DecisionAction.SCAN, reason=order.decision.reason, target_repo=order.repository)
