"""Registry: the fleet as its operator set it up, repository by repository (repo_registry.json)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.domain.allowance import Allowance
from codeql_fixer.domain.hearing import AlertChoice
from codeql_fixer.domain.learning import Learning
from codeql_fixer.domain.leftover import LeftoverKind
from codeql_fixer.domain.objective import Objective
from codeql_fixer.domain.priority import Weights
from codeql_fixer.domain.route import Routing
from codeql_fixer.domain.schedule import ScanOptions, ScanSource, Schedule
from codeql_fixer.domain.triage import Triaging

MEDIUM_IMPORTANCE = 50
BATCH_SIZE = 5
COOLDOWN_HOURS = (24, 72, 168)
MAX_FOLLOW_UPS = 3
STALE_PR_DAYS = 14
# owner/name as GitHub allows it, or the address of a repository; the registry is no place for a password.
REPOSITORY = (
    r"(?:https?://[^/\s@]+/|(?:ssh|git)://(?:git@)?[^/\s@]+/|git@[^:/\s@]+:)?"
    r"([A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{0,2}(?:\.git)?/*$)[A-Za-z0-9._-]{1,100}?)(?:\.git)?/*"
)
_REPOSITORY = re.compile(REPOSITORY, re.IGNORECASE)


def slug_of(repository: str) -> str:
    """owner/name of a repository given as such or by its address, "" when it is neither."""
    found = _REPOSITORY.fullmatch(repository)
    return found[1] if found else ""


class RepositoryEntry(Struct, frozen=True, kw_only=True):
    """One repository as the operator set it up; None where nothing was said and the run's own limit holds.

    `importance` goes from 0 to 100. `cooldown_hours` are the rests after the first, the second failure and so on, after
    which a person has to look. `auto_dispatch` says whether sessions may be started without being asked for one by one:
    never for a disabled repository, nor for one that `is_listed` False says nobody registered. `auto_scan` says the
    same of scans. After `max_follow_ups` rounds at a pull request a person goes on with it; one at which nothing
    happens for `stale_pr_days` is stale, and those of the kinds in `closes` are closed. `aliases` are forks and earlier
    names, in lower case. `group` is the one it takes turns in.
    """

    repository: str = ""
    is_listed: bool = False
    is_enabled: bool = True
    importance: int = MEDIUM_IMPORTANCE
    tags: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    auto_dispatch: bool = False
    max_sessions_per_cycle: int | None = None
    cooldown_hours: tuple[int, ...] = COOLDOWN_HOURS
    max_attempts: int | None = None
    max_open_prs: int | None = None
    batch_size: int = BATCH_SIZE
    routing: Routing = Routing()
    aliases: tuple[str, ...] = ()
    installation_id: int | None = None
    default_branch: str = ""
    group: str = ""
    auto_scan: bool = False
    schedule: Schedule = Schedule.WEEKLY
    scan_source: ScanSource = ScanSource.WORKFLOW
    scan: ScanOptions = ScanOptions()
    adaptive_commit_threshold: int | None = None
    max_follow_ups: int = MAX_FOLLOW_UPS
    stale_pr_days: int = STALE_PR_DAYS
    closes: frozenset[LeftoverKind] = frozenset()


class Registry(Struct, frozen=True, kw_only=True):
    """The fleet. `repositories` are by owner/name in lower case; what none of them says, `others` does.

    At most `global_session_limit` sessions start in any `global_session_limit_period_hours`, and they may use at most
    `max_acu_per_period` agent compute units; at most `max_parallel_sessions` are at work at once. None means no limit.
    `allowances` hold beside these. `group_weights` say how many turns a group gets for one of a group of weight 1.
    `paused` says why nothing is dispatched, "" while nothing holds it. `family_failure_limit` is how many sessions for
    a family may fail in a row before no more are started for it. `slugs` lead from every name of a listed repository,
    in lower case and aliases among them, to its own. `alerts` say who hears of what.
    """

    repositories: Mapping[str, RepositoryEntry] = {}
    others: RepositoryEntry = RepositoryEntry()
    global_session_limit: int | None = None
    global_session_limit_period_hours: int = 24
    max_parallel_sessions: int | None = None
    max_acu_per_period: int | None = None
    allowances: tuple[Allowance, ...] = ()
    group_weights: Mapping[str, int] = {}
    objectives: tuple[Objective, ...] = ()
    weights: Weights = Weights()
    paused: str = ""
    family_failure_limit: int | None = None
    min_fix_rate_pct: int = 0
    learning: Learning = Learning()
    uses_reach: bool = False
    uses_clusters: bool = False
    slugs: Mapping[str, str] = {}
    alerts: AlertChoice = AlertChoice()
    triage: Triaging = Triaging()

    @property
    def other_names(self) -> Mapping[str, str]:
        """From every further name of a listed repository to its own, all in lower case."""
        return {name: slug.lower() for name, slug in self.slugs.items() if name != slug.lower()}

    def canonical(self, repository: str) -> str:
        """The one name of a repository, given by any address, spelling, fork or earlier name; as given if unknown."""
        slug = slug_of(repository) or repository
        return self.slugs.get(slug.lower(), slug)

    def entry(self, repository: str) -> RepositoryEntry:
        """What holds for a repository, given by owner/name or address in any spelling of letters."""
        slug = self.canonical(repository)
        return self.repositories.get(slug.lower()) or replace(self.others, repository=slug)
