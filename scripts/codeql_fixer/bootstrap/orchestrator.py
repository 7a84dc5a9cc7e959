"""Wires the orchestrator: one registry, one ledger, one index, and all agents that are set up here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

import codeql_fixer
from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.adapters.prompts.renderer import JinjaRenderer
from codeql_fixer.adapters.registry.reader import parse_registry, text_of
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.batch_work import Routers
from codeql_fixer.app.decide_again import decide_again
from codeql_fixer.app.fleet_work import FleetWork, Words
from codeql_fixer.app.planner import Planner
from codeql_fixer.bootstrap.agents import AgentRoom, check_wanted, has_codemod, profiles_of, registry_of, wishes_of
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.bootstrap.hosting import Hosted, opened
from codeql_fixer.bootstrap.own_scan import OwnScan
from codeql_fixer.bootstrap.pipeline import playbook_directory
from codeql_fixer.domain.cycle import DecisionInputs
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.registry import Registry
from codeql_fixer.domain.route import Routing
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import UserError
from codeql_fixer.options import REGISTRY_FILE
from codeql_fixer.policy.wishes import RunWishes, as_wished
from codeql_fixer.ports.hosting import Workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from codeql_fixer.domain.cycle import Cycle, Decision
    from codeql_fixer.ports.agent import Agent
    from codeql_fixer.ports.index import Index
    from codeql_fixer.ports.knowledge import Knowledge
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
        self.environ = environ
        registry, warnings = registry_of(self.settings.dispatch)
        self.registry = as_wished(registry, wishes_of(self.settings.dispatch))
        self.fleet = Fleet(settings, environ, tell, registry=self.registry)
        for warning in warnings:
            tell(f"warning: {warning}")

    @property
    def producer(self) -> Producer:
        """Who writes records."""
        commit = self.environ.get("CODEQL_FIXER_COMMIT", "")
        return Producer(name="codeql-fixer", version=codeql_fixer.__version__, commit=commit)

    def planner(self, index: Index, *, only: frozenset[str] | None) -> Planner:
        """What plans are made by."""
        return Planner(index=index, registry=self.registry, sla_hours=self.settings.sla_hours, only=only)

    def hosted(self, *, is_needed: bool) -> Hosted | None:
        """GitHub, None where neither token nor App is given.

        Raises:
            UserError: it is needed and neither is given, or PyGithub is not installed.
        """
        token, app = self.settings.ledger.token, self.settings.github_app
        if not token and not app.is_given and not is_needed:
            return None
        return opened(token, self.settings.github_api_url, state=self.fleet.directory, app=app)

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
        return OwnScan(Path(), self.settings, self.environ, tell=self.tell, is_dry=is_dry)

    def inputs(self, agents: Mapping[str, Agent], only: frozenset[str] | None) -> DecisionInputs:
        """What decisions of this run rest on beside the ledger; time and note are for the one who decides."""
        path, wishes = self.settings.dispatch.registry, wishes_of(self.settings.dispatch)
        return DecisionInputs(
            decided_at=self.clock(),
            registry=text_of(Path(path)) if path else "",
            max_sessions=self.settings.max_sessions,
            sla_hours={tier.value: hours for tier, hours in self.settings.sla_hours.items()},
            agents=tuple(sorted(agents)),
            only=None if only is None else tuple(sorted(only)),
            agent=wishes.agent,
            max_acu_per_session=wishes.max_acu_per_session,
            max_retry_attempts=wishes.max_retry_attempts,
        )

    def again(self, cycle: Cycle, folder: Path) -> tuple[Decision, ...]:
        """The decisions of a cycle, made again in an index of their own in this folder."""
        from codeql_fixer.adapters.index.sql_index import SqlIndex  # noqa: PLC0415
        from codeql_fixer.adapters.index.sqlite import SqliteDatabase  # noqa: PLC0415

        inputs = cycle.inputs
        if inputs is None:
            raise UserError(f"{cycle.id}: the record does not say what its decisions rested on")
        registry = parse_registry(inputs.registry, f"the registry of {cycle.id}")[0] if inputs.registry else Registry()
        wishes = RunWishes(
            agent=inputs.agent,
            max_acu_per_session=inputs.max_acu_per_session,
            max_retry_attempts=inputs.max_retry_attempts,
        )
        planner = Planner(
            index=SqlIndex(SqliteDatabase(folder / "index.sqlite"), registry.other_names),
            registry=as_wished(registry, wishes),
            sla_hours={SeverityTier(tier): hours for tier, hours in inputs.sla_hours.items()},
            only=None if inputs.only is None else frozenset(inputs.only),
        )
        work = self.work(planner, {}, run_id="again", imagined=frozenset(inputs.agents))
        return decide_again(cycle, self.fleet.ledger(), planner, work=work)

    def agents(self, *, is_starting: bool) -> dict[str, Agent]:
        """The agents that are set up here.

        Raises:
            UserError: a key is wrong, none is set up, or the one that the user names is not.
        """
        agents = self._agent_room().agents(is_starting=is_starting)
        check_wanted(self.settings.dispatch.agent, profiles_of(self.registry), agents)
        return agents

    def imagined(self) -> frozenset[str]:
        """The agents that a plan is for: those that are set up here, all that the operator named where none is."""
        return self._agent_room().names or frozenset(profile.name for profile in profiles_of(self.registry))

    def _agent_room(self) -> AgentRoom:
        return AgentRoom(
            self.settings.dispatch,
            profiles_of(self.registry),
            state=Path(self.settings.state_dir) / "agents",
            playbooks=playbook_directory(),
            environ=self.environ,
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
