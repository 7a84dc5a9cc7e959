"""Simulates a fleet: the product's own cycle, run on a virtual clock against twins of agent, host and scanner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.app.alert import Alerter
from codeql_fixer.app.author import Author
from codeql_fixer.app.batch_work import Routers
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.cycle import CycleReport, CycleRunner, Deadline
from codeql_fixer.app.dispatch import Dispatcher
from codeql_fixer.app.fleet_work import FleetWork, Words
from codeql_fixer.app.follow import Follower
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.app.planner import Planner
from codeql_fixer.app.prove import Prover
from codeql_fixer.app.scan_fleet import FleetScanner
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Starter
from codeql_fixer.app.watch_pulls import PullRequestWatcher
from codeql_fixer.domain.learning import Versions
from codeql_fixer.domain.registry import Registry
from codeql_fixer.domain.route import Routing
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.policy.sla import limits as sla_limits
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.hosting import Hosting, Workflow
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Ledger
from codeql_fixer.twin.fleet.agent import FleetAgent
from codeql_fixer.twin.fleet.forge import FleetHost
from codeql_fixer.twin.fleet.scanner import PRODUCER, FleetScans
from codeql_fixer.twin.fleet.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.domain.batch import Batch
    from codeql_fixer.domain.brief import Brief
    from codeql_fixer.twin.fleet.luck import Luck
    from codeql_fixer.twin.fleet.start import Start

_WORKFLOW = Workflow(repository="acme/control", file="codeql-fixer.yml", ref="main")
_GONE = frozenset({Lifecycle.FIXED, Lifecycle.VERIFIED_FIXED})
_DAY = timedelta(days=1)


class Configuration(Struct, frozen=True, kw_only=True):
    """What is tried: the registry, deadlines by tier, the most sessions of a cycle."""

    registry: Registry
    sla_hours: Mapping[SeverityTier, int]
    max_sessions: int = 25
    max_failure_rate: int = 50
    has_codemod: Callable[[str], bool] = lambda _: False


class Places(Struct, kw_only=True):
    """What an orchestrator's process meets. A test that kills one puts other things in their places."""

    ledger: Ledger
    index: Index
    agents: Mapping[str, Agent]
    hosting: Hosting


class Day(Struct, frozen=True, kw_only=True):
    """How the fleet is at the end of a day, the first of which is 1.

    `open_issues` are those that no scan has proved to be gone, by tier. `sessions`, `acu` and `missed` count from the
    beginning: sessions started, units used by those that have ended, issues that were or are open past their deadline.
    `verified` issues are gone by our doing, as scans prove.
    """

    number: int
    open_issues: Mapping[str, int]
    sessions: int
    acu: float
    open_pull_requests: int
    missed: int
    verified: int


class Simulation:
    """One world under one configuration.

    Args:
        start: what there is at first.
        configuration: what is tried.
        luck: of the seed.
        ledger: an empty one.
        index: an empty one.
    """

    def __init__(self, start: Start, configuration: Configuration, luck: Luck, *, ledger: Ledger, index: Index) -> None:
        self.configuration = configuration
        self.world = World(start, luck)
        self.scans = FleetScans(self.world, ledger, configuration.registry)
        self.host = FleetHost(self.world, self.scans)
        profiles = configuration.registry.others.routing.profiles
        self.agents = {one.name: FleetAgent(one.name, self.world, self.host, is_paid=one.is_paid) for one in profiles}
        self.places = Places(ledger=ledger, index=index, agents=self.agents, hosting=self.host)
        self.told: list[str] = []
        self._cycles = 0

    def days(self, count: int) -> Iterator[Day]:
        """Let so many days pass, with cycles, and tell how each of them ends."""
        every = timedelta(hours=self.world.assumptions.cycle_hours)
        begun = self.world.now
        for number in range(1, count + 1):
            while self.world.now + every <= begun + number * _DAY:
                self.world.advance(self.world.now + every)
                self.cycle()
            yield self.day(number)

    def cycle(self) -> CycleReport:
        """Run one cycle at the present moment."""
        self._cycles += 1
        places, config = self.places, self.configuration
        author = Author(producer=PRODUCER, run_id=f"sim{self._cycles}", clock=self.world.clock)
        planner = Planner(index=places.index, registry=config.registry, sla_hours=config.sla_hours)
        runner = CycleRunner(
            ledger=places.ledger,
            index=places.index,
            planner=planner,
            scanner=FleetScanner(
                ledger=places.ledger,
                index=places.index,
                hosting=places.hosting,
                registry=config.registry,
                workflow=_WORKFLOW,
                author=author,
                intake=self.scans.take_in,
                tell=self.told.append,
                own=lambda entry: self.scans.trigger(entry.repository),
            ),
            dispatcher=self._dispatcher(author, planner),
            prover=Prover(
                ledger=places.ledger, index=places.index, author=author, pull_requests=None, tell=self.told.append
            ),
            alerter=Alerter(ledger=places.ledger, index=places.index, channels={}, author=author),
            author=author,
            deadline=Deadline(monotonic=self._seconds),
            on_step=_ignore,
            has_readers=False,
        )
        routers = Routers(routing=Routing(), agents=places.agents, has_codemod=config.has_codemod)
        return runner.run(FleetWork(planner, routers=routers, words=_WORDS, run_id=author.run_id))

    def day(self, number: int) -> Day:
        """How the fleet is now."""
        now, index = self.world.now, self.places.index
        open_issues = {tier.value: 0 for tier in SeverityTier}
        missed = verified = 0
        for row in index.status(now, sla_limits(now, self.configuration.sla_hours)):
            missed += row.breached
            verified += row.issues if row.lifecycle is Lifecycle.VERIFIED_FIXED else 0
            open_issues[row.tier.value] += 0 if row.lifecycle in _GONE else row.issues
        jobs = [job for agent in self.agents.values() for job in agent.jobs.values()]
        return Day(
            number=number,
            open_issues=open_issues,
            sessions=len(jobs),
            acu=round(sum(job.acu for job in jobs if job.is_over), 2),
            open_pull_requests=len(self.host.open_pull_requests()),
            missed=missed,
            verified=verified,
        )

    def _dispatcher(self, author: Author, planner: Planner) -> Dispatcher:
        places, tell = self.places, self.told.append
        ledger, index, agents = places.ledger, places.index, places.agents
        recorder = Recorder(ledger=ledger, kept=ledger, replay="")  # a ledger in memory always takes what it gets
        return Dispatcher(
            settler=Settler(ledger=ledger, index=index, agents=agents, author=author, tell=tell),
            watchers=(
                Observer(index=index, agents=agents, recorder=recorder, author=author, tell=tell),
                PullRequestWatcher(index=index, hosting=places.hosting, recorder=recorder, author=author, tell=tell),
            ),
            claimer=Claimer(ledger=ledger, index=index, agents=agents, author=author, monotonic=self._seconds),
            starter=Starter(
                agents=agents,
                recorder=recorder,
                author=author,
                parallel=1,  # more would make chance of the order in which they end
                max_failure_rate=self.configuration.max_failure_rate,
                on_outcome=lambda *_: None,
            ),
            follower=Follower(
                agents=agents,
                recorder=recorder,
                author=author,
                sleep=_ignore,
                poll_seconds=0,
                time_limit=None,
                on_session=_ignore,
            ),
            limits=planner.limits(max_sessions=self.configuration.max_sessions),
            waves=None,
            on_step=_ignore,
        )

    def _seconds(self) -> float:
        return self.world.now.timestamp()


class _NoWords:
    """Nobody reads what a twin is told: no prompt, no tree, no excerpt, no playbook."""

    def render(self, brief: Brief) -> str:
        del brief
        return ""

    def versions(self, family: str) -> Versions:
        del family
        return Versions()

    def text(self, file: str) -> str | None:
        del file
        return None

    def files(self) -> tuple[str, ...]:
        return ()

    def commit(self) -> str:
        return ""


def _excerpt(batch: Batch) -> bytes:
    del batch
    return b""


def _ignore(_: object) -> None:
    pass


_WORDS = Words(renderer=_NoWords(), tree=_NoWords(), excerpt=_excerpt, playbook_of=lambda _: "")
