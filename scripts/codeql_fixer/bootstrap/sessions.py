"""Wires dispatching for the pipeline: from the batches of one scan to sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.app.author import Author
from codeql_fixer.app.batch_work import BatchWork, Routers, Target
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.dispatch import Dispatcher, Waves
from codeql_fixer.app.follow import Follower, hosts_with
from codeql_fixer.app.keep import Recorder
from codeql_fixer.app.observe import Observer
from codeql_fixer.app.record import RunFacts
from codeql_fixer.app.settle import Settler
from codeql_fixer.app.start import Starter, described_outcome
from codeql_fixer.bootstrap.agents import (
    PARALLEL,
    AgentRoom,
    check_wanted,
    has_codemod,
    time_limits_of,
)
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.domain.registry import Registry
from codeql_fixer.domain.route import Routing
from codeql_fixer.errors import UserError
from codeql_fixer.policy.batching import split_fixable
from codeql_fixer.policy.fleet_limits import run_limits
from codeql_fixer.settings import FleetSettings, Settings

if TYPE_CHECKING:
    from codeql_fixer.app.brief import BriefWriter
    from codeql_fixer.domain.fix_work import FixWork
    from codeql_fixer.domain.session import Session
    from codeql_fixer.ports.agent import Agent
    from codeql_fixer.ports.index import Index
    from codeql_fixer.ports.prompt_renderer import PromptRenderer


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a run finds around it: variables, the time, a place for playbooks, and somebody who hears what happens."""

    environ: Mapping[str, str]
    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    playbooks: Path


class BatchSessions(Struct, frozen=True, kw_only=True):
    """Sessions of a pipeline run.

    `registry` has the wishes of the run; `routing` says who may fix here, narrowed by what the target asks for; `room`
    has the agents, `scratch` is what goes with the run.
    """

    settings: Settings
    facts: RunFacts
    routing: Routing
    registry: Registry
    fleet: Fleet
    recorder: Recorder
    room: AgentRoom
    surroundings: Surroundings
    scratch: TemporaryDirectory[str]

    def prepare(
        self, work: FixWork, words: tuple[BriefWriter, PromptRenderer], on_step: Callable[[str], None]
    ) -> tuple[Dispatcher, BatchWork]:
        """The dispatcher and its work.

        Raises:
            UserError: there is no agent to ask, none of the wanted name, or the operator has disabled the repository
                or paused the fleet.
        """
        if self.registry.paused:
            raise UserError(f"{self.settings.dispatch.registry} pauses the whole fleet: {self.registry.paused}")
        entry = self.registry.entry(self.facts.target_repo)
        if not entry.is_enabled:
            raise UserError(f"{self.facts.target_repo} is disabled in {self.settings.dispatch.registry}")
        agents = self.room.agents(is_starting=True)
        check_wanted(self.settings.dispatch.agent, self.routing.profiles, agents)
        index = self.fleet.index()
        return self._dispatcher(agents, index, on_step, renderer=words[1]), self._work(
            agents, index, work=work, words=words
        )

    def _work(
        self, agents: Mapping[str, Agent], index: Index, *, work: FixWork, words: tuple[BriefWriter, PromptRenderer]
    ) -> BatchWork:
        from codeql_fixer.adapters.sarif.excerpt import excerpt_of  # noqa: PLC0415

        entry = self.registry.entry(self.facts.target_repo)
        routers = Routers(routing=self.routing, agents=agents, has_codemod=has_codemod)
        return BatchWork(
            batches=split_fixable(work.batching.batches, routers.is_for_codemods),
            target=Target(
                repository=self.facts.target_repo,
                base_branch=self.settings.default_branch,
                run_id=self.facts.run_id,
                labels=entry.labels,
                tags=entry.tags,
                sharing=self.registry.learning.examples,
            ),
            routers=routers,
            index=index,
            briefs=words[0],
            renderer=words[1],
            excerpt=excerpt_of,
            playbook_of=Playbooks(self.surroundings.playbooks).name_of,
            secrets=self.settings.dispatch.session_secrets,
        )

    def _dispatcher(
        self, agents: Mapping[str, Agent], index: Index, on_step: Callable[[str], None], *, renderer: PromptRenderer
    ) -> Dispatcher:
        settings, dispatch = self.settings, self.settings.dispatch
        author = Author(producer=self.facts.producer, run_id=self.facts.run_id, clock=self.surroundings.clock)
        ledger, tell = self.fleet.ledger(), self.surroundings.tell
        hosts = hosts_with(self.surroundings.environ.get("GITHUB_SERVER_URL", ""))  # the workflow's own server, too
        return Dispatcher(
            settler=Settler(ledger=ledger, index=index, agents=agents, author=author, tell=tell),
            watchers=(
                Observer(index=index, agents=agents, recorder=self.recorder, author=author, tell=tell, hosts=hosts),
            ),
            claimer=Claimer(
                ledger=ledger,
                index=index,
                agents=agents,
                author=author,
                monotonic=time.monotonic,
                versions_of=renderer.versions,
            ),
            starter=Starter(
                agents=agents,
                recorder=self.recorder,
                author=author,
                parallel=PARALLEL,
                max_failure_rate=dispatch.max_failure_rate,
                on_outcome=lambda *of: tell(described_outcome(*of)),
            ),
            follower=Follower(
                agents=agents,
                recorder=self.recorder,
                author=author,
                sleep=time.sleep,
                poll_seconds=dispatch.poll_seconds,
                time_limit=timedelta(minutes=dispatch.session_minutes),
                on_session=self._told_session,
                time_limits=time_limits_of(self.routing.profiles),
                hosts=hosts,
            ),
            limits=run_limits(self.registry, self.facts.target_repo, max_sessions=settings.max_sessions),
            waves=Waves(size=dispatch.wave_size, retries=dispatch.max_retry_attempts, threshold=dispatch.wave_gate)
            if dispatch.wave_size
            else None,
            on_step=on_step,
        )

    def _told_session(self, session: Session) -> None:
        at = f" {session.report.progress_percent} %" if session.report else ""
        self.surroundings.tell(f"{session.id}: {session.state}{at} ({session.raw_state})")


def batch_sessions(
    settings: Settings,
    facts: RunFacts,
    registry: Registry,
    *,
    routing: Routing,
    recorder: Recorder,
    surroundings: Surroundings,
) -> BatchSessions:
    """What starts the sessions of a run.

    Raises:
        UserError: local agents are asked for without a place for their sessions.
    """
    dispatch, ledger = settings.dispatch, settings.ledger
    assert ledger is not None  # noqa: S101 - settings see to it in this mode
    if dispatch.forge and not settings.state_dir:
        raise UserError("local agents keep their sessions in --state-dir: give a directory outside of the target")
    scratch = TemporaryDirectory(prefix="codeql-fixer-")
    state = settings.state_dir or scratch.name
    fleet = FleetSettings(ledger=ledger, state_dir=state, index="", sla_hours={}, dispatch=dispatch)
    return BatchSessions(
        settings=settings,
        facts=facts,
        routing=routing,
        registry=registry,
        fleet=Fleet(fleet, surroundings.environ, surroundings.tell, registry=registry),
        recorder=recorder,
        room=AgentRoom(
            dispatch,
            routing.profiles,
            state=Path(state) / "agents",
            playbooks=surroundings.playbooks,
            environ=surroundings.environ,
            tell=surroundings.tell,
        ),
        surroundings=surroundings,
        scratch=scratch,
    )
