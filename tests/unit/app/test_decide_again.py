"""Decisions of a cycle, made again from the records: the same, or told what came out otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.git_command import Remote
from codeql_fixer.adapters.ledger.git_ledger import GitLedger
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.adapters.source_tree import NoCheckout
from codeql_fixer.app.author import Author
from codeql_fixer.app.batch_work import Routers
from codeql_fixer.app.claiming import Claimer
from codeql_fixer.app.decide_again import decide_again, differences
from codeql_fixer.app.fleet_work import FleetWork, Words
from codeql_fixer.app.planner import Planner
from codeql_fixer.domain.cycle import Cycle, DecisionInputs
from codeql_fixer.domain.registry import Registry, RepositoryEntry
from codeql_fixer.domain.route import Routing
from codeql_fixer.errors import UserError
from codeql_fixer.policy.sla import DEFAULT_HOURS
from codeql_fixer.ports.ledger import Stored
from tests.agents import MemoryAgent
from tests.records import PRODUCER, at, scan
from tests.remotes import BRANCH, bare, lose_a_race

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from codeql_fixer.domain.brief import Brief
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.learning import Versions
    from codeql_fixer.ports.ledger import Conflict, Landed, Ledger

NAMES = ("acme/api", "acme/shop")
REGISTRY = Registry(
    repositories={
        name: RepositoryEntry(repository=name, is_listed=True, auto_dispatch=True, max_sessions_per_cycle=1)
        for name in NAMES
    }
)
INPUTS = DecisionInputs(
    decided_at=at(0), registry="", max_sessions=25, sla_hours={"high": 72}, agents=("devin",), only=None
)


class _NoPrompts:
    def render(self, brief: Brief) -> str:
        raise NotImplementedError(brief.target_repo)

    def versions(self, family: str) -> Versions:
        raise NotImplementedError(family)


def _planner(folder: Path) -> Planner:
    return Planner(index=SqlIndex(SqliteDatabase(folder / "index.sqlite")), registry=REGISTRY, sla_hours=DEFAULT_HOURS)


def _work(planner: Planner) -> FleetWork:
    return FleetWork(
        planner,
        routers=Routers(routing=Routing(), agents={}, has_codemod=lambda _: False, imagined=frozenset({"devin"})),
        words=Words(renderer=_NoPrompts(), tree=NoCheckout(), excerpt=lambda _: b"", playbook_of=lambda _: ""),
        run_id="7",
    )


class _Busy(GitLedger):
    """A ledger with writers who lose a race, so many times, right after the inbox was folded."""

    left = 0
    leave: Callable[[int], object]

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        done = super().append(records, expected_tip=expected_tip)
        if not records and self.left:
            self.left -= 1
            self.leave(self.left)
        return done


def _busy(folder: Path, left: int) -> _Busy:
    remote = bare(folder / "remote.git")
    ledger = _Busy(Remote(remote.as_uri(), "", "https://github.com"), BRANCH, environment=os.environ, mirror=None)  # noqa: TID251 - tests
    ledger.append([scan("1", 0, *range(1, 9), target_repo=name) for name in NAMES])

    def leave(number: int) -> None:
        late = scan(f"late-{number}", 9 - number / 10, *range(20 + number, 30), target_repo=NAMES[0])
        lose_a_race(remote, number, late)

    ledger.leave, ledger.left = leave, left
    return ledger


def _claimed(ledger: Ledger, folder: Path, hours: float) -> Cycle:
    """A cycle that claims what there is to claim."""
    planner = _planner(folder)
    claimer = Claimer(
        ledger=ledger,
        index=planner.index,
        agents={"devin": MemoryAgent(lambda: at(hours))},
        author=Author(producer=PRODUCER, run_id="7", clock=lambda: at(hours)),
        monotonic=lambda: 0.0,
        inputs=INPUTS,
    )
    claimer.claim(_work(planner), planner.limits())
    cycles = [entry.record for entry in ledger.read_under("telemetry/cycles/") if isinstance(entry, Stored)]
    assert isinstance(cycles[-1], Cycle)
    return cycles[-1]


def test_decide_again__comes_to_the_same_whatever_happened_since(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    ledger.append([scan("1", 0, *range(1, 9), target_repo=name) for name in NAMES])
    first = _claimed(ledger, tmp_path / "then", 10)
    ledger.append([scan("2", 20, 1, target_repo=name) for name in NAMES])
    second = _claimed(ledger, tmp_path / "then", 30)

    for number, cycle in enumerate((first, second)):
        planner = _planner(tmp_path / f"again-{number}")
        again = decide_again(cycle, ledger, planner, work=_work(planner))
        assert {decision.action for decision in again} >= {"dispatch"}
        assert differences(cycle, again) == []


def test_decide_again__comes_to_the_same_though_records_came_after_the_fold(tmp_path: Path) -> None:
    ledger = _busy(tmp_path, left=2)
    cycle = _claimed(ledger, tmp_path / "then", 10)
    planner = _planner(tmp_path / "again")

    assert differences(cycle, decide_again(cycle, ledger, planner, work=_work(planner))) == []
    assert ledger.left == 0


def test_claim__names_no_state_where_records_come_all_the_time(tmp_path: Path) -> None:
    cycle = _claimed(_busy(tmp_path, left=1000), tmp_path / "then", 10)

    assert cycle.inputs is None
    assert {decision.action for decision in cycle.decisions} >= {"dispatch"}


def test_decide_again__says_what_comes_out_otherwise(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    ledger.append([scan("1", 0, *range(1, 9), target_repo=name) for name in NAMES])
    cycle = _claimed(ledger, tmp_path / "then", 10)
    planner = _planner(tmp_path / "again")
    altered = replace(cycle, decisions=(replace(cycle.decisions[0], score=0.9), *cycle.decisions[1:]))

    [(was, now)] = differences(altered, decide_again(altered, ledger, planner, work=_work(planner)))

    assert was is not None
    assert now is not None
    assert (was.score, now.score) == (0.9, cycle.decisions[0].score)
    assert differences(replace(cycle, decisions=()), cycle.decisions)[0][0] is None


def test_decide_again__needs_to_know_what_it_rested_on(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    ledger.append([scan("1", 0, 1, target_repo=NAMES[0])])
    cycle = replace(_claimed(ledger, tmp_path / "then", 10), inputs=None)
    planner = _planner(tmp_path / "again")

    with pytest.raises(UserError, match="does not say what its decisions rested on"):
        decide_again(cycle, ledger, planner, work=_work(planner))
