"""The decision what gets a session: a row for each reason, and laws that hold for everything."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.allowance import Allowance, ScopeKind, Unit, Window
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.route import NoRoute
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.policy.dispatching import CandidateIssue, Limits, RepositoryLimits, decide
from codeql_fixer.policy.fix_rates import FixRate
from tests.dispatching import attempt, candidate, candidate_issue, claim, facts, route
from tests.records import RULE, at, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.domain.route import Route
    from codeql_fixer.policy.dispatching import Candidate, Router

NOW = 100.0
CREATED, REFUSED = DispatchStatus.CREATED, DispatchStatus.REFUSED
FINISHED, FAILED = SessionState.FINISHED, SessionState.FAILED
CLOSED = PullRequestState.CLOSED


def _route(candidate: Candidate, number: int) -> Route:
    del candidate, number
    return route()


def _costs(max_acu: int | None) -> Router:
    return lambda *_: route(max_acu=max_acu)


def _failed(*hours: float, **members: Any) -> tuple[Any, ...]:  # noqa: ANN401 - passed on
    return tuple(attempt(when, session=FAILED, **members) for when in hours)


ISSUES = {
    "new": (candidate_issue(1), ""),
    "seen by a pull request's scan only": (
        candidate_issue(1, tracked=None),
        "skip: no scan of the default branch has reported it",
    ),
    "recurring": (candidate_issue(1, lifecycle=Lifecycle.RECURRING), ""),
    "regressed": (candidate_issue(1, lifecycle=Lifecycle.REGRESSED), ""),
    "fixed": (candidate_issue(1, lifecycle=Lifecycle.FIXED), "skip: it is fixed"),
    "verified": (candidate_issue(1, lifecycle=Lifecycle.VERIFIED_FIXED), "skip: it is fixed"),
    "at work": (candidate_issue(1, lifecycle=Lifecycle.SESSION_DISPATCHED), "skip: a session is at work on it"),
    "proposed": (candidate_issue(1, lifecycle=Lifecycle.PR_OPEN), "skip: its pull request is open"),
    "merged": (candidate_issue(1, lifecycle=Lifecycle.PR_MERGED), "wait: its fix is merged and no scan has looked"),
    "dismissed": (candidate_issue(1, dismissed_until=at(NOW + 1)), "skip: it is dismissed"),
    "dismissed until yesterday": (candidate_issue(1, dismissed_until=at(NOW - 1)), ""),
    "ambiguous": (
        candidate_issue(1, attempts=(attempt(1, outcome=DispatchStatus.AMBIGUOUS),)),
        "ask: nobody can tell whether a session was started",
    ),
    "refused, try again": (candidate_issue(1, attempts=(attempt(99, outcome=REFUSED),)), ""),
    "failed yesterday": (
        candidate_issue(1, attempts=_failed(90)),
        "wait: it rests until 2026-03-05 19:00 after 1 fail",
    ),
    "failed long ago": (candidate_issue(1, attempts=_failed(70)), ""),
    "failed twice": (candidate_issue(1, attempts=_failed(1, 70)), "wait: it rests until 2026-03-06 23:00 after 2 fail"),
    "had its sessions": (candidate_issue(1, attempts=_failed(1, 2, 3)), "ask: it had its 3 sessions"),
    "pull request closed": (
        candidate_issue(1, attempts=(attempt(90, (CLOSED, 95), session=FINISHED),)),
        "wait: it rests until 2026-03-05 23:00 after 1 fail",
    ),
}


@pytest.mark.parametrize(("issue", "expected"), ISSUES.values(), ids=ISSUES)
def test_decide__each_issue(issue: CandidateIssue, expected: str) -> None:
    dispatches, held = decide([candidate("a", issue)], facts(NOW), Limits(), route=_route)

    assert bool(dispatches) == (not expected)
    assert [f"{item.action}: {item.reason}"[: len(expected)] for item in held] == ([expected] if expected else [])


def test_decide__after_four_failures_a_person_looks() -> None:
    issue = candidate_issue(1, attempts=_failed(1, 2, 3, 4))

    _, [held] = decide(
        [candidate("a", issue)], facts(10_000), Limits(each=RepositoryLimits(max_attempts=10)), route=_route
    )

    assert (held.action, held.reason) == ("ask", "4 attempts failed: it needs a person")


def test_decide__a_retry_of_the_same_run_does_not_rest() -> None:
    issue = candidate_issue(1, attempts=_failed(98))

    [dispatch], _ = decide([candidate("a", issue)], facts(NOW), Limits(is_retry=True), route=_route)

    assert dispatch.attempt == 2


def test_decide__takes_what_is_ready_and_leaves_the_rest() -> None:
    work = candidate("a", candidate_issue(1), candidate_issue(2, lifecycle=Lifecycle.PR_OPEN), candidate_issue(3))

    [dispatch], [held] = decide([work], facts(NOW), Limits(), route=_route)

    assert [issue.fingerprint for issue in dispatch.candidate.issues] == [fingerprint(1), fingerprint(3)]
    assert [issue.fingerprint for issue in held.candidate.issues] == [fingerprint(2)]


def test_decide__numbers_attempts_after_all_that_were_made() -> None:
    """Also those that came to nothing: the number is part of the claim's identity."""
    issue = candidate_issue(1, attempts=(attempt(1, outcome=REFUSED, number=4),))

    [dispatch], _ = decide([candidate("a", candidate_issue(2), issue)], facts(NOW), Limits(), route=_route)

    assert dispatch.attempt == 5


CLAIMS = {
    "unsettled": (claim("i-1", 99, 1), False),
    "at work": (claim("i-1", 99, 1, outcome=CREATED, session=SessionState.WORKING), False),
    "created and not asked about": (claim("i-1", 0, 1, outcome=CREATED), False),
    "over": (claim("i-1", 99, 1, outcome=CREATED, session=FINISHED), True),
    "refused": (claim("i-1", 99, 1, outcome=REFUSED), True),
    "of another repository": (claim("i-1", 99, 1, repository="acme/other"), True),
}


@pytest.mark.parametrize(("open_claim", "is_free"), CLAIMS.values(), ids=CLAIMS)
def test_decide__never_claims_what_is_claimed(open_claim: Any, *, is_free: bool) -> None:  # noqa: ANN401 - a Claim
    work = candidate("a", candidate_issue(1), repository="ACME/Shop")

    dispatches, _ = decide([work], facts(NOW, open_claim), Limits(), route=_route)

    assert bool(dispatches) == is_free


def test_decide__never_claims_one_issue_twice() -> None:
    work = [candidate("a", candidate_issue(1)), candidate("b", candidate_issue(1), candidate_issue(2))]

    dispatches, _ = decide(work, facts(NOW), Limits(), route=_route)

    assert [[issue.id[-1] for issue in item.candidate.issues] for item in dispatches] == [["1"], ["2"]]


LIMITS = {
    "of this run": (Limits(max_sessions=1), "this run has its 1 session"),
    "of the repository": (
        Limits(each=RepositoryLimits(max_sessions=1)),
        "the repository has its 1 session of this run",
    ),
    "of the period": (Limits(max_in_period=2), "2 sessions in 24 h are the limit"),
    "of the moment": (Limits(max_at_work=2), "2 sessions at the same time are the limit"),
    "of the money": (Limits(max_acu_in_period=9), "8 of 9 ACU are spent or promised"),
}


@pytest.mark.parametrize(("limits", "reason"), LIMITS.values(), ids=LIMITS)
def test_decide__keeps_limits(limits: Limits, reason: str) -> None:
    before = [
        claim("i-1", 99, 8, outcome=CREATED, session=SessionState.WORKING, max_acu=4),
        claim("i-2", 99, 9, outcome=REFUSED, max_acu=4),
        claim("i-3", 1, 7, outcome=CREATED, session=FINISHED, max_acu=4),  # before the period
    ]
    work = [candidate("a", candidate_issue(1)), candidate("b", candidate_issue(2))]

    [dispatch], [held] = decide(work, facts(NOW, *before), limits, route=_costs(4))

    assert dispatch.candidate.key == "a"
    assert (held.action, held.reason[: len(reason)]) == ("wait", reason)


HOPELESS: dict[str, Any] = {"family": "injection", "failed": 20, "last_at": at(NOW - 99)}


@pytest.mark.parametrize(
    "known",
    [
        {"fix_rates": {"injection": FixRate(**HOPELESS)}},
        {"rule_rates": {("injection", RULE): FixRate(rule_id=RULE, **HOPELESS)}},
    ],
    ids=["family", "rule"],
)
def test_decide__what_is_given_up_gets_one_session_after_a_while(known: dict[str, Any]) -> None:
    work = [candidate(name, candidate_issue(number)) for number, name in enumerate("abc", start=1)]
    early = Limits(min_fix_rate_pct=20)
    late = replace(early, probe_after=timedelta(hours=99))

    none, waiting = decide(work, facts(NOW, **known), early, route=_route)
    [probe], held = decide(work, facts(NOW, **known), late, route=_route)

    assert none == []
    assert {item.until for item in waiting} == {at(NOW - 99) + early.probe_after}
    assert probe.candidate.key == "a"
    assert [(item.candidate.key, item.until) for item in held] == [("b", at(NOW + 99)), ("c", at(NOW + 99))]


MONTHLY = Allowance(kind=ScopeKind.AGENT, unit=Unit.ACU, limit=25, name="devin", window=Window.MONTH)


@pytest.mark.parametrize(
    ("limits", "counts_acu", "limit_of_each", "sessions"),
    [
        (Limits(), True, None, 4),
        (Limits(max_acu_in_period=25), True, 10, 2),
        (Limits(allowances=(MONTHLY,)), True, 10, 2),
        (Limits(allowances=(replace(MONTHLY, name="other"),)), True, None, 4),  # it is not this agent's
        (Limits(allowances=(replace(MONTHLY, unit=Unit.SESSIONS),)), True, None, 4),
        (Limits(allowances=(MONTHLY,)), False, None, 4),  # it costs nothing
    ],
)
def test_decide__a_session_without_a_limit_cannot_overrun_a_budget(
    limits: Limits, limit_of_each: int | None, sessions: int, *, counts_acu: bool
) -> None:
    work = [candidate(str(number), candidate_issue(number)) for number in range(1, 5)]

    found, _ = decide(work, facts(NOW), limits, route=lambda *_: route(counts_acu=counts_acu))

    assert [dispatch.max_acu for dispatch in found] == [limit_of_each] * sessions


def test_decide__learns_what_a_family_takes() -> None:
    known = facts(NOW, acu_by_family={"injection": (2.0, 2.0, 2.0)})

    [dispatch], _ = decide([candidate("a", candidate_issue(1))], known, Limits(), route=_costs(10))

    assert dispatch.max_acu == 3


def test_decide__a_paused_repository_waits() -> None:
    known = facts(NOW, pauses={"acme/shop": "wave 1: 0 of 2 sessions ended well"})

    _, [held] = decide([candidate("a", candidate_issue(1))], known, Limits(), route=_route)

    assert (held.action, held.reason) == ("wait", "paused: wave 1: 0 of 2 sessions ended well")


@pytest.mark.parametrize(("is_final", "action"), [(True, "skip"), (False, "wait")])
def test_decide__where_no_agent_may(action: str, *, is_final: bool) -> None:
    refusal = NoRoute(reason="nobody may", is_final=is_final)

    dispatches, [held] = decide([candidate("a", candidate_issue(1))], facts(NOW), Limits(), route=lambda *_: refusal)

    assert (dispatches, held.action, held.reason) == ([], action, "nobody may")


STATES = st.sampled_from([None, SessionState.WORKING, SessionState.FINISHED])
CLAIM_LISTS = st.lists(
    st.builds(
        lambda hours, numbers, outcome, state: (hours, numbers, outcome, state),
        st.integers(60, 99),
        st.sets(st.integers(1, 6), min_size=1, max_size=2),
        st.sampled_from([None, CREATED, REFUSED, DispatchStatus.RELEASED]),
        STATES,
    ),
    max_size=6,
)
WORK = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True), max_size=8)
SOME_LIMITS = st.builds(
    Limits,
    max_sessions=st.integers(1, 4),
    each=st.builds(RepositoryLimits, max_sessions=st.integers(1, 4)),
    max_in_period=st.integers(1, 6),
    max_at_work=st.integers(1, 6),
    period=st.sampled_from([timedelta(hours=6), timedelta(hours=24)]),
    max_acu_in_period=st.sampled_from([None, 6, 12]),
)


@given(made=CLAIM_LISTS, work=WORK, limits=SOME_LIMITS, max_acu=st.sampled_from([None, 3]))
def test_decide__laws(made: list[Any], work: list[list[int]], *, limits: Limits, max_acu: int | None) -> None:
    claims = [
        claim(f"i-{place}", hours, *numbers, outcome=outcome, session=state, max_acu=max_acu)
        for place, (hours, numbers, outcome, state) in enumerate(made)
    ]
    candidates = [candidate(str(key), *map(candidate_issue, numbers)) for key, numbers in enumerate(work)]

    dispatches, held = decide(candidates, facts(NOW, *claims), limits, route=_costs(max_acu))

    decided = [item.candidate for item in dispatches] + [item.candidate for item in held]
    assert sum(len(item.issues) for item in decided) == sum(map(len, work))  # every issue is in exactly one decision
    chosen = [issue.fingerprint for item in dispatches for issue in item.candidate.issues]
    assert len(chosen) == len(set(chosen))
    open_names = {name for item in claims if item.is_at_work for name in item.fingerprints}
    assert not open_names & set(chosen)
    count = len(dispatches)
    recent = [item for item in claims if item.has_session and item.claimed_at > at(NOW) - limits.period]
    assert count <= min(limits.max_sessions, limits.each.max_sessions, max(0, limits.max_in_period - len(recent)))
    assert count <= max(0, limits.max_at_work - sum(item.is_at_work for item in claims))
    if limits.max_acu_in_period is not None and max_acu is not None and count:
        assert (len(recent) + count) * max_acu <= limits.max_acu_in_period


def test_decide__looks_at_no_more_when_nothing_can_start() -> None:
    looked_at: list[str] = []

    def candidates() -> Iterator[Candidate]:
        for number in range(1, 9):
            looked_at.append(f"B{number}")
            yield candidate(f"B{number}", candidate_issue(number))

    limits = Limits(max_sessions=2, stops_when_full=True)
    dispatches, held = decide(candidates(), facts(), limits, route=lambda *_: route())

    assert (len(dispatches), held, looked_at) == (2, [], ["B1", "B2"])


def test_decide__a_paused_fleet_is_said_once() -> None:
    many = [candidate(f"B{number}", candidate_issue(number)) for number in range(1, 9)]

    _, held = decide(many, facts(paused="audit"), Limits(stops_when_full=True), route=lambda *_: route())

    assert [item.reason for item in held] == ["paused: audit"]
