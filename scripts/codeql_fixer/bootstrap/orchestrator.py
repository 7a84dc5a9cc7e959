"""Wires the orchestrator: one registry, one ledger, one index, and all agents that are set up here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import codeql_fixer
from codeql_fixer.adapters.prompts.playbooks import Playbooks
from codeql_fixer.adapters.prompts.renderer import JinjaRenderer
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.batch_work import Routers
from codeql_fixer.app.fleet_work import FleetWork, Words
from codeql_fixer.app.planner import Planner
from codeql_fixer.bootstrap.agents import AgentRoom, has_codemod, profiles_of, registry_of
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.bootstrap.pipeline import playbook_directory
from codeql_fixer.domain.record import Producer
from codeql_fixer.domain.registry import slug_of
from codeql_fixer.domain.route import Routing
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from codeql_fixer.domain.registry import Registry
    from codeql_fixer.ports.agent import Agent
    from codeql_fixer.ports.index import Index
    from codeql_fixer.settings import FleetSettings


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
        self.settings, self.clock, self.tell = settings, clock, tell
        self._environ = environ
        self.fleet = Fleet(settings, environ, tell)
        self.registry, warnings = registry_of(settings.dispatch)
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

    def agents(self, *, is_starting: bool) -> dict[str, Agent]:
        """The agents that are set up here, none where none is."""
        room = AgentRoom(
            self.settings.dispatch,
            profiles_of(self.registry),
            state=Path(self.settings.state_dir) / "agents",
            playbooks=playbook_directory(),
            environ=self._environ,
            tell=self.tell,
        )
        return room.agents(is_starting=is_starting)

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


def chosen(registry: Registry, repository: str, tag: str, known: frozenset[str]) -> frozenset[str] | None:
    """The repositories that `--repo` and `--tag` mean, in lower case; None for all.

    Raises:
        UserError: there is none.
    """
    if not repository and not tag:
        return None
    found = known | registry.repositories.keys()
    if repository:
        name = registry.canonical(repository).lower()
        if name not in found:
            known_too = "" if slug_of(repository) else "; names are owner/name"
            raise UserError(f"--repo {repository}: neither the registry nor the ledger knows it{known_too}")
        found = frozenset({name})
    if tag:
        found = frozenset(name for name in found if tag in registry.entry(name).tags)
        if not found:
            raise UserError(f"--tag {tag}: no repository of the registry has it")
    return found
