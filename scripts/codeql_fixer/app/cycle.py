"""One cycle of the orchestrator: scans, what came of sessions and pull requests, new sessions, the snapshot, alerts.

Each part stands for itself: when one of them fails, the others go on, and the cycle says what failed. Only a ledger
that cannot be read or written ends it, since nothing may be paid that is not on record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from codeql_fixer.app.alert import Alerter, Told
from codeql_fixer.app.author import Author
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.dispatch import Dispatcher, DispatchReport, Started
from codeql_fixer.app.facts import held_by
from codeql_fixer.app.fleet_state import FleetState, fleet_state
from codeql_fixer.app.notice import notice
from codeql_fixer.app.planner import Planner, observed
from codeql_fixer.app.prove import Prover
from codeql_fixer.app.respond import Answered, Responder
from codeql_fixer.app.scan_fleet import FleetScanner, ScanOrder
from codeql_fixer.app.snapshot import snapshot_of
from codeql_fixer.app.tidy import Tidier
from codeql_fixer.app.triage import Triager
from codeql_fixer.app.watch_pulls import PullRequestWatcher
from codeql_fixer.domain.delivery import News
from codeql_fixer.errors import CodeqlFixerError, LedgerNotWrittenError, UpstreamError, UserError
from codeql_fixer.policy.news import completed
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.app.claiming import Work
    from codeql_fixer.app.fleet_state import SessionState
    from codeql_fixer.app.watch_pulls import Sighting


class Deadline(Struct, frozen=True, kw_only=True):
    """When a cycle has to be over: no part begins after it. `monotonic` are seconds, `end` None for no such time."""

    monotonic: Callable[[], float]
    end: float | None = None

    @property
    def is_over(self) -> bool:
        """True when nothing new is to be begun."""
        return self.end is not None and self.monotonic() >= self.end


class CycleReport(Struct, kw_only=True):
    """What a cycle came to.

    `problems` are what failed, `warnings` what somebody should look at, `left_out` parts that there was no time for.
    `no_scans` says why nobody looked whether a scan is due, "" when somebody did; `is_scanned` that all repositories
    were looked at that may be due. `answered` is what was answered at pull requests, `proved` counts verdicts on merged
    fixes. `is_for_user` says that a person can mend all that failed. `news` are what people may want to hear, `told`
    what came of telling it; `state` is how the fleet stood at the end.
    """

    scans: list[ScanOrder] = []
    no_scans: str = ""
    is_scanned: bool = False
    dispatch: DispatchReport = field(default_factory=DispatchReport)
    problems: list[str] = []
    is_for_user: bool = True
    warnings: list[str] = []
    left_out: list[str] = []
    paused: str = ""
    proved: int = 0
    answered: Answered = field(default_factory=Answered)
    state: FleetState | None = None
    news: list[News] = []
    told: Told = field(default_factory=Told)


class CycleRunner(Struct, frozen=True, kw_only=True):
    """Runs cycles.

    Args:
        ledger: the source of truth.
        index: what reflects it.
        planner: what the operator wants.
        scanner: has the fleet scanned; None where no host is set up.
        dispatcher: starts sessions; None where no agent is set up.
        prover: says what scans prove about merged fixes.
        alerter: tells what is news.
        watcher: looks at pull requests; None where no host is set up.
        tidier: tells of those that nobody will merge; None where nobody can close them.
        responder: answers what was said at them; None where no agent is set up.
        triager: has an agent say how much issues matter; None where that is not wanted.
        author: of the records.
        deadline: when it has to be over.
        on_step: hears what is being done, for people.
        has_readers: False where nobody looks at the snapshot.
    """

    ledger: Ledger
    index: Index
    planner: Planner
    scanner: FleetScanner | None
    dispatcher: Dispatcher | None
    prover: Prover
    alerter: Alerter
    author: Author
    deadline: Deadline
    on_step: Callable[[str], None]
    has_readers: bool = True
    watcher: PullRequestWatcher | None = None
    tidier: Tidier | None = None
    responder: Responder | None = None
    triager: Triager | None = None

    def run(self, work: Work, report: CycleReport | None = None) -> CycleReport:
        """Do it.

        Args:
            work: what could be fixed.
            report: filled on the way, so that what was done is known when something fails.

        Raises:
            LedgerNotWrittenError: what was not recorded is kept, and nothing was started without a record.
            UpstreamError: the ledger cannot be read.
        """
        report = report or CycleReport()
        self.on_step("Reading the ledger")
        self.ledger.append([])
        catch_up(self.ledger, self.index)
        report.paused = self.planner.registry.paused or held_by(self.ledger.pause())
        self._part("scans", self._scan, report)
        self._part("sessions", self._look, report)
        self._part("pull requests", self._follow, report)
        self._part("proof", self._prove, report)
        if self.triager is not None:
            self._part("triage", lambda _: self._triage(work), report)
        self._part("dispatch", lambda done: self._dispatch(work, done), report)
        self._part("snapshot", self._snapshot, report)
        self._part("alerts", self._alert, report)
        return report

    def _part(self, name: str, act: Callable[[CycleReport], None], report: CycleReport) -> None:
        if self.deadline.is_over:
            report.left_out.append(name)
            return
        try:
            act(report)
        except LedgerNotWrittenError:
            raise
        except CodeqlFixerError as error:
            report.problems.append(f"{name}: {error}")
            report.is_for_user &= isinstance(error, UserError)

    def _scan(self, report: CycleReport) -> None:
        if self.scanner is None:
            report.no_scans = "scans are not set up: GITHUB_TOKEN is missing"
            return
        self.on_step("Having repositories scanned that are due")
        for order in self.scanner.scan(self.planner.only, is_over=lambda: self.deadline.is_over):
            report.scans.append(order)
        report.is_scanned = True
        failed = [order for order in report.scans if order.problem]
        if failed and len(failed) == len(report.scans):
            error = UserError if all(order.is_for_user for order in failed) else UpstreamError
            raise error(f"none of the scans that were due could be started: {failed[0].problem}")

    def _look(self, report: CycleReport) -> None:
        if self.dispatcher is not None:
            self.dispatcher.look(report.dispatch)

    def _prove(self, report: CycleReport) -> None:
        report.proved = self.prover.prove()

    def _follow(self, report: CycleReport) -> None:
        if self.watcher is None:
            return
        self.on_step("Looking at pull requests")
        catch_up(self.ledger, self.index)  # what sessions reported about them comes before what they say themselves
        sightings: Sequence[Sighting] = self.watcher.look().sightings
        catch_up(self.ledger, self.index)
        if self.tidier is not None:
            tidied = self.tidier.tidy(sightings)
            report.warnings += tidied.warnings
            sightings = tidied.open
        if self.responder is None:
            return
        answered = report.answered
        try:
            self.responder.respond(sightings, answered, is_over=lambda: self.deadline.is_over)
        finally:
            outcome_of = {outcome.id: outcome for outcome in answered.results.outcomes}.get
            report.dispatch.started += [
                Started(intent=item.intent, outcome=outcome_of(item.intent.id)) for item in answered.claimed
            ]
            report.warnings += answered.problems

    def _triage(self, work: Work) -> None:
        assert self.triager is not None  # noqa: S101 - else nobody calls this
        self.on_step("Triage")
        self.triager.run(work)

    def _dispatch(self, work: Work, report: CycleReport) -> None:
        if self.dispatcher is not None:
            self.dispatcher.start(work, report.dispatch)
            if report.dispatch.stopped:
                raise (UserError if report.dispatch.results.is_denied else UpstreamError)(report.dispatch.stopped)

    def _snapshot(self, report: CycleReport) -> None:
        self.on_step("Rendering the snapshot")
        catch_up(self.ledger, self.index)
        state = fleet_state(self.planner, self.author.clock())
        report.warnings += map(_slow, (one for one in state.sessions if one.is_overdue))
        report.warnings += (family.reason for family in state.stopped_families)
        report.state = state
        seen = observed(state.objectives)
        records = [replace(self.author.cycle("objectives"), objectives=seen)] if seen else []
        snapshots = [snapshot_of(self.planner, self.author, state.objectives)] if self.has_readers else []
        self.ledger.append([*records, *snapshots])

    def _alert(self, report: CycleReport) -> None:
        heard = self.alerter.hearings()
        if report.state is not None and heard:
            found = notice(self.planner, report.state, heard=heard, now=self.author.clock())
            report.news = [*found, self._end_of(report)]
        report.told = self.alerter.tell(report.news, is_over=lambda: self.deadline.is_over)
        report.warnings += report.told.problems

    def _end_of(self, report: CycleReport) -> News:
        counts = [
            (sum(order.scans for order in report.scans), "scan"),
            (sum(item.has_session for item in report.dispatch.started), "session"),
            (len(report.dispatch.settled), "open claim"),
        ]
        return completed(self.author.run_id, counts, len(report.problems))


def _slow(session: SessionState) -> str:
    since = f"{session.since:%Y-%m-%d %H:%M}"
    whose = session.repository or "the fleet"
    return f"{whose}: {session.session_id} for {session.family} takes longer than usual, since {since} UTC"
