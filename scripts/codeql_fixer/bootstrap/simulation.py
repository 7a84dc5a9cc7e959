"""Wires simulations: what they start from, what is tried, and who of several processes runs which."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.adapters.registry.patch import read_patched
from codeql_fixer.adapters.registry.reader import parse_registry, raw_of, text_of
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.bootstrap.agents import has_codemod
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.domain.registry import Registry
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.errors import UserError
from codeql_fixer.twin.fleet.assumptions import Assumptions
from codeql_fixer.twin.fleet.luck import Luck
from codeql_fixer.twin.fleet.simulation import Configuration, Day, Simulation
from codeql_fixer.twin.fleet.start import Start, made_up, taken_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.settings import FleetSettings

_IMPORTANCE = ("critical", "high", "medium", "medium", "low")
_POSTGRES = "postgres"
AS_IT_IS = "registry"


class Tried(Struct, frozen=True, kw_only=True):
    """A registry to try, and what it is called."""

    name: str
    registry: Registry


class Order(Struct, frozen=True, kw_only=True):
    """One simulation, for whatever process runs it. `start` is None for a fleet that the seed makes up."""

    tried: Tried
    seed: int
    days: int
    sla_hours: Mapping[SeverityTier, int]
    max_sessions: int
    start: Start | None


class Trial(Struct, frozen=True, kw_only=True):
    """What a command asks for: the registries to try, the start that all of them have, and warnings for people."""

    tried: tuple[Tried, ...]
    start: Start | None
    warnings: tuple[str, ...]

    @property
    def assumptions(self) -> Assumptions:
        """What all of them rest on."""
        return self.start.assumptions if self.start else Assumptions()


def build_trial(
    settings: FleetSettings,
    environ: Mapping[str, str],
    *,
    policies: Sequence[str],
    repositories: int | None,
    tell: Callable[[str], None],
) -> Trial:
    """Read what is to be simulated.

    Args:
        settings: of the command.
        environ: where git finds itself.
        policies: files that say what is different from the registry; none for the registry as it is.
        repositories: how many to make up in the place of the registry's own; None for those.
        tell: hears what is tried again.

    Raises:
        UserError: a file is wrong, or there is nothing to simulate.
    """
    text = text_of(Path(settings.dispatch.registry)) if settings.dispatch.registry else "{}"
    name = settings.dispatch.registry or "the registry"
    if repositories is not None:
        text = _with_made_up(raw_of(text, name), repositories)
    base, warnings = parse_registry(text, name)
    if not base.repositories:
        raise UserError("no repository to simulate: name a --registry that lists some, or give --repositories N")
    tried = [] if policies else [Tried(name=AS_IT_IS, registry=base)]
    told = list(warnings)
    for file in policies:
        registry, more = read_patched(text, text_of(Path(file)), name=file)
        told += more
        tried.append(Tried(name=_short(file, policies), registry=registry))
    start = None
    if repositories is None:
        start = _known_start(settings, Fleet(settings, environ, tell), base)
    told += [f"{one.name}: {problem}" for one in tried for problem in _idle(one.registry)]
    return Trial(tried=tuple(tried), start=start, warnings=tuple(dict.fromkeys(told)))


def run_all(orders: Sequence[Order], processes: int, on_done: Callable[[int], None]) -> list[tuple[Day, ...]]:
    """What each order came to, in their order.

    Args:
        orders: what to run.
        processes: at a time.
        on_done: hears how many are done.

    Raises:
        UserError: the system ended one of the processes.
    """
    found: dict[int, tuple[Day, ...]] = {}
    if len(orders) == 1 or processes == 1:
        for number, order in enumerate(orders):
            found[number] = simulate(order)
            on_done(len(found))
        return [*found.values()]
    try:
        with ProcessPoolExecutor(max_workers=min(processes, len(orders)), mp_context=get_context("spawn")) as pool:
            numbers = {pool.submit(simulate, order): number for number, order in enumerate(orders)}
            for future in as_completed(numbers):
                found[numbers[future]] = future.result()
                on_done(len(found))
    except BrokenProcessPool as error:
        raise UserError(
            "a simulation was killed, as happens where memory runs out: ask for fewer --repositories or --days"
        ) from error
    return [found[number] for number in range(len(orders))]


def simulate(order: Order) -> tuple[Day, ...]:
    """Run one simulation."""
    gc.disable()  # many objects, next to no cycles
    luck, registry = Luck(order.seed), order.tried.registry
    names = [entry.repository for entry in registry.repositories.values()]
    simulation = Simulation(
        order.start or made_up(names, Assumptions(), luck),
        Configuration(
            registry=registry,
            sla_hours=order.sla_hours,
            max_sessions=order.max_sessions,
            has_codemod=has_codemod,
        ),
        luck,
        ledger=MemoryLedger(),
        index=SqlIndex(SqliteDatabase(Path(":memory:"))),
    )
    days = tuple(simulation.days(order.days))
    del simulation
    gc.collect()
    return days


def _with_made_up(raw: object, count: int) -> str:
    """The registry's rules for repositories that nobody has."""
    width = max(2, len(str(count)))
    repositories = [
        {"repo": f"made-up/repo-{number:0{width}d}", "importance": _IMPORTANCE[number % len(_IMPORTANCE)]}
        for number in range(1, count + 1)
    ]
    members = raw if isinstance(raw, dict) else {}
    return msgspec.json.encode({**members, "repos": repositories}).decode()


def _known_start(settings: FleetSettings, fleet: Fleet, registry: Registry) -> Start | None:
    """What the user's own index knows; None where nobody says where it is."""
    if settings.ledger.place:
        index = fleet.index()
        catch_up(fleet.ledger(), index)
    elif settings.index:
        if not settings.index.startswith(_POSTGRES) and not Path(settings.index).is_file():
            raise UserError(f"{settings.index}: there is no such index; name the ledger, and it is built")
        index = fleet.index()
    else:
        return None
    names = [entry.repository for entry in registry.repositories.values()]
    start = taken_over(index, names, Assumptions(), now=SystemClock().now())
    if not any(repository.flaws for repository in start.repositories):
        raise UserError("the index knows no open issue of the registry's repositories; --repositories N makes some up")
    return start


def _short(file: str, files: Sequence[str]) -> str:
    """A file's own name where no other one has it."""
    name = Path(file).name
    return name if [Path(one).name for one in files].count(name) == 1 else file


def _idle(registry: Registry) -> list[str]:
    """Why a simulation would show nothing."""
    entries = registry.repositories.values()
    problems = []
    if registry.paused:
        problems.append(f"nothing is dispatched: {registry.paused}")
    if not any(entry.auto_scan or entry.scan_source is ScanSource.SELF_REPORTED for entry in entries):
        problems.append("no repository is scanned, so no fix is ever verified: auto_scan is off for all of them")
    if not any(entry.auto_dispatch for entry in entries):
        problems.append("no session is started: auto_dispatch is off for all repositories")
    return problems
