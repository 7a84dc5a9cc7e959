"""Has repositories scanned that are due: decide, record, and only then start the scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.errors import CodeqlFixerError, LedgerNotWrittenError, RateLimitedError, UserError
from codeql_fixer.policy.scanning import NotDue, ScanDue, ScanFacts, due, scan_facts
from codeql_fixer.ports.hosting import Hosting, Workflow
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Conflict, Ledger

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator

    from codeql_fixer.domain.queue import ScanState

_TRIES = 20
_EVER = datetime.min.replace(tzinfo=UTC)
# Requests in one cycle: a host takes one write a second and 500 creations an hour, and the next cycle is not far.
MOST_SCANS = 250
ANALYSES = ScanSource.CODE_SCANNING
_ASKED = frozenset({ScanSource.WORKFLOW, ScanSource.DIRECT})


class ScanOrder(Struct, frozen=True, kw_only=True):
    """A repository, and why it is scanned now or is not.

    `scans` are how many were started or taken in; `problem` says why its scan could not be started, `is_for_user` that
    a person can mend that, `limit` that the host takes no more calls for now.
    """

    repository: str
    decision: ScanDue | NotDue
    source: ScanSource
    scans: int = 0
    problem: str = ""
    is_for_user: bool = False
    limit: str = ""


class FleetScanner(Struct, frozen=True, kw_only=True):
    """Has the fleet scanned.

    Args:
        ledger: where requests are recorded before they are made, so that no two cycles make the same one.
        index: knows the last scans and requests.
        hosting: starts workflows, and counts commits.
        registry: says what is scanned, how and how often.
        workflow: of the control repository, that scans a target; None where nobody says which repository that is.
        author: of the records.
        intake: takes in what the host has of a repository since a moment; returns how many scans those are.
        tell: hears, for people, what went wrong.
        own: scans the checkout at hand; None where there is none.
    """

    ledger: Ledger
    index: Index
    hosting: Hosting
    registry: Registry
    workflow: Workflow | None
    author: Author
    intake: Callable[[RepositoryEntry, datetime | None], int]
    tell: Callable[[str], None]
    own: Callable[[RepositoryEntry], None] | None = None

    def orders(self, only: Collection[str] | None = None, commits: Commits | None = None) -> list[ScanOrder]:
        """Every repository of the registry with what is decided about it now, by name.

        Args:
            only: these repositories, in lower case; None for all.
            commits: what was counted already.
        """
        scans, now, commits = self.index.scans(), self.author.clock(), commits or Commits(self.hosting, self.tell)
        return [
            ScanOrder(
                repository=entry.repository,
                decision=_decided(scan_facts(entry, scans.get(name), now), commits),
                source=entry.scan_source,
            )
            for name, entry in sorted(self.registry.repositories.items())
            if only is None or name in only
        ]

    def scan(
        self, only: Collection[str] | None = None, *, is_over: Callable[[], bool] = lambda: False
    ) -> Iterator[ScanOrder]:
        """Start the scans that are due, those that wait longest first; gives each, with what went wrong.

        One repository's trouble is no other one's. A request that could not be made is one that no scan follows: it is
        made again after a while. Results that the host has already are taken in without a request, after all requests:
        what is on record is to be started first.

        Args:
            only: these repositories, in lower case; None for all.
            is_over: True when no more results are to be taken in.

        Raises:
            LedgerNotWrittenError: nothing more was started.
            UserError: there are scans to start, and nobody said where.
        """
        commits = Commits(self.hosting, self.tell)
        for _ in range(_TRIES):
            self.ledger.append([])
            catch_up(self.ledger, self.index)
            tip = self.index.position().tip
            scans = self.index.scans()
            wanted = self._due(only, scans, commits)
            asked = [order for order in wanted if order.source in _ASKED][:MOST_SCANS]
            if self.workflow is None and any(order.source is ScanSource.WORKFLOW for order in asked):
                raise UserError("scans are started in the control repository: say which with --control-repo OWNER/NAME")
            cycle = self.author.cycle("scan", tip=tip, decisions=map(_decision, asked))
            if not asked or not isinstance(self.ledger.append([cycle], expected_tip=tip), Conflict):
                break
        else:
            raise LedgerNotWrittenError("others wrote to the ledger each time before a scan could be asked for")
        limit = yield from self._started(asked)
        if not limit:
            yield from self._taken_in([order for order in wanted if order.source is ANALYSES], scans, is_over)

    def _due(self, only: Collection[str] | None, scans: Mapping[str, ScanState], commits: Commits) -> list[ScanOrder]:
        def last(order: ScanOrder) -> datetime:
            state = scans.get(order.repository.lower())
            return (state.last_at if state else None) or _EVER

        found = self.orders(only, commits)
        return sorted((order for order in found if isinstance(order.decision, ScanDue)), key=last)

    def _started(self, orders: Iterable[ScanOrder]) -> Generator[ScanOrder, None, str]:
        """Make requests that are on record; returns why the host takes no more of them, "" when it does."""
        limit = ""
        for order in orders:
            found = replace(order, problem=limit) if limit else self._done(order, self._trigger)
            limit = limit or found.limit
            yield found
        return limit

    def _taken_in(
        self, orders: list[ScanOrder], scans: Mapping[str, ScanState], is_over: Callable[[], bool]
    ) -> Iterator[ScanOrder]:
        """Take in what the host has, until it takes no more calls or the time is over.

        Nothing remembers who was looked at: so the order changes, and what is left out today is early another day.
        """

        def take_in(order: ScanOrder) -> int:
            state = scans.get(order.repository.lower())
            return self.intake(self.registry.entry(order.repository), state.last_at if state else None)

        turn = f"{self.author.clock():%Y-%m-%d %H:%M}"
        for order in sorted(orders, key=lambda one: sha256(f"{turn} {one.repository}".encode()).digest()):
            if is_over():
                return
            found = self._done(order, take_in)
            yield found
            if found.limit:
                return

    def _trigger(self, order: ScanOrder) -> int:
        entry = self.registry.entry(order.repository)
        if order.source is ScanSource.DIRECT:
            if self.own is None:
                raise UserError("there is no checkout here that could be scanned directly")
            self.own(entry)
            return 1
        assert self.workflow is not None  # noqa: S101 - nothing is asked for without
        self.hosting.trigger(self.workflow, inputs_of(entry))
        return 1

    def _done(self, order: ScanOrder, act: Callable[[ScanOrder], int]) -> ScanOrder:
        try:
            return replace(order, scans=act(order))
        except RateLimitedError as error:
            return replace(order, problem=str(error), limit=str(error))
        except LedgerNotWrittenError:
            raise
        except CodeqlFixerError as error:
            self.tell(f"warning: {order.repository} could not be scanned: {error}")
            return replace(order, problem=str(error), is_for_user=isinstance(error, UserError))
        except Exception as error:  # noqa: BLE001 - one repository's results must not be able to hold the fleet
            problem = f"{type(error).__name__}: {error}"
            self.tell(f"warning: {order.repository} could not be scanned: {problem}")
            return replace(order, problem=problem)


class Commits:
    """Counts commits, each repository's once: whoever asks for scans decides again as often as others write first."""

    def __init__(self, hosting: Hosting, tell: Callable[[str], None]) -> None:
        self._hosting, self._tell = hosting, tell
        self._known: dict[tuple[str, datetime], int | None] = {}

    def since(self, entry: RepositoryEntry, at: datetime) -> int | None:
        """How many a repository got since then; None where nobody could tell, which is said once."""
        key = entry.repository, at
        if key not in self._known:
            try:
                self._known[key] = self._hosting.commits_since(entry.repository, at, entry.default_branch)
            except CodeqlFixerError as error:
                self._tell(f"warning: {entry.repository}: nobody counted its commits: {error}")
                self._known[key] = None
        return self._known[key]


def _decided(facts: ScanFacts, commits: Commits) -> ScanDue | NotDue:
    decision, last, enough = due(facts), facts.last_scan_at, facts.entry.adaptive_commit_threshold
    if isinstance(decision, ScanDue) or enough is None or last is None:
        return decision
    if not isinstance(due(replace(facts, commits_since=enough)), ScanDue):
        return decision  # no number of commits would make a difference: a call of the host is not for nothing
    count = commits.since(facts.entry, last)
    return decision if count is None else due(replace(facts, commits_since=count))


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


def _decision(order: ScanOrder) -> Decision:
    return Decision(action=DecisionAction.SCAN, reason=order.decision.reason, target_repo=order.repository)
