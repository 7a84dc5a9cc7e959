"""Why an issue gets a session or none: the answer, the gates, the score and the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codeql_fixer.app.explain import explain
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.session import SessionState
from tests.records import at, cycle, dismissal, fingerprint, intent, issue_record, outcome, scan, session_seen
from tests.unit.app.orchestrators import Orchestra, listed, registry

if TYPE_CHECKING:
    from codeql_fixer.app.explain import Explanation

SHOP, API, OLD = "acme/shop", "acme/api", "acme/old"


def _explained(fleet: Orchestra, number: int = 1, repository: str = SHOP, **limits: int) -> Explanation:
    [row] = fleet.index.issues(fingerprint(number), repository)
    return explain(row, fleet.planner, fleet.plan(**limits))


def test_explain__what_is_next() -> None:
    fleet = Orchestra(registry(listed(SHOP)), scan("1", 0, 1))

    found = _explained(fleet)

    assert (found.is_next, found.answer, found.until) == (True, "the next cycle starts a session for it", None)
    assert {said for _, said in found.gates} == {None}
    assert ("sessions of this run", 0, 25) in found.limits
    assert found.score.total > 0


def test_explain__a_gate_with_its_time() -> None:
    failed = (intent("i-1", 1, 1), outcome("i-1", 1), cycle("c", 2, sessions=(session_seen(SessionState.FAILED, 2),)))
    fleet = Orchestra(registry(listed(SHOP)), scan("1", 0, 1), *failed)

    found = _explained(fleet)

    assert (found.is_next, found.until) == (False, at(26))
    assert found.answer.startswith("wait: it rests until")


def test_explain__a_dismissal_and_its_end() -> None:
    fleet = Orchestra(registry(listed(SHOP)), scan("1", 0, 1), dismissal("d", 1, expires=12))

    now = _explained(fleet)
    fleet.clock.now = at(13)
    later = _explained(fleet)

    assert (now.answer, now.until) == ("skip: it is dismissed", at(12))
    assert later.is_next


@pytest.mark.parametrize("whose", ["fleet", "repository"])
def test_explain__a_pause(whose: str) -> None:
    stop = Decision(action=DecisionAction.STOP, reason="audit", target_repo=SHOP)
    records = [cycle("c", 1, decisions=(stop,))] if whose == "repository" else []
    fleet = Orchestra(registry(listed(SHOP), paused="audit" if whose == "fleet" else ""), scan("1", 0, 1), *records)

    assert _explained(fleet).answer == "it waits: paused: audit"


def test_explain__a_repository_that_nobody_listed_scores_as_it_would_if_it_were() -> None:
    fleet = Orchestra(registry(listed(API)), scan("1", 0, 1), scan("1", 0, 1, target_repo=API))

    found, other = _explained(fleet), _explained(fleet, repository=API)

    assert found.answer == "nothing is started for it by itself: its repository is not in the registry"
    assert found.score == other.score


def test_explain__auto_dispatch_off() -> None:
    fleet = Orchestra(registry(listed(SHOP, auto_dispatch=False)), scan("1", 0, 1))

    assert _explained(fleet).answer == "nothing is started for it by itself: auto_dispatch is off for it"


def test_explain__an_earlier_name() -> None:
    fleet = Orchestra(registry(listed(SHOP, aliases=(OLD,))), scan("1", 0, 1, target_repo=OLD))

    answer = _explained(fleet, repository=OLD).answer

    assert answer == "nothing is started for it under this name: its repository is acme/shop now"


def test_explain__a_limit_with_its_time() -> None:
    others = [scan("1", 0, *(issue_record(number, file=f"{number}.py") for number in range(1, 12)))]
    fleet = Orchestra(registry(listed(SHOP, max_sessions_per_cycle=1)), *others)

    found = [_explained(fleet, number) for number in range(1, 12)]

    waits = {one.answer for one in found if not one.is_next}
    assert sum(one.is_next for one in found) == 5
    assert waits == {
        "wait: the repository has its 1 session of this run",
    }


def test_explain__what_others_are_before() -> None:
    """The run is full before anybody looks at it."""
    entries = listed(SHOP, importance=0), listed(API, importance=100)
    fleet = Orchestra(registry(*entries), scan("1", 0, 1), scan("1", 0, 1, target_repo=API))

    answer = _explained(fleet, max_sessions=1).answer

    assert answer == "it waits: others are more important, and this run has its 1 session"


def test_explain__a_full_run_is_over_with_the_run_whatever_rests_longer() -> None:
    """The time at which another issue has rested says nothing about this one: the next cycle may start it."""
    failed = cycle("c", 2, sessions=(session_seen(SessionState.FAILED, 2),))
    entries = listed(SHOP, "acme/web", importance=0), listed(API, importance=100)
    fleet = Orchestra(registry(*entries), *(scan("1", 0, 1, target_repo=name) for name in (SHOP, API, "acme/web")))
    fleet.learn(intent("i-1", 1, 1, target_repo=API), outcome("i-1", 1), failed)

    found = [_explained(fleet, repository=name, max_sessions=1) for name in (SHOP, API, "acme/web")]

    assert [one.until for one in found if one.answer.startswith("it waits")] == [None]
    assert [one.until for one in found if one.answer.startswith("wait: it rests")] == [at(26)]


def test_explain__a_full_period_with_its_end() -> None:
    entries = listed(SHOP, importance=0), listed(API, importance=100)
    scans = scan("1", 0, 1), scan("1", 0, 1, 9, target_repo=API)
    fleet = Orchestra(registry(*entries), *scans, intent("i-9", 1, 9), outcome("i-9", 1))

    found = _explained(fleet, max_in_period=2)

    assert found.answer == "it waits: others are more important, and 2 sessions in 24 h are the limit, and were started"
    assert found.until == at(25)
