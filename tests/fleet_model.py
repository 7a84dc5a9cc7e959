"""A simulated fleet that is checked at every step against its own truth, and whose orchestrator may die at any call."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.adapters.registry.reader import parse_registry
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.allowance import ScopeKind, Unit
from codeql_fixer.domain.dispatch import DispatchIntent
from codeql_fixer.domain.scan_run import ScanRun
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.policy.sla import DEFAULT_HOURS
from codeql_fixer.ports.ledger import Stored
from codeql_fixer.twin.fleet.luck import Luck
from codeql_fixer.twin.fleet.simulation import Configuration, Places, Simulation
from codeql_fixer.twin.fleet.start import made_up

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from codeql_fixer.domain.allowance import Allowance
    from codeql_fixer.domain.registry import Registry
    from codeql_fixer.twin.fleet.agent import Job
    from codeql_fixer.twin.fleet.assumptions import Assumptions
    from codeql_fixer.twin.fleet.start import Start

_SOURCES = ("workflow", "workflow", "code-scanning", "self-reported")
_GONE = {Lifecycle.FIXED, Lifecycle.VERIFIED_FIXED}


def registry_for(count: int, tight: int = 0) -> Registry:
    """A fleet with limits. Where all of them are there, one hides another: `tight` says which of them bite."""
    choices: list[dict[str, dict[str, Any]]] = [
        {},
        {"orchestrator": {"budgets": [], "global_session_limit": max(2, count // 5)}},
        {"orchestrator": {"budgets": [], "max_acu_per_period": count}},
        {"orchestrator": {"budgets": []}, "defaults": {"max_sessions_per_cycle": 1}},
    ]
    document: dict[str, Any] = {
        "version": "2.0",
        "agents": {"profiles": {"devin": {"kind": "devin", "max_acu": 12}}},
        "orchestrator": {
            "global_session_limit": count,
            "max_parallel_sessions": max(4, count // 5),
            "max_acu_per_period": 6 * count,
            "family_failure_limit": 6,
            "min_fix_rate_pct": 5,
            "budgets": [
                {"scope": "repo", "sessions": 4, "per": "day"},
                {"scope": "tag:web", "sessions": max(2, count // 5), "per": "day"},
                {"scope": "family", "sessions": max(2, count // 8), "per": "hour"},
                {"scope": "agent:devin", "acu": 4 * count, "per": "day"},
                {"scope": "fleet", "open_prs": count},
            ],
            "objectives": [{"name": "no critical", "target_severity": "critical", "target_count": 0, "priority": 1}],
        },
        "defaults": {
            "max_sessions_per_cycle": 2,
            "max_open_prs": 3,
            "max_dispatch_attempts": 3,
            "cooldown_hours": [24, 48],
            "schedule": "daily",
        },
        "groups": {"one": {"weight": 3}, "two": {"weight": 1}},
        "repos": [
            {
                "repo": f"Sim/Repo-{number:04d}",
                "importance": ("critical", "high", "medium", "low")[number % 4],
                "tags": ["web"] if number % 3 else [],
                "group": "one" if number % 2 else "two",
                "scan_source": _SOURCES[number % len(_SOURCES)],
            }
            for number in range(count)
        ],
    }
    for part, members in choices[tight % len(choices)].items():
        document[part] |= members
    registry, warnings = parse_registry(msgspec.json.encode(document).decode(), "the test's registry")
    assert warnings == ()
    return registry


def new_index() -> SqlIndex:
    """An empty index in memory."""
    return SqlIndex(SqliteDatabase(Path(":memory:")))


def start_for(registry: Registry, assumptions: Assumptions, seed: int) -> Start:
    """A made-up start for the repositories of a registry."""
    names = [entry.repository for entry in registry.repositories.values()]
    return made_up(names, assumptions, Luck(seed))


def simulation(registry: Registry, assumptions: Assumptions, seed: int) -> Simulation:
    """A simulation in memory."""
    configuration = Configuration(registry=registry, sla_hours=DEFAULT_HOURS)
    start = start_for(registry, assumptions, seed)
    return Simulation(start, configuration, Luck(seed), ledger=MemoryLedger(), index=new_index())


class Killed(BaseException):
    """The orchestrator's process is gone."""


class Fate:
    """Lets a process die at one of its calls: before it is carried out, or after.

    Args:
        calls: how many it may make before; None for all that it wants to.
        is_after: dies when the call has been carried out.
    """

    def __init__(self, calls: int | None = None, *, is_after: bool = False) -> None:
        self._left, self._is_after, self.is_dead = calls, is_after, False

    def guard(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
        """Make a call, and maybe die."""
        is_last = self._left is not None and self._left <= 0
        if self.is_dead or (is_last and not self._is_after):
            self._die()
        if self._left is not None:
            self._left -= 1
        result = call(*arguments, **named)
        if is_last:
            self._die()
        return result

    def _die(self) -> None:
        self.is_dead = True
        raise Killed


class Mortal:
    """Something outside of the process, as the process meets it: all calls of methods go through its fate."""

    def __init__(self, real: Any, fate: Fate) -> None:  # noqa: ANN401 - any port
        self._real, self._fate = real, fate

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of the port
        member = getattr(self._real, name)
        if not callable(member):
            return member
        return lambda *arguments, **named: self._fate.guard(member, *arguments, **named)


class Model:
    """A simulation with checks.

    Args:
        simulated: what is checked.
    """

    def __init__(self, simulated: Simulation) -> None:
        self.simulated = simulated
        self.registry = simulated.configuration.registry
        self.deaths = 0
        self._ledger = simulated.places.ledger
        self._runs: dict[str, ScanRun] = {}
        self._intents: set[str] = set()
        self._tip = ""

    def step(self, hours: float, fate: Fate) -> None:
        """Let time pass, run a cycle that may be killed, and check everything."""
        simulated = self.simulated
        simulated.world.advance(simulated.world.now + timedelta(hours=hours))
        self.check_work()
        simulated.places = Places(
            ledger=Mortal(self._ledger, fate),
            index=simulated.places.index,
            agents={name: Mortal(agent, fate) for name, agent in simulated.agents.items()},
            hosting=Mortal(simulated.host, fate),
        )
        try:
            simulated.cycle()
        except Killed:
            self.deaths += 1
            simulated.places.index = new_index()  # what the process knew is gone
        catch_up(self._ledger, simulated.places.index)
        self.check_work()
        self.check_index()

    # --- sessions, by the agents' own account

    def jobs(self) -> list[Job]:
        """All sessions that were ever started."""
        return [job for agent in self.simulated.agents.values() for job in agent.jobs.values()]

    def check_work(self) -> None:
        """No claim has two sessions, no issue or file is worked on twice, no limit is exceeded."""
        self._read()
        jobs = self.jobs()
        intents = Counter(job.request.intent_id for job in jobs)
        assert all(count == 1 for count in intents.values()), intents.most_common(3)
        assert intents.keys() <= self._intents
        at_work = [job for job in jobs if not job.is_over]
        for what in ("fingerprint", "file"):
            busy = Counter(
                (job.key[0], name)
                for job in at_work
                for name in {getattr(target, what) for target in job.request.targets}
            )
            assert all(count == 1 for count in busy.values()), (what, busy.most_common(3))
        self._check_limits(jobs, at_work)
        for allowance in self.registry.allowances:
            self._check_allowance(allowance, jobs)
        self._check_attempts(jobs)

    def _check_limits(self, jobs: Sequence[Job], at_work: Sequence[Job]) -> None:
        registry, now = self.registry, self.simulated.world.now
        period = timedelta(hours=registry.global_session_limit_period_hours)
        recent = [job for job in jobs if job.begins_at > now - period]
        assert len(recent) <= (registry.global_session_limit or len(recent))
        assert len(at_work) <= (registry.max_parallel_sessions or len(at_work))
        assert registry.max_acu_per_period is None or sum(job.acu for job in recent) <= registry.max_acu_per_period
        assert all(job.acu <= (job.request.max_acu or job.acu) for job in jobs)
        for name, count in Counter(job.key[0] for job in jobs if job.begins_at == now).items():
            assert count <= (registry.entry(name).max_sessions_per_cycle or count), name
        for name, count in Counter(pull.repository for pull in self.simulated.host.open_pull_requests()).items():
            assert count <= (registry.entry(name).max_open_prs or count), (name, count)

    def _check_allowance(self, allowance: Allowance, jobs: Sequence[Job]) -> None:
        used: dict[str, float] = {}
        since = self.simulated.world.now - allowance.window.length if allowance.window else None
        open_urls = {pull.url for pull in self.simulated.host.open_pull_requests()}
        for job in jobs:
            amount = {Unit.SESSIONS: 1.0, Unit.ACU: job.acu, Unit.OPEN_PULL_REQUESTS: float(job.url in open_urls)}
            if since is None or job.begins_at > since:
                for name in self._names(allowance.kind, job):
                    used[name] = used.get(name, 0.0) + amount[allowance.unit]
        wanted = {name: value for name, value in used.items() if not allowance.name or name == allowance.name}
        assert all(value <= allowance.limit + 1e-6 for value in wanted.values()), (allowance, wanted)

    def _check_attempts(self, jobs: Sequence[Job]) -> None:
        """An issue that never went away has its sessions and no more, and rests after one that failed."""
        by_issue: dict[tuple[str, str], list[Job]] = {}
        for job in jobs:
            for target in job.request.targets:
                by_issue.setdefault((job.key[0], target.fingerprint), []).append(job)
        for (name, fingerprint), found in by_issue.items():
            if self.simulated.world.repositories[name].flaws[fingerprint].fixes:
                continue
            entry = self.registry.entry(name)
            assert len(found) <= (entry.max_attempts or len(found)), (name, fingerprint)
            rest = timedelta(hours=entry.cooldown_hours[0])
            for first, second in pairwise(found):
                assert first.end is not SessionState.FAILED or second.begins_at - first.ends_at >= rest, first.id

    def _names(self, kind: ScopeKind, job: Job) -> Iterator[str]:
        entry = self.registry.entry(job.key[0])
        names: Mapping[ScopeKind, Sequence[str]] = {
            ScopeKind.FLEET: ("",),
            ScopeKind.TAG: sorted(entry.tags),
            ScopeKind.REPOSITORY: (job.key[0],),
            ScopeKind.FAMILY: (job.request.family,),
            ScopeKind.AGENT: (job.id.partition("-i-")[0],),
        }
        yield from names[kind]

    # --- what the index knows, against what is in the code

    def check_index(self) -> None:
        """Whatever a scan reported is open; what is called fixed is gone, or came back after the last scan."""
        self._read()
        index = self.simulated.places.index
        for name, run in self._runs.items():
            flaws = self.simulated.world.repositories[name].flaws
            rows = {row.issue.fingerprint: row for row in index.issues_in(name)}
            for record in run.issues:
                assert rows[record.fingerprint].issue.tracking.is_open, (name, record.fingerprint)
            for fingerprint, row in rows.items():
                if row.lifecycle in _GONE:
                    flaw = flaws[fingerprint]
                    assert not flaw.is_present or flaw.present_since > run.recorded_at, (name, fingerprint)

    def check_rebuilt(self) -> None:
        """An index that reads the whole ledger says the same as the one that read it bit by bit."""
        fresh = new_index()
        catch_up(self._ledger, fresh)
        now = self.simulated.world.now
        assert fresh.status(now, ()) == self.simulated.places.index.status(now, ())

    def _read(self) -> None:
        """What is new on the ledger."""
        changes = self._ledger.read_since(self._tip)
        self._tip = changes.tip
        for entry in changes.entries:
            assert isinstance(entry, Stored)
            if isinstance(entry.record, DispatchIntent):
                self._intents.add(entry.record.id)
            elif isinstance(entry.record, ScanRun):
                name = entry.record.target_repo.lower()
                if name not in self._runs or self._runs[name].recorded_at < entry.record.recorded_at:
                    self._runs[name] = entry.record


def some_fate(stream: random.Random) -> Fate:
    """One cycle in three dies somewhere."""
    if stream.random() > 1 / 3:
        return Fate()
    return Fate(stream.randrange(40), is_after=stream.random() < 1 / 2)
