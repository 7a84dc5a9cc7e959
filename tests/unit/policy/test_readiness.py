"""The skip rules: what each of them says, that the first objection decides, and that there has to be a rule."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.cycle import DecisionAction, PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.policy.fix_rates import FixRate
from codeql_fixer.policy.monitoring import FailingFamily
from codeql_fixer.policy.readiness import DEFAULT_RULES, Context, Rule, Rules, Verdict, held_family
from tests.dispatching import attempt, candidate_issue
from tests.records import RULE, at, fingerprint

if TYPE_CHECKING:
    from codeql_fixer.policy.dispatching import CandidateIssue

SKIP, WAIT, ASK = DecisionAction.SKIP, DecisionAction.WAIT, DecisionAction.ASK
FAILED = SessionState.FAILED
AMBIGUOUS = attempt(1, outcome=DispatchStatus.AMBIGUOUS)
HOPELESS = FixRate(family="xss", failed=20)


def _context(**members: Any) -> Context:  # noqa: ANN401 - passed on
    return Context(**{"now": at(100), "repository": "acme/shop", **members})


def _failing(hours: float) -> FailingFamily:
    return FailingFamily(family="xss", failures=3, since=at(0), until=at(hours))


def _failed(*hours: float) -> dict[str, Any]:
    return {"attempts": tuple(attempt(when, session=FAILED) for when in hours)}


def _given_up(rule_id: str, hours: float) -> FixRate:
    return FixRate(family="xss", rule_id=rule_id, failed=20, last_at=at(hours))


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[DecisionAction, str, float | None] | None]] = {
    "ready": ({}, {}, None),
    "claimed": ({}, {"busy": {("acme/shop", fingerprint(1))}}, (SKIP, "a claim for it is open", None)),
    "another's": ({}, {"busy": {("acme/shop", fingerprint(2)), ("a/b", fingerprint(1))}}, None),
    "dismissed": ({"dismissed_until": at(101)}, {}, (SKIP, "it is dismissed", 101)),
    "dismissed until now": ({"dismissed_until": at(100)}, {}, None),
    "fixed": ({"lifecycle": Lifecycle.FIXED}, {}, (SKIP, "it is fixed", None)),
    "verified": ({"lifecycle": Lifecycle.VERIFIED_FIXED}, {}, (SKIP, "it is fixed", None)),
    "at work": ({"lifecycle": Lifecycle.SESSION_DISPATCHED}, {}, (SKIP, "a session is at work on it", None)),
    "open": ({"lifecycle": Lifecycle.PR_OPEN}, {}, (SKIP, "its pull request is open", None)),
    "merged": (
        {"lifecycle": Lifecycle.PR_MERGED},
        {},
        (WAIT, "its fix is merged and no scan has looked since", None),
    ),
    "unknown": ({"tracked": None}, {}, (SKIP, "no scan of the default branch has reported it", None)),
    "ambiguous": (
        {"attempts": (AMBIGUOUS,)},
        {},
        (ASK, "nobody can tell whether a session was started for it", None),
    ),
    "ambiguous before the last": ({"attempts": (AMBIGUOUS, attempt(2, outcome=DispatchStatus.REFUSED))}, {}, None),
    "a person is asked": (
        {"lifecycle": Lifecycle.NEEDS_HUMAN, "attempts": (attempt(1, (PullRequestState.OPEN, 2), asked="enough"),)},
        {},
        (ASK, "enough", None),
    ),
    "a person was asked, and closed it": (
        {"attempts": (attempt(1, (PullRequestState.CLOSED, 2), asked="enough"),)},
        {},
        None,
    ),
    "somebody else had the last word": (
        {"attempts": (AMBIGUOUS, attempt(2, (PullRequestState.CLOSED, 3), is_ours=False))},
        {},
        (ASK, "nobody can tell whether a session was started for it", None),
    ),
    "exhausted": (_failed(1, 2, 3, 4), {"max_attempts": 9}, (ASK, "4 attempts failed: it needs a person", None)),
    "had its sessions": (_failed(1, 2), {"max_attempts": 2}, (ASK, "it had its 2 sessions: it needs a person", None)),
    "closed counts as a session": (
        {"attempts": (attempt(1, (PullRequestState.CLOSED, 2)),)},
        {"max_attempts": 1},
        (ASK, "it had its 1 session: it needs a person", None),
    ),
    "refused is no session": (
        {"attempts": (attempt(1, outcome=DispatchStatus.REFUSED), attempt(2, session=FAILED))},
        {"max_attempts": 2},
        None,
    ),
    "rests": (_failed(90), {}, (WAIT, "it rests until 2026-03-05 19:00 after 1 failure", 115)),
    "rested": (_failed(75), {}, None),
    "a retry does not rest": (_failed(98), {"is_retry": True}, None),
    "a family that fails": (
        {},
        {"failing": _failing(120)},
        (WAIT, "3 sessions in a row failed for xss: no more before 2026-03-06", 120),
    ),
    "a family that may try again": ({}, {"failing": _failing(100)}, None),
    "a family without hope": (
        {},
        {"fix_rate": HOPELESS, "min_fix_rate_pct": 20},
        (SKIP, "0 of 20 attempts at xss fixed anything, and at least 20 % are asked for", None),
    ),
    "a rule without hope": (
        {},
        {"rule_rates": {("injection", RULE): _given_up(RULE, 90)}, "min_fix_rate_pct": 20},
        (
            SKIP,
            f"0 of 20 attempts at {RULE} fixed anything, and at least 20 % are asked for: one more after 2026-03-18",
            90 + 14 * 24,
        ),
    ),
    "another rule": (
        {},
        {"rule_rates": {("injection", "py/other"): _given_up("py/other", 90)}, "min_fix_rate_pct": 20},
        None,
    ),
    "given up, and tried not long ago": (
        {},
        {"fix_rate": _given_up("", 90), "min_fix_rate_pct": 20, "probe_after": timedelta(hours=11)},
        (
            SKIP,
            "0 of 20 attempts at xss fixed anything, and at least 20 % are asked for: one more after 2026-03-05",
            101,
        ),
    ),
    "given up, and rested": (
        {},
        {"fix_rate": _given_up("", 90), "min_fix_rate_pct": 20, "probe_after": timedelta(hours=10)},
        None,
    ),
    "given up, and tried again just now": (
        {},
        {
            "fix_rate": _given_up("", 90),
            "min_fix_rate_pct": 20,
            "probe_after": timedelta(hours=10),
            "tried": {("xss", "")},
        },
        (
            SKIP,
            "0 of 20 attempts at xss fixed anything, and at least 20 % are asked for: one more after 2026-03-05",
            110,
        ),
    ),
    "another family was tried just now": (
        {},
        {
            "fix_rate": _given_up("", 90),
            "min_fix_rate_pct": 20,
            "probe_after": timedelta(hours=10),
            "tried": {("auth", ""), ("xss", "py/xss")},
        },
        None,
    ),
    "a family with little hope": ({}, {"fix_rate": HOPELESS, "min_fix_rate_pct": 5}, None),
}


@pytest.mark.parametrize(("issue", "context", "expected"), ROWS.values(), ids=ROWS)
def test_default_rules(
    issue: dict[str, Any], context: dict[str, Any], expected: tuple[DecisionAction, str, float | None] | None
) -> None:
    verdict = DEFAULT_RULES(candidate_issue(1, **issue), _context(**context))

    if expected is None:
        assert verdict is None
    else:
        action, reason, until = expected
        assert verdict == Verdict(action=action, reason=reason, until=None if until is None else at(until))


def test_default_rules__the_most_informative_reason_first() -> None:
    """One that is dismissed and rests, in a family that fails, is dismissed."""
    issue = candidate_issue(1, dismissed_until=at(200), lifecycle=Lifecycle.FIXED, **_failed(90))
    context = _context(failing=_failing(120), busy={("acme/shop", fingerprint(1))})

    said = [(name, verdict.reason) for name, verdict in DEFAULT_RULES.explained(issue, context) if verdict]

    assert said == [
        ("no claim is open", "a claim for it is open"),
        ("not dismissed", "it is dismissed"),
        ("nothing under way", "it is fixed"),
        ("rested", "it rests until 2026-03-05 19:00 after 1 failure"),
        ("its family does not fail in a row", "3 sessions in a row failed for xss: no more before 2026-03-06"),
    ]
    verdict = DEFAULT_RULES(issue, context)
    assert verdict
    assert verdict.reason == said[0][1]


def test_default_rules__ask_no_rate_of_what_no_scan_reported() -> None:
    context = _context(rule_rates={("injection", RULE): _given_up(RULE, 90)}, min_fix_rate_pct=20)

    said = dict(DEFAULT_RULES.explained(candidate_issue(1, tracked=None), context))

    assert said["its rule can be fixed"] is None


def test_rules__none_is_an_error() -> None:
    with pytest.raises(ValueError, match="give at least one"):
        Rules([])


def test_rules__may_be_others() -> None:
    no = Verdict(action=ASK, reason="no")

    assert Rules([Rule("never", lambda *_: no)])(candidate_issue(1), _context()) == no


ISSUES = st.builds(
    candidate_issue,
    st.just(1),
    lifecycle=st.sampled_from(Lifecycle),
    dismissed_until=st.none() | st.floats(0, 200).map(at),
    attempts=st.lists(st.floats(0, 99), max_size=5).map(
        lambda hours: tuple(attempt(when, session=FAILED) for when in sorted(hours))
    ),
)


@given(issue=ISSUES, failing_until=st.floats(0, 200), is_retry=st.booleans())
def test_default_rules__a_verdict_with_a_time_changes_then(
    issue: CandidateIssue, failing_until: float, *, is_retry: bool
) -> None:
    """The reason, at least: another one may hold it for longer."""
    known = {"failing": _failing(failing_until), "is_retry": is_retry, "max_attempts": 9}

    verdict = DEFAULT_RULES(issue, _context(**known))

    if verdict and verdict.until:
        assert verdict.until > at(100)
        assert DEFAULT_RULES(issue, _context(**known, now=verdict.until)) != verdict


@pytest.mark.parametrize(
    ("members", "action"),
    [
        ({}, None),
        ({"failing": _failing(120)}, WAIT),
        ({"failing": _failing(99)}, None),
        ({"fix_rate": HOPELESS, "min_fix_rate_pct": 20}, SKIP),
        ({"fix_rate": HOPELESS}, None),
    ],
)
def test_held_family__is_what_the_rules_say_of_each_of_its_issues(
    members: dict[str, Any], action: DecisionAction | None
) -> None:
    held = held_family(_context(**members))

    assert (held.action if held else None) == action
    assert DEFAULT_RULES(candidate_issue(1), _context(**members)) == held
