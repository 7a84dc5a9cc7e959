"""What decisions rest on: what is used of limits, under whatever name a repository had then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.app.facts import facts_of
from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.objective import Objective
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.fix_rates import MEMORY, FixRate
from tests.records import (
    RULE,
    at,
    cycle,
    dismissal,
    intent,
    issue_record,
    outcome,
    pull_request_seen,
    scan,
    session_seen,
)
from tests.unit.app.orchestrators import Orchestra, listed, registry

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.scan_run import IssueRecord

SHOP, OLD = "acme/shop", "acme/old"


def _issues(count: int, start: int = 1) -> list[IssueRecord]:
    return [issue_record(number, file=f"src/{number:04}.py") for number in range(start, start + count)]


def _at_work(name: str, hours: float, *numbers: int, repository: str = SHOP) -> list[AnyRecord]:
    return [
        intent(name, hours, *numbers, target_repo=repository, family="injection"),
        outcome(name, hours, session=f"s-{name}"),
    ]


def test_facts__a_session_at_work_may_still_open_a_pull_request() -> None:
    fleet = Orchestra(registry(listed(SHOP, max_open_prs=2)), scan("1", 0, *_issues(30)))
    fleet.learn(*_at_work("i-1", 1, 1), *_at_work("i-2", 1, 2))

    planned = fleet.plan()

    assert planned.dispatches == ()
    assert "2 pull requests of the repository are the limit" in planned.held[0].reason


def test_facts__a_session_with_its_pull_request_counts_once() -> None:
    seen = replace(pull_request_seen(PullRequestState.OPEN, 2, intent_id="i-1"), session_id="s-i-1")
    fleet = Orchestra(registry(listed(SHOP, max_open_prs=2)), scan("1", 0, *_issues(30)))
    fleet.learn(*_at_work("i-1", 1, 1), cycle("c-1", 2, pull_requests=(seen,)))

    assert len(fleet.plan().dispatches) == 1


def test_facts__an_open_pull_request_counts_however_old_its_claim_is() -> None:
    allowance = Allowance(kind=ScopeKind.FLEET, unit=Unit.OPEN_PULL_REQUESTS, limit=1)
    seen = replace(pull_request_seen(PullRequestState.OPEN, 2, intent_id="i-1"), session_id="s-i-1")
    fleet = Orchestra(registry(listed(SHOP), allowances=(allowance,)), scan("1", 0, *_issues(30)))
    fleet.learn(
        *_at_work("i-1", 1, 1),
        cycle("c-1", 2, sessions=(session_seen(SessionState.FINISHED, 2, "s-i-1"),), pull_requests=(seen,)),
    )
    fleet.clock.now = at(500)

    planned = fleet.plan()

    assert planned.dispatches == ()
    assert "1 of 1 open pull requests" in planned.held[0].reason


def test_facts__what_is_at_work_under_an_earlier_name_is_not_paid_twice() -> None:
    fleet = Orchestra(registry(listed(SHOP, aliases=(OLD,))), scan("1", 0, *_issues(1), target_repo=OLD))
    fleet.learn(*_at_work("i-1", 1, 1, repository=OLD), scan("2", 2, *_issues(1), target_repo=SHOP))

    planned = fleet.plan()

    assert planned.dispatches == ()
    assert {item.reason for item in planned.held} == {"a claim for it is open"}


def test_facts__files_stay_apart_under_an_earlier_name_too() -> None:
    one, two = (issue_record(number, file="src/app.py") for number in (1, 2))
    fleet = Orchestra(registry(listed(SHOP, aliases=(OLD,))), scan("1", 0, one, target_repo=OLD))
    fleet.learn(*_at_work("i-1", 1, 1, repository=OLD), scan("2", 2, two, target_repo=SHOP))

    planned = fleet.plan()

    assert planned.dispatches == ()
    assert {item.reason for item in planned.held} == {"a session is at work on src/app.py"}


def test_planner__nothing_is_dispatched_for_an_earlier_name() -> None:
    fleet = Orchestra(
        registry(listed(SHOP, aliases=(OLD,))),
        scan("1", 0, *_issues(3), target_repo=OLD),
        scan("2", 2, *_issues(3), target_repo=SHOP),
    )

    planned = fleet.plan()

    assert fleet.sessions_of(planned) == [SHOP]
    assert sum(len(item.candidate.issues) for item in planned.dispatches) == 3


def test_planner__what_is_dismissed_or_under_an_earlier_name_keeps_no_objective_from_being_met() -> None:
    none = Objective(name="none", target_severity=SeverityTier.HIGH, target_count=0)
    fleet = Orchestra(
        registry(listed(SHOP, aliases=(OLD,)), objectives=(none,)),
        scan("1", 0, *_issues(3), target_repo=OLD),
        scan("2", 2, *_issues(2), target_repo=SHOP),
        dismissal("d-1", 3, number=1),
        dismissal("d-2", 3, number=2, expires=20),
    )

    [now] = fleet.planner.progresses(at(19))
    [later] = fleet.planner.progresses(at(21))

    assert (now.open_issues, now.is_met) == (0, True)
    assert (later.open_issues, later.is_met) == (1, False)


def test_facts__what_a_family_did_long_ago_is_forgotten() -> None:
    failed = [
        *_at_work("i-1", 1, 1),
        cycle("c-1", 2, sessions=(session_seen(SessionState.FAILED, 2, "s-i-1"),)),
    ]
    fleet = Orchestra(registry(listed(SHOP)), scan("1", 0, *_issues(1)), *failed)

    [count] = fleet.index.fix_counts(at(0))
    assert (count.family, count.fixed, count.failed) == ("injection", 0, 1)
    soon = facts_of(fleet.index, fleet.limits(), at(1) + MEMORY / 2)
    late = facts_of(fleet.index, fleet.limits(), at(49) + MEMORY)

    assert soon.fix_rates == {"injection": FixRate(family="injection", fixed=0, failed=1, last_at=at(1))}
    assert soon.rule_rates == {
        ("injection", RULE): FixRate(family="injection", rule_id=RULE, fixed=0, failed=1, last_at=at(1))
    }
    assert late.fix_rates == {}
