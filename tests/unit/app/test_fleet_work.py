"""The fleet's work: who comes first, who gets how much, and that nobody waits for ever behind others that wait."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.plan import plan
from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit, Window
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.route import Routing
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from tests.records import (
    at,
    cycle,
    dismissal,
    fingerprint,
    intent,
    issue_record,
    outcome,
    scan,
    session_seen,
)
from tests.unit.app.orchestrators import Orchestra, listed, registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.scan_run import IssueRecord, ScanRun

SHOP, API, WEB = "acme/shop", "acme/api", "acme/web"
CODEMODS = frozenset({"py/known"})


def _issues(count: int, start: int = 1, **members: object) -> list[IssueRecord]:
    """So many issues in as many files."""
    return [
        issue_record(number, **{"file": f"src/{number:04}.py", **members}) for number in range(start, start + count)
    ]


def _scan(repository: str, *issues: int | IssueRecord, hours: float = 0) -> ScanRun:
    return scan(f"{hours:g}", hours, *issues, target_repo=repository)


def test_candidates__a_repository_is_not_starved_by_what_is_dismissed_in_it() -> None:
    dismissed = [dismissal(f"d-{number}", 1, number=number) for number in range(1, 201)]
    fleet = Orchestra(registry(listed(SHOP)), _scan(SHOP, *_issues(203)), *dismissed)

    planned = fleet.plan()

    started = {issue.fingerprint for item in planned.dispatches for issue in item.candidate.issues}
    assert started == {fingerprint(number) for number in (201, 202, 203)}


def test_candidates__a_batch_is_filled_past_what_waits() -> None:
    dismissed = [dismissal(f"d-{number}", 1, number=number) for number in range(2, 10)]
    fleet = Orchestra(registry(listed(SHOP, batch_size=5)), _scan(SHOP, *_issues(20)), *dismissed)

    planned = fleet.plan()

    assert [len(item.candidate.issues) for item in planned.dispatches] == [5, 5, 2]


def test_candidates__a_fleet_is_not_starved_by_repositories_in_which_all_rest() -> None:
    names = [f"acme/r{number:03}" for number in range(25)]
    resting = [
        record
        for number, name in enumerate(names)
        for record in (
            _scan(name, *_issues(160)),
            intent(f"i-{number}", 1, *range(1, 161), target_repo=name),
            outcome(f"i-{number}", 1, session=f"s-{number}"),
            cycle(f"c-{number}", 2, sessions=(session_seen(SessionState.FAILED, 2, f"s-{number}"),)),
        )
    ]
    fleet = Orchestra(
        registry(listed(*names, importance=100, batch_size=1, max_sessions_per_cycle=50), listed(SHOP, importance=1)),
        *resting,
        _scan(SHOP, *_issues(1)),
    )

    assert fleet.sessions_of(fleet.plan(max_in_period=1000)) == [SHOP]


def test_candidates__a_group_does_not_lose_its_turns_to_its_paused_repository() -> None:
    stop = Decision(action=DecisionAction.STOP, reason="a bad wave", target_repo=SHOP)
    fleet = Orchestra(
        registry(listed(SHOP, group="web", importance=90), listed(API, group="web"), listed(WEB, group="core")),
        _scan(SHOP, *_issues(200)),
        _scan(API, *_issues(50)),
        _scan(WEB, *_issues(50)),
        cycle("1", 1, decisions=(stop,)),
    )

    found = fleet.sessions_of(fleet.plan(max_sessions=4))

    assert sorted(found) == [API, API, WEB, WEB]


def test_candidates__turns_count_sessions_not_issues() -> None:
    many = [issue_record(number, file=f"src/{number}.py", cwe_family=f"f-{number}") for number in range(1, 41)]
    fleet = Orchestra(
        registry(listed(SHOP, group="web"), listed(API, group="core")), _scan(SHOP, *_issues(100)), _scan(API, *many)
    )

    found = fleet.sessions_of(fleet.plan(max_sessions=6))

    assert sorted(found) == [API] * 3 + [SHOP] * 3


def test_candidates__what_groups_had_long_ago_does_not_count() -> None:
    """A budget by the month makes the planner read the claims of a month."""
    monthly = Allowance(kind=ScopeKind.FLEET, unit=Unit.SESSIONS, limit=1000, window=Window.MONTH)
    before = [
        record
        for number in range(1, 31)
        for record in (
            intent(f"i-{number}", number / 10, 1000 + number, target_repo=SHOP),
            outcome(f"i-{number}", number / 10, session=f"s-{number}"),
            cycle(f"c-{number}", 4, sessions=(session_seen(SessionState.FINISHED, 4, f"s-{number}"),)),
        )
    ]
    fleet = Orchestra(
        registry(listed(SHOP, group="old"), listed(API, group="new"), allowances=(monthly,)),
        _scan(SHOP, *_issues(50)),
        _scan(API, *_issues(50)),
        *before,
    )
    fleet.clock.now = at(200)

    found = fleet.sessions_of(fleet.plan(max_sessions=4))

    assert sorted(found) == [API, API, SHOP, SHOP]


def test_candidates__the_oldest_of_a_tier_are_first_wherever_they_are() -> None:
    old = issue_record(900, file="z.py")
    fleet = Orchestra(registry(listed(SHOP)), _scan(SHOP, old), _scan(SHOP, old, *_issues(200), hours=9))

    first, second, *_ = fleet.candidates()  # what is read together is cut by place

    assert fingerprint(900) in {issue.fingerprint for issue in (*first.issues, *second.issues)}


def test_candidates__a_hopeless_family_is_named_once_and_not_read_on() -> None:
    fleet = Orchestra(
        registry(listed(SHOP), family_failure_limit=1),
        _scan(SHOP, *_issues(300), issue_record(900, severity_tier=SeverityTier.LOW, cwe_family="xss")),
        intent("i-1", 1, 1, family="injection"),
        outcome("i-1", 1),
        cycle("c-1", 2, sessions=(session_seen(SessionState.FAILED, 2),)),
    )

    planned = fleet.plan()

    assert [item.candidate.family for item in planned.dispatches] == ["xss"]
    assert {item.candidate.family for item in planned.held} == {"injection"}
    assert sum(len(item.candidate.issues) for item in planned.held) < 50


def _by_agent(fleet: Orchestra, **routers: object) -> dict[str, list[set[str]]]:
    """The issues of each session that a plan starts, by agent."""
    work = fleet.work(**{"has_codemod": CODEMODS.__contains__, "imagined": frozenset({"codemodder"}), **routers})
    found: dict[str, list[set[str]]] = {}
    for item in plan(fleet.planner, work, fleet.limits(), now=fleet.clock()).dispatches:
        names = {issue.fingerprint for issue in item.candidate.issues}
        found.setdefault(item.route.agent, []).append(names)
    return found


def _mixed(count: int) -> list[IssueRecord]:
    """Issues of one family; for every second one there is a codemod."""
    return [
        issue_record(number, file=f"src/{number:04}.py", rule_id="py/known" if number % 2 else "py/unknown")
        for number in range(1, count + 1)
    ]


def test_candidates__nobody_is_paid_for_what_codemods_fix() -> None:
    fleet = Orchestra(registry(listed(SHOP, batch_size=5)), _scan(SHOP, *_mixed(10)))

    found = _by_agent(fleet)

    assert found == {
        "codemodder": [{fingerprint(number) for number in range(1, 11, 2)}],
        "devin": [{fingerprint(number) for number in range(2, 11, 2)}],
    }


def test_candidates__what_codemods_fix_is_no_sooner_than_what_is_worse() -> None:
    low = [replace(issue, severity_tier=SeverityTier.LOW) for issue in _mixed(4) if issue.rule_id == "py/known"]
    fleet = Orchestra(
        registry(listed(SHOP, batch_size=5, max_sessions_per_cycle=1)), _scan(SHOP, *low, *_issues(2, start=10))
    )

    assert list(_by_agent(fleet)) == ["devin"]


@pytest.mark.parametrize(
    ("members", "routers"),
    [
        ({}, {"imagined": frozenset()}),  # nobody here has codemods
        ({"routing": Routing(allow=("devin",))}, {}),  # the repository is not for them
    ],
)
def test_candidates__are_not_cut_where_no_codemod_can_be_run(
    members: dict[str, object], routers: dict[str, object]
) -> None:
    fleet = Orchestra(registry(listed(SHOP, batch_size=10, **members)), _scan(SHOP, *_mixed(10)))

    assert [len(names) for names in _by_agent(fleet, **routers)["devin"]] == [10]


def test_candidates__both_kinds_of_batches_are_filled_from_page_to_page() -> None:
    fleet = Orchestra(registry(listed(SHOP, batch_size=4, max_sessions_per_cycle=20)), _scan(SHOP, *_mixed(42)))

    found = _by_agent(fleet)

    assert sorted(map(len, found["codemodder"])) == [1, 4, 4, 4, 4, 4]
    assert sorted(map(len, found["devin"])) == [1, 4, 4, 4, 4, 4]
    assert len(set().union(*found["codemodder"], *found["devin"])) == 42


def test_candidates__another_registry_in_the_same_index_pays_for_nobody() -> None:
    """Somebody asks what another registry would bring, while a cycle decides by this one."""

    class Shared(SqlIndex):
        """An index that another process uses as well: it goes by another registry, and comes right after us."""

        others: Mapping[str, str] = {}

        def set_standings(self, standings: Mapping[str, str]) -> None:
            super().set_standings(standings)
            if self.others:
                super().set_standings(self.others)

    fleet = Orchestra(registry(listed(SHOP, API)), _scan(SHOP, *_issues(1)), _scan(API, *_issues(1)))
    index = Shared(SqliteDatabase(Path(":memory:")))
    catch_up(fleet.ledger, index)
    index.others = fleet.index.standings()
    fleet.planner = replace(
        fleet.planner, index=index, registry=registry(listed(SHOP), listed(API, auto_dispatch=False))
    )

    assert {candidate.repository for candidate in fleet.candidates()} == {SHOP}
