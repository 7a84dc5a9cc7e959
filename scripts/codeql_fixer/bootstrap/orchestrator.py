"""Wires the orchestrator: one registry, one ledger, one index, and all agents that are set up here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

import codeql_fixer
from codeql_fixer.adapters.dry_run import DryAgent, DryHosting, DryLedger
from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.adapters.prompts.renderer import JinjaRenderer
from codeql_fixer.adapters.registry.reader import parse_registry, text_of
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.alert import Alerter
from codeql_fixer.app.author import Author
from codeql_fixer.app.batch_work import Routers
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.cycle import CycleRunner, Deadline
from codeql_fixer.app.decide_again import decide_again
from codeql_fixer.app.dispatch import Dispatcher
from codeql_fixer.app.fleet_work import FleetWork, Words
from codeql_fixer.app.follow import HOSTS, Follower
from codeql_fixer.app.intake import AnalysisIntake
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.app.planner import Planner
from codeql_fixer.app.scan_fleet import FleetScanner
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Starter
from codeql_fixer.app.watch_pulls import PullRequestWatcher
from codeql_fixer.bootstrap.agents import PARALLEL, AgentRoom, has_codemod, profiles_of, registry_of, time_limits_of
from codeql_fixer.bootstrap.alerts import channels_of
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.bootstrap.hosting import github
from codeql_fixer.bootstrap.learning import learners
from codeql_fixer.bootstrap.own_scan import OwnScan
from codeql_fixer.bootstrap.pipeline import playbook_directory
from codeql_fixer.domain.cycle import DecisionInputs
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.registry import Registry
from codeql_fixer.domain.route import Routing
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import UserError
from codeql_fixer.options import REGISTRY_FILE
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.hosting import Hosting, Workflow
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.ledger import Ledger

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.app.dispatch import Watcher
    from codeql_fixer.domain.cycle import Cycle, Decision
    from codeql_fixer.domain.dispatch import DispatchIntent, DispatchOutcome
    from codeql_fixer.domain.finding import Reading
    from codeql_fixer.ports.knowledge import Knowledge
    from codeql_fixer.ports.pull_requests import PullRequests
    from codeql_fixer.settings import FleetSettings

_WORKFLOW = "codeql-fixer.yml"


class OrchestratorRoom:
    """The parts of the orchestrator; each is made when it is first needed.

    Args:
        settings: of the command.
        environ: the environment.
        clock: the time.
        tell: hears, for people, what happens.

    Raises:
        UserError: the registry is wrong, or names no repository of this name or tag.
    """

    def __init__(
        self,
        settings: FleetSettings,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], datetime],
        tell: Callable[[str], None],
    ) -> None:
        self.settings, self.clock, self.tell = _with_registry(settings), clock, tell
        self._environ = environ
        self.registry, warnings = registry_of(self.settings.dispatch)
        self.fleet = Fleet(settings, environ, tell, registry=self.registry)
        for warning in warnings:
            tell(f"warning: {warning}")

    @property
    def producer(self) -> Producer:
        """Who writes records."""
        commit = self._environ.get("CODEQL_FIXER_COMMIT", "")
        return Producer(name="codeql-fixer", version=codeql_fixer.__version__, commit=commit)

    def planner(self, index: Index, *, only: frozenset[str] | None) -> Planner:
        """What plans are made by."""
        return Planner(index=index, registry=self.registry, sla_hours=self.settings.sla_hours, only=only)

    def hosting(self, *, is_needed: bool) -> Hosting | None:
        """The host of the repositories, None where no token is given.

        Raises:
            UserError: it is needed and no token is given, or PyGithub is not installed.
        """
        token = self.settings.ledger.token
        if not token and not is_needed:
            return None
        return github(token, self.settings.github_api_url, state=self.fleet.directory)

    def pull_requests(self) -> PullRequests | None:
        """What can read the changes of pull requests; None where nothing here can."""
        return None

    def knowledge(self) -> Knowledge | None:
        """The notes that an agent keeps for us, None where they are not enabled."""
        return self._agent_room().knowledge()

    def workflow(self) -> Workflow | None:
        """The workflow of the control repository that scans a target; None where nobody says which that is."""
        if not self.settings.control_repo:
            return None
        return Workflow(repository=self.settings.control_repo, file=_WORKFLOW, ref=self.settings.workflow_ref)

    def own_scan(self, *, is_dry: bool) -> OwnScan:
        """What scans the checkout that this command runs in."""
        return OwnScan(Path(), self.settings, self._environ, tell=self.tell, is_dry=is_dry)

    def hosts(self) -> frozenset[str]:
        """Where pull requests may be seen."""
        return HOSTS | {urlsplit(self.settings.ledger.server).netloc.lower()}

    def inputs(self, agents: Mapping[str, Agent], only: frozenset[str] | None) -> DecisionInputs:
        """What decisions of this run rest on beside the ledger; time and note are for the one who decides."""
        path = self.settings.dispatch.registry
        return DecisionInputs(
            decided_at=self.clock(),
            registry=text_of(Path(path)) if path else "",
            max_sessions=self.settings.max_sessions,
            sla_hours={tier.value: hours for tier, hours in self.settings.sla_hours.items()},
            agents=tuple(sorted(agents)),
            only=None if only is None else tuple(sorted(only)),
        )

    def again(self, cycle: Cycle, folder: Path) -> tuple[Decision, ...]:
        """The decisions of a cycle, made again in an index of their own in this folder."""
        from codeql_fixer.adapters.index.sql_index import SqlIndex  # noqa: PLC0415
        from codeql_fixer.adapters.index.sqlite import SqliteDatabase  # noqa: PLC0415

        inputs = cycle.inputs
        if inputs is None:
            raise UserError(f"{cycle.id}: the record does not say what its decisions rested on")
        registry = parse_registry(inputs.registry, f"the registry of {cycle.id}")[0] if inputs.registry else Registry()
        planner = Planner(
            index=SqlIndex(SqliteDatabase(folder / "index.sqlite")),
            registry=registry,
            sla_hours={SeverityTier(tier): hours for tier, hours in inputs.sla_hours.items()},
            only=None if inputs.only is None else frozenset(inputs.only),
        )
        work = self.work(planner, {}, run_id="again", imagined=frozenset(inputs.agents))
        return decide_again(cycle, self.fleet.ledger(), planner, work=work)

    def told_outcome(self, intent: DispatchIntent, outcome: DispatchOutcome | None) -> None:
        """Say what became of a claim."""
        became = "nobody can tell yet, the next run looks" if outcome is None else outcome.status.value
        more = "" if outcome is None else outcome.session_url or outcome.reason
        self.tell(f"{intent.target_repo} {intent.batch_id} -> {intent.agent}: {became} {more}".rstrip())

    def agents(self, *, is_starting: bool) -> dict[str, Agent]:
        """The agents that are set up here, none where none is."""
        return self._agent_room().agents(is_starting=is_starting)

    def imagined(self) -> frozenset[str]:
        """The agents that a plan is for: those that are set up here, all that the operator named where none is."""
        return self._agent_room().names or frozenset(profile.name for profile in profiles_of(self.registry))

    def _agent_room(self) -> AgentRoom:
        return AgentRoom(
            self.settings.dispatch,
            profiles_of(self.registry),
            state=Path(self.settings.state_dir) / "agents",
            playbooks=playbook_directory(),
            environ=self._environ,
            tell=self.tell,
        )

    def work(
        self, planner: Planner, agents: Mapping[str, Agent], *, run_id: str, imagined: frozenset[str] = frozenset()
    ) -> FleetWork:
        """The fleet's work for these agents, and for some that are only imagined."""
        from codeql_fixer.adapters.sarif.excerpt import excerpt_of  # noqa: PLC0415

        playbooks = Playbooks(playbook_directory())
        return FleetWork(
            planner,
            routers=Routers(routing=Routing(), agents=agents, has_codemod=has_codemod, imagined=imagined),
            words=Words(
                renderer=JinjaRenderer(playbooks, None),
                tree=NoCheckout(),
                excerpt=excerpt_of,
                playbook_of=playbooks.name_of,
            ),
            run_id=run_id,
        )


def _with_registry(settings: FleetSettings) -> FleetSettings:
    """The settings with the registry of this folder, where none was named and there is one."""
    if settings.dispatch.registry or not Path(REGISTRY_FILE).is_file():
        return settings
    return replace(settings, dispatch=replace(settings.dispatch, registry=REGISTRY_FILE))


class CycleParts(Struct, frozen=True, kw_only=True):
    """What a run is made of: the runner and its work. `agents` are those that it may ask."""

    runner: CycleRunner
    work: FleetWork
    agents: Mapping[str, Agent]


class Wanted(Struct, frozen=True, kw_only=True):
    """What a command asks for: which halves of a cycle, where, how long, and whether anything is to happen."""

    run_id: str
    scans: bool = True
    dispatches: bool = True
    only: frozenset[str] | None = None
    is_dry: bool = False
    max_seconds: float | None = None


def build_cycle(room: OrchestratorRoom, wanted: Wanted, on_step: Callable[[str], None]) -> CycleParts:
    """A cycle, or half of one.

    Args:
        room: the parts.
        wanted: what is asked for.
        on_step: hears what is being done, for people.

    Raises:
        UserError: no agent is set up for sessions, or no token for scans.
    """
    index, clock = room.fleet.index(), room.clock
    ledger: Ledger = room.fleet.ledger()
    recorder = room.fleet.recorder()
    agents: Mapping[str, Agent] = room.agents(is_starting=not wanted.is_dry) if wanted.dispatches else {}
    hosting = room.hosting(is_needed=wanted.scans and not wanted.dispatches)
    if wanted.is_dry:
        ledger = DryLedger(ledger)
        recorder = replace(recorder, ledger=ledger)
        agents = {name: DryAgent(agent, room.tell) for name, agent in agents.items()}
        hosting = DryHosting(hosting, room.tell) if hosting else None
    author = Author(producer=room.producer, run_id=wanted.run_id, clock=clock)
    channels = channels_of(room.settings.alerts, clock=clock, tell=room.tell, is_dry=wanted.is_dry)
    places = _Places(
        ledger=ledger, index=index, hosting=hosting, recorder=recorder, author=author, is_dry=wanted.is_dry
    )
    planner = room.planner(index, only=wanted.only)
    runner = CycleRunner(
        ledger=ledger,
        index=index,
        planner=planner,
        scanner=_scanner(room, places, hosting, is_dry=wanted.is_dry) if wanted.scans and hosting else None,
        dispatcher=_dispatcher(room, places, agents, planner=planner, on_step=on_step) if wanted.dispatches else None,
        alerter=Alerter(ledger=ledger, index=index, channels=channels, author=author),
        author=author,
        deadline=Deadline(
            monotonic=time.monotonic,
            end=None if wanted.max_seconds is None else time.monotonic() + wanted.max_seconds,
        ),
        on_step=on_step,
    )
    return CycleParts(runner=runner, work=room.work(planner, agents, run_id=wanted.run_id), agents=agents)


class _Places(Struct, frozen=True, kw_only=True):
    """Where a run reads and writes, and as whom."""

    ledger: Ledger
    index: Index
    hosting: Hosting | None
    recorder: Recorder
    author: Author
    is_dry: bool = False


def _scanner(room: OrchestratorRoom, places: _Places, hosting: Hosting, *, is_dry: bool) -> FleetScanner:
    intake = AnalysisIntake(
        hosting=hosting, reader_of=_TextReader, tree=NoCheckout(), recorder=places.recorder, producer=room.producer
    )
    return FleetScanner(
        ledger=places.ledger,
        index=places.index,
        hosting=hosting,
        registry=room.registry,
        workflow=room.workflow(),
        author=places.author,
        intake=intake.take_in,
        tell=room.tell,
        own=room.own_scan(is_dry=is_dry),
    )


class _TextReader:
    """Reads one text in SARIF by way of a file that goes with the reading."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def read(self) -> Reading:
        """The findings."""
        from codeql_fixer.adapters.sarif.reader import SarifReader  # noqa: PLC0415

        with TemporaryDirectory(prefix="codeql-fixer-") as folder:
            file = Path(folder) / "analysis.sarif"
            file.write_bytes(self._text)
            return SarifReader([file], "", ()).read()


def _dispatcher(
    room: OrchestratorRoom,
    places: _Places,
    agents: Mapping[str, Agent],
    *,
    planner: Planner,
    on_step: Callable[[str], None],
) -> Dispatcher:
    settings, tell = room.settings, room.tell
    ledger, index, recorder, author = places.ledger, places.index, places.recorder, places.author
    watchers: list[Watcher] = [
        Observer(
            index=index,
            agents=agents,
            recorder=recorder,
            author=author,
            tell=tell,
            hosts=room.hosts(),
            time_limits=time_limits_of(profiles_of(room.registry)),
        ),
    ]
    if places.hosting:
        watchers.append(
            PullRequestWatcher(index=index, hosting=places.hosting, recorder=recorder, author=author, tell=tell)
        )
    if not places.is_dry:
        watchers += learners(
            (index, recorder, author),
            sharing=room.registry.learning.examples,
            pulls=room.pull_requests(),
            knowledge=room.knowledge(),
            tell=tell,
        )
    return Dispatcher(
        settler=Settler(ledger=ledger, index=index, agents=agents, author=author, tell=tell),
        watchers=tuple(watchers),
        claimer=Claimer(
            ledger=ledger,
            index=index,
            agents=agents,
            author=author,
            monotonic=time.monotonic,
            inputs=room.inputs(agents, planner.only),
            versions_of=JinjaRenderer(Playbooks(playbook_directory()), None).versions,
        ),
        starter=Starter(
            agents=agents,
            recorder=recorder,
            author=author,
            parallel=PARALLEL,
            max_failure_rate=settings.dispatch.max_failure_rate,
            on_outcome=room.told_outcome,
        ),
        follower=Follower(
            agents=agents,
            recorder=recorder,
            author=author,
            sleep=time.sleep,
            poll_seconds=settings.dispatch.poll_seconds,
            time_limit=None,
            on_session=lambda _: None,
        ),
        limits=planner.limits(max_sessions=settings.max_sessions),
        waves=None,
        on_step=on_step,
    )
