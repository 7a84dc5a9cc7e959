"""A fleet of many repositories for tests of the orchestrator: everything in memory, and a time that moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.adapters.prompts.feedback import FeedbackRenderer
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.alert import Alerter
from codeql_fixer.app.author import Author
from codeql_fixer.app.batch_work import Routers
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.cycle import CycleRunner, Deadline
from codeql_fixer.app.dispatch import Dispatcher
from codeql_fixer.app.facts import facts_of
from codeql_fixer.app.fleet_work import FleetWork, Words
from codeql_fixer.app.follow import Follower
from codeql_fixer.app.hand_over import Successors
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.app.plan import plan
from codeql_fixer.app.planner import Planner
from codeql_fixer.app.prove import Prover
from codeql_fixer.app.respond import Responder
from codeql_fixer.app.scan_fleet import FleetScanner
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Starter
from codeql_fixer.app.tidy import Tidier
from codeql_fixer.app.watch_pulls import PullRequestWatcher
from codeql_fixer.domain.learning import Versions
from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.domain.route import Routing
from codeql_fixer.policy.sla import DEFAULT_HOURS
from codeql_fixer.ports.hosting import Workflow
from codeql_fixer.ports.ledger import Stored
from tests.agents import MemoryAgent
from tests.hosting import MemoryHosting
from tests.pull_requests import MemoryPullRequests
from tests.records import PRODUCER
from tests.unit.app.fleets import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from codeql_fixer.app.plan import Planned
    from codeql_fixer.domain.brief import Brief
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.session import SessionRequest, SessionState
    from codeql_fixer.policy.dispatching import Candidate, Limits
    from codeql_fixer.ports.ledger import Conflict, Landed, Ledger


class _Plainly:
    """A renderer for which a brief is the name of its repository."""

    def render(self, brief: Brief) -> str:
        return "\n".join([brief.target_repo, *(example.diff for example in brief.examples)])

    def versions(self, family: str) -> Versions:
        return Versions(prompt="p1", playbook=f"{family}@1")


class OtherLedger:
    """A ledger that writes in its own manner, for tests to inherit from."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the other one has
        return getattr(self.ledger, name)

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        return self.ledger.append(records, expected_tip=expected_tip)


def listed(*names: str, **members: Any) -> dict[str, RepositoryEntry]:  # noqa: ANN401 - passed on
    """Entries of a registry, all alike."""
    chosen: dict[str, Any] = {"is_listed": True, "auto_dispatch": True, "auto_scan": True, **members}
    return {name.lower(): RepositoryEntry(repository=name, **chosen) for name in names}


def registry(*entries: Mapping[str, RepositoryEntry], **members: Any) -> Registry:  # noqa: ANN401 - passed on
    """A registry of these entries."""
    found = {name: entry for some in entries for name, entry in some.items()}
    slugs = {name: entry.repository for name, entry in found.items()}
    slugs |= {alias: entry.repository for entry in found.values() for alias in entry.aliases}
    return Registry(repositories=found, slugs=slugs, **members)


class Orchestra:
    """A ledger with these records, and everything that a cycle takes."""

    def __init__(
        self,
        registry: Registry,
        *records: AnyRecord,
        ends: Callable[[SessionRequest], SessionState] | None = None,
        only: Iterable[str] | None = None,
    ) -> None:
        self.clock = Clock()
        self.registry = registry
        self.ledger, self.kept = MemoryLedger(), MemoryLedger()
        self.index = SqlIndex(SqliteDatabase(Path(":memory:")))
        self.agent = MemoryAgent(self.clock, ends)
        self.hosting = MemoryHosting()
        self.pulls = MemoryPullRequests(self.hosting.pulls)
        self.told: list[str] = []
        self.author = Author(producer=PRODUCER, run_id="7", clock=self.clock)
        self.planner = Planner(
            index=self.index,
            registry=registry,
            sla_hours=DEFAULT_HOURS,
            only=None if only is None else frozenset(only),
        )
        self.learn(*records)
        self.planner.line_up()

    def learn(self, *records: AnyRecord) -> None:
        """Take records in."""
        self.ledger.append(records)
        catch_up(self.ledger, self.index)

    def limits(self, **members: Any) -> Limits:  # noqa: ANN401 - passed on
        """What the registry allows, but for these."""
        return replace(self.planner.limits(), **members)

    def work(self, **members: Any) -> FleetWork:  # noqa: ANN401 - passed on
        """The fleet's work, for these routers."""
        chosen: dict[str, Any] = {"agents": {"devin": self.agent}, "has_codemod": lambda _: False, **members}
        return FleetWork(
            self.planner,
            routers=Routers(routing=Routing(), **chosen),
            words=Words(
                renderer=_Plainly(), tree=NoCheckout(), excerpt=lambda _: b"", playbook_of=lambda family: family
            ),
            run_id="7",
        )

    def candidates(self, **members: Any) -> list[Candidate]:  # noqa: ANN401 - passed on
        """What the fleet offers."""
        limits = self.limits(**members)
        return [*self.work().candidates(facts_of(self.index, limits, self.clock()), limits)]

    def plan(self, **members: Any) -> Planned:  # noqa: ANN401 - passed on
        """What the next cycle would do."""
        return plan(self.planner, self.work(), self.limits(**members), now=self.clock())

    def sessions_of(self, planned: Planned) -> list[str]:
        """The repositories of the sessions that a plan starts."""
        return [item.candidate.repository for item in planned.dispatches]

    def recorder(self, ledger: Ledger | None = None) -> Recorder:
        """What writes."""
        return Recorder(ledger=ledger or self.ledger, kept=self.kept, replay="replay it")

    def watcher(self) -> PullRequestWatcher:
        """What asks about pull requests."""
        return PullRequestWatcher(
            index=self.index,
            hosting=self.hosting,
            recorder=self.recorder(),
            author=self.author,
            tell=self.told.append,
            pulls=self.pulls,
        )

    def tidier(self) -> Tidier:
        """What looks for leftovers."""
        return Tidier(index=self.index, planner=self.planner, pulls=self.pulls, author=self.author)

    def responder(self, ledger: Ledger | None = None, agents: Mapping[str, MemoryAgent] | None = None) -> Responder:
        """What answers what is said at pull requests."""
        where = ledger or self.ledger
        chosen = {"devin": self.agent} if agents is None else agents
        return Responder(
            ledger=where,
            index=self.index,
            agents=chosen,
            planner=self.planner,
            successors=Successors(
                ledger=where,
                index=self.index,
                agents=chosen,
                starter=self._starter(chosen, self.recorder(ledger)),
                limits=self.limits(),
                author=self.author,
            ),
            writer=FeedbackRenderer(),
            author=self.author,
            tell=self.told.append,
        )

    def _starter(self, agents: Mapping[str, MemoryAgent], recorder: Recorder) -> Starter:
        return Starter(
            agents=agents,
            recorder=recorder,
            author=self.author,
            on_outcome=lambda *_: None,
            parallel=2,
            max_failure_rate=50,
        )

    def scanner(self, **members: Any) -> FleetScanner:  # noqa: ANN401 - passed on
        """What has the fleet scanned."""
        chosen: dict[str, Any] = {
            "ledger": self.ledger,
            "index": self.index,
            "hosting": self.hosting,
            "registry": self.registry,
            "workflow": Workflow(repository="acme/control", file="codeql-fixer.yml", ref="main"),
            "author": self.author,
            "intake": lambda entry, _: len(self.hosting.newest_analyses(entry.repository, "")),
            "tell": self.told.append,
        }
        return FleetScanner(**{**chosen, **members})

    def dispatcher(self, ledger: Ledger | None = None) -> Dispatcher:
        """What starts sessions."""
        agents, where = {"devin": self.agent}, ledger or self.ledger
        recorder = self.recorder(ledger)
        return Dispatcher(
            settler=Settler(ledger=where, index=self.index, agents=agents, author=self.author, tell=self.told.append),
            watchers=(
                Observer(index=self.index, agents=agents, recorder=recorder, author=self.author, tell=self.told.append),
            ),
            claimer=Claimer(
                ledger=where, index=self.index, agents=agents, author=self.author, monotonic=self.clock.monotonic
            ),
            starter=self._starter(agents, recorder),
            follower=Follower(
                agents=agents,
                recorder=recorder,
                author=self.author,
                sleep=self.clock.sleep,
                poll_seconds=30,
                time_limit=None,
                on_session=lambda _: None,
            ),
            limits=self.limits(),
            waves=None,
            on_step=lambda _: None,
        )

    def runner(self, **members: Any) -> CycleRunner:  # noqa: ANN401 - passed on
        """What runs cycles."""
        chosen: dict[str, Any] = {
            "ledger": self.ledger,
            "index": self.index,
            "planner": self.planner,
            "scanner": self.scanner(),
            "dispatcher": self.dispatcher(),
            "prover": Prover(
                ledger=self.ledger, index=self.index, author=self.author, pull_requests=None, tell=self.told.append
            ),
            "alerter": Alerter(ledger=self.ledger, index=self.index, channels={}, author=self.author),
            "author": self.author,
            "deadline": Deadline(monotonic=self.clock.monotonic),
            "on_step": lambda _: None,
            "watcher": self.watcher(),
            "tidier": self.tidier(),
            "responder": self.responder(),
        }
        return CycleRunner(**{**chosen, **members})

    def records(self, kind: type[AnyRecord]) -> list[Any]:
        """Records of a kind."""
        entries = [entry for entry in self.ledger.read_since("").entries if isinstance(entry, Stored)]
        return [entry.record for entry in entries if isinstance(entry.record, kind)]
