"""Wires a cycle of the orchestrator, or one half of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.adapters.dry_run import DryAgent, DryLedger, DryPullRequests
from codeql_fixer.adapters.prompts.feedback import FeedbackRenderer
from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.adapters.prompts.renderer import JinjaRenderer
from codeql_fixer.adapters.prompts.triage import TriageRenderer
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.author import Author
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.cycle import CycleRunner, Deadline
from codeql_fixer.app.dispatch import Dispatcher
from codeql_fixer.app.fleet_work import FleetWork
from codeql_fixer.app.follow import Follower, hosts_with
from codeql_fixer.app.hand_over import Successors
from codeql_fixer.app.intake import AnalysisIntake
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.app.prove import Prover
from codeql_fixer.app.respond import Responder
from codeql_fixer.app.scan_fleet import FleetScanner
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Starter, described_outcome
from codeql_fixer.app.tidy import Tidier
from codeql_fixer.app.triage import Triager
from codeql_fixer.app.watch_pulls import PullRequestWatcher
from codeql_fixer.bootstrap.agents import PARALLEL, profiles_of, time_limits_of
from codeql_fixer.bootstrap.alerts import AlertRoom, alerter_of
from codeql_fixer.bootstrap.following import Followed, followed
from codeql_fixer.bootstrap.learning import learners
from codeql_fixer.bootstrap.pipeline import playbook_directory
from codeql_fixer.ports.agent import Agent
from codeql_fixer.ports.index import Index
from codeql_fixer.ports.knowledge import Knowledge
from codeql_fixer.ports.ledger import Ledger
from codeql_fixer.ports.pull_requests import PullRequests

if TYPE_CHECKING:
    from codeql_fixer.app.planner import Planner
    from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
    from codeql_fixer.domain.finding import Reading
    from codeql_fixer.ports.hosting import Hosting


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
    hosted = room.hosted(is_needed=wanted.scans and not wanted.dispatches)
    found = followed(hosted, room.settings.dispatch, room.environ) if wanted.dispatches else Followed()
    if wanted.is_dry:
        ledger = DryLedger(ledger)
        recorder = replace(recorder, ledger=ledger)
        agents = {name: DryAgent(agent, room.tell) for name, agent in agents.items()}
        hosted = hosted.dry(room.tell) if hosted else None
        found = replace(found, pulls=DryPullRequests(found.pulls, room.tell) if found.pulls else None)
    author = Author(producer=room.producer, run_id=wanted.run_id, clock=clock)
    told = AlertRoom(settings=room.settings.alerts, choice=room.registry.alerts, tell=room.tell, is_dry=wanted.is_dry)
    places = _Places(
        ledger=ledger,
        index=index,
        recorder=recorder,
        author=author,
        pulls=None if wanted.is_dry else found.pulls,
        knowledge=room.knowledge() if wanted.dispatches and not wanted.is_dry else None,
    )
    planner = room.planner(index, only=wanted.only)
    runner = CycleRunner(
        ledger=ledger,
        index=index,
        planner=planner,
        scanner=_scanner(room, places, hosted.hosting, is_dry=wanted.is_dry) if wanted.scans and hosted else None,
        dispatcher=_dispatcher(room, places, agents, planner=planner, on_step=on_step) if wanted.dispatches else None,
        prover=Prover(ledger=ledger, index=index, author=author, pull_requests=found.pulls, tell=room.tell),
        alerter=alerter_of(told, ledger=ledger, index=index, author=author, issues=hosted and hosted.pull_requests),
        author=author,
        deadline=Deadline(
            monotonic=time.monotonic,
            end=None if wanted.max_seconds is None else time.monotonic() + wanted.max_seconds,
        ),
        on_step=on_step,
        watcher=_watcher(room, places, found),
        tidier=Tidier(index=index, planner=planner, pulls=found.pulls, author=author) if found.pulls else None,
        responder=_responder(room, places, agents, planner=planner) if found.pulls else None,
        triager=_triager(room, places, agents, planner=planner) if room.registry.triage.is_enabled and agents else None,
    )
    return CycleParts(runner=runner, work=room.work(planner, agents, run_id=wanted.run_id), agents=agents)


class _Places(Struct, frozen=True, kw_only=True):
    """Where a run reads and writes, and as whom."""

    ledger: Ledger
    index: Index
    recorder: Recorder
    author: Author
    pulls: PullRequests | None  # whose changes teach; None where nothing is to be learned
    knowledge: Knowledge | None  # where notes are kept, which needs no host of pull requests


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


def _watcher(room: OrchestratorRoom, places: _Places, found: Followed) -> PullRequestWatcher | None:
    if found.source is None:
        return None
    return PullRequestWatcher(
        index=places.index,
        hosting=found.source,
        recorder=places.recorder,
        author=places.author,
        tell=room.tell,
        pulls=found.pulls,
    )


def _responder(room: OrchestratorRoom, places: _Places, agents: Mapping[str, Agent], *, planner: Planner) -> Responder:
    ledger, index, author = places.ledger, places.index, places.author
    return Responder(
        ledger=ledger,
        index=index,
        agents=agents,
        planner=planner,
        successors=Successors(
            ledger=ledger,
            index=index,
            agents=agents,
            starter=_starter(room, places, agents),
            limits=planner.limits(max_sessions=room.settings.max_sessions),
            author=author,
        ),
        writer=FeedbackRenderer(),
        author=author,
        tell=room.tell,
    )


def _triager(room: OrchestratorRoom, places: _Places, agents: Mapping[str, Agent], *, planner: Planner) -> Triager:
    return Triager(
        ledger=places.ledger,
        index=places.index,
        agents=agents,
        planner=planner,
        limits=planner.limits(max_sessions=room.settings.max_sessions),
        recorder=places.recorder,
        writer=TriageRenderer(),
        author=places.author,
        tell=room.tell,
    )


def _starter(room: OrchestratorRoom, places: _Places, agents: Mapping[str, Agent]) -> Starter:
    return Starter(
        agents=agents,
        recorder=places.recorder,
        author=places.author,
        parallel=PARALLEL,
        max_failure_rate=room.settings.dispatch.max_failure_rate,
        on_outcome=lambda *of: room.tell(described_outcome(*of)),
    )


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
    observer = Observer(
        index=index,
        agents=agents,
        recorder=recorder,
        author=author,
        tell=tell,
        hosts=hosts_with(room.settings.ledger.server),
        time_limits=time_limits_of(profiles_of(room.registry)),
    )
    learning = learners(
        (index, recorder, author),
        sharing=room.registry.learning.examples,
        pulls=places.pulls,
        knowledge=places.knowledge,
        tell=tell,
    )
    return Dispatcher(
        settler=Settler(ledger=ledger, index=index, agents=agents, author=author, tell=tell),
        watchers=(observer, *learning),
        claimer=Claimer(
            ledger=ledger,
            index=index,
            agents=agents,
            author=author,
            monotonic=time.monotonic,
            inputs=room.inputs(agents, planner.only),
            versions_of=JinjaRenderer(Playbooks(playbook_directory()), None).versions,
        ),
        starter=_starter(room, places, agents),
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
