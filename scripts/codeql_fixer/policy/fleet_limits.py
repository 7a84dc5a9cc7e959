"""What the operator's registry allows, as decisions about sessions take it: one place for every mode."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.policy.dispatching import Limits, RepositoryLimits

if TYPE_CHECKING:
    from codeql_fixer.domain.registry import Registry, RepositoryEntry

MOST_SESSIONS = 25
_MOST_IN_PERIOD, _MOST_AT_WORK, _MOST_ATTEMPTS, _PER_REPOSITORY = 100, 100, 4, 5


def fleet_limits(registry: Registry, *, max_sessions: int = MOST_SESSIONS) -> Limits:
    """What holds where one decision is about many repositories.

    Args:
        registry: with the wishes of the run.
        max_sessions: of the decision.
    """
    return Limits(
        max_sessions=max_sessions,
        max_in_period=registry.global_session_limit or _MOST_IN_PERIOD,
        period=timedelta(hours=registry.global_session_limit_period_hours),
        max_at_work=registry.max_parallel_sessions or _MOST_AT_WORK,
        max_acu_in_period=registry.max_acu_per_period,
        allowances=registry.allowances,
        each=_limits_of(registry.others),
        repositories={name: _limits_of(entry) for name, entry in registry.repositories.items()},
        aliases={name: slug.lower() for name, slug in registry.slugs.items()},
        min_fix_rate_pct=registry.min_fix_rate_pct,
        probe_after=registry.learning.probe_after,
        family_failure_limit=registry.family_failure_limit,
        paused=registry.paused,
        keeps_files_apart=True,
        stops_when_full=True,
    )


def run_limits(registry: Registry, repository: str, *, max_sessions: int) -> Limits:
    """What holds for a run that is about one scan of one repository.

    All that the registry says holds here, too. But the run has this one decision: a batch that waited for another one
    because of a file would get no session, and what gets none is told why. A repository without a limit of its own has
    that of the run, which may retry each session.
    """
    entry = registry.entry(repository)
    own = _limits_of(entry)
    most = entry.max_sessions_per_cycle or max_sessions * own.max_attempts
    return replace(
        fleet_limits(registry, max_sessions=max_sessions),
        each=replace(own, max_sessions=most),
        repositories={},
        keeps_files_apart=False,
        stops_when_full=False,
    )


def _limits_of(entry: RepositoryEntry) -> RepositoryLimits:
    return RepositoryLimits(
        max_sessions=entry.max_sessions_per_cycle or _PER_REPOSITORY,
        max_attempts=entry.max_attempts or _MOST_ATTEMPTS,
        cooldown=tuple(timedelta(hours=hours) for hours in entry.cooldown_hours),
        max_open_prs=entry.max_open_prs,
        tags=entry.tags,
    )
