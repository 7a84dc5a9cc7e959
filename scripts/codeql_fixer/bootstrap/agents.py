"""Wires the agents that are set up here, and what may be dispatched to them."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.domain.registry import Registry
from codeql_fixer.domain.route import AgentKind
from codeql_fixer.errors import AgentUnavailableError, SessionRefusedError, UserError
from codeql_fixer.policy.wishes import RunWishes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from codeql_fixer.adapters.devin.factory import Account
    from codeql_fixer.adapters.devin.order import Choices
    from codeql_fixer.domain.route import AgentProfile
    from codeql_fixer.ports.agent import Agent
    from codeql_fixer.ports.knowledge import Knowledge
    from codeql_fixer.settings import DispatchSettings

_SCRIPTS = Path(__file__).parents[2]
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
PARALLEL = 8  # requests at a time; no limit is published, and more gain little
_LOCAL_AT_ONCE = 2


def registry_of(settings: DispatchSettings) -> tuple[Registry, tuple[str, ...]]:
    """The operator's registry and warnings about it; an empty one where none was named.

    Raises:
        ConfigError: it is wrong.
    """
    if not settings.registry:
        return Registry(), ()
    from codeql_fixer.adapters.registry.reader import read_registry  # noqa: PLC0415

    return read_registry(Path(settings.registry))


def wishes_of(settings: DispatchSettings) -> RunWishes:
    """What the run wants beside the registry."""
    return RunWishes(
        agent=settings.agent,
        max_acu_per_session=settings.max_acu_per_session,
        max_retry_attempts=settings.max_retry_attempts,
    )


def check_wanted(name: str, profiles: Iterable[AgentProfile], agents: Collection[str]) -> None:
    """Look whether the agent that the user names is there.

    Args:
        name: of the agent, "" for none.
        profiles: all that the operator named.
        agents: names of those that are set up here.

    Raises:
        UserError: it is not.
    """
    known = [profile.name for profile in profiles]
    if name and name not in known:
        raise UserError(f"--agent {name}: there is no such agent; there are {', '.join(known)}")
    if name and name not in agents:
        raise UserError(
            f"--agent {name}: it is not set up here; Devin needs DEVIN_API_KEY, agents of this machine need --forge"
        )


def time_limits_of(profiles: Iterable[AgentProfile]) -> dict[str, timedelta]:
    """How long sessions of services may take; agents of this machine keep to their limits themselves."""
    return {
        profile.name: timedelta(minutes=profile.time_limit_minutes)
        for profile in profiles
        if profile.kind is AgentKind.DEVIN and profile.time_limit_minutes is not None
    }


def has_codemod(rule_id: str) -> bool:
    """True when the deterministic fixer knows what to do about a rule."""
    from codeql_fixer.adapters.local_agent.codemods import codemod_for  # noqa: PLC0415

    return codemod_for(rule_id) is not None


def profiles_of(registry: Registry) -> tuple[AgentProfile, ...]:
    """All agents that the operator named, for whatever repository."""
    entries = (registry.others, *registry.repositories.values())
    return tuple({profile.name: profile for entry in entries for profile in entry.routing.profiles}.values())


class AgentRoom:
    """The agents of this machine, each made when it is first needed.

    Args:
        settings: keys and places.
        profiles: the agents that the operator named.
        state: where local agents keep their sessions.
        playbooks: a directory of playbooks.
        environ: what local agents find PATH and the like in; nothing secret is taken from it.
        tell: hears, for people, what does not work as it should.
    """

    def __init__(
        self,
        settings: DispatchSettings,
        profiles: tuple[AgentProfile, ...],
        *,
        state: Path,
        playbooks: Path,
        environ: Mapping[str, str],
        tell: Callable[[str], None],
    ) -> None:
        self._settings, self._profiles = settings, profiles
        self._state, self._playbooks, self._environ, self._tell = state, playbooks, environ, tell

    def agents(self, *, is_starting: bool) -> dict[str, Agent]:
        """All agents that are set up, by name.

        Args:
            is_starting: sessions are to be started: the playbooks are brought to the service first.

        Raises:
            UserError: a key is wrong, or none is set up.
        """
        found = {
            profile.name: self._agent(profile, is_starting=is_starting)
            for profile in self._profiles
            if self._is_set_up(profile)
        }
        if not found:
            raise UserError(
                "there is no agent to ask: set DEVIN_API_KEY (and DEVIN_ORG_ID for a key that begins with cog_), or "
                "give --forge for the local ones; docs/guides/keys-and-budgets.md says more"
            )
        return found

    @property
    def names(self) -> frozenset[str]:
        """Which agents are set up, without making them."""
        return frozenset(profile.name for profile in self._profiles if self._is_set_up(profile))

    def _is_set_up(self, profile: AgentProfile) -> bool:
        return bool(self._settings.devin_api_key if profile.kind is AgentKind.DEVIN else self._settings.forge)

    def _agent(self, profile: AgentProfile, *, is_starting: bool) -> Agent:
        return self._devin(is_starting=is_starting) if profile.kind is AgentKind.DEVIN else self._local(profile)

    def _devin(self, *, is_starting: bool) -> Agent:
        account = self._account()
        return account.agent(self._choices(account) if is_starting else None)

    def _account(self) -> Account:
        from codeql_fixer.adapters.devin.factory import devin_account  # noqa: PLC0415
        from codeql_fixer.transport.http import Limits as HttpLimits  # noqa: PLC0415

        settings = self._settings
        return devin_account(
            settings.devin_api_key,
            org_id=settings.devin_org_id,
            base_url=settings.devin_api_url,
            limits=HttpLimits(connections=2 * PARALLEL),  # what looks sessions up does not wait for what starts them
        )

    def knowledge(self) -> Knowledge | None:
        """The notes that Devin keeps for us; None where the user does not want any, or has no Devin."""
        if not (self._settings.is_knowledge_enabled and self._settings.devin_api_key):
            return None
        return self._account().library(self._settings.knowledge_folder_id)

    def _choices(self, account: Account) -> Choices:
        """The playbooks as the service knows them; without them sessions go by the prompt, which has the text, too."""
        from codeql_fixer.adapters.devin.order import Choices  # noqa: PLC0415

        try:
            return Choices(playbooks=account.library().sync_playbooks(self._playbooks))
        except (AgentUnavailableError, SessionRefusedError) as error:
            self._tell(f"warning: playbooks could not be brought to Devin, sessions go by their prompts: {error}")
            return Choices()

    def _local(self, profile: AgentProfile) -> Agent:
        """An agent of this machine. Its workers see no key: fixers and gates run strangers' code."""
        from codeql_fixer.adapters.local_agent.agent import LocalAgent  # noqa: PLC0415
        from codeql_fixer.adapters.local_agent.options import Limits as LocalLimits  # noqa: PLC0415
        from codeql_fixer.adapters.local_agent.options import LocalOptions  # noqa: PLC0415

        limits = LocalLimits()
        if profile.time_limit_minutes is not None:
            limits = replace(limits, fixer_seconds=60 * profile.time_limit_minutes)
        forge = Path(self._settings.forge).resolve()
        passed_on = {name: self._environ[name] for name in _PASSED_ON if name in self._environ}
        return LocalAgent(
            self._state,
            LocalOptions(
                name=profile.name,
                is_paid=profile.is_paid,
                command=profile.command,
                gates=profile.judging.gates,
                finds_gates=profile.judging.finds,
                needs_tests=profile.judging.needs_tests,
                coverage_floor=profile.judging.coverage_floor,
                sessions_at_once=profile.sessions_at_once or _LOCAL_AT_ONCE,
                limits=limits,
            ),
            worker=[sys.executable, "-m", "codeql_fixer.entrypoints.local_worker", str(forge)],
            environment=passed_on | {"PYTHONPATH": os.pathsep.join([str(_SCRIPTS), *filter(None, sys.path)])},
            now=SystemClock().now,
        )
