"""Laws of what a fleet offers, whatever is open, tried, dismissed, paused or at work in it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.app.facts import facts_of
from codeql_fixer.domain.cycle import Decision, DecisionAction
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.dispatching import context_of
from codeql_fixer.policy.readiness import DEFAULT_RULES
from tests.records import at, cycle, dismissal, intent, issue_record, outcome, scan, session_seen
from tests.unit.app.orchestrators import Orchestra, listed, registry

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.policy.dispatching import Candidate

Drawn: TypeAlias = "dict[str, Any]"
NAMES = ("acme/a", "acme/b", "acme/c", "acme/foreign")
ISSUE = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["critical", "high", "low"]),
    st.sampled_from(["injection", "xss"]),
    st.sampled_from(["", "a.py", "lib/b.py", "lib/c.py"]),
    st.sampled_from([0, 100, 190]),  # hours at which it was first seen
    st.sampled_from(["open", "open", "open", "dismissed", "failed", "working"]),
)
SETTINGS = st.fixed_dictionaries(
    {
        "batch_size": st.sampled_from([1, 2, 5]),
        "max_sessions_per_cycle": st.sampled_from([1, 2, 5]),
        "max_open_prs": st.sampled_from([None, 2]),
    }
)
FLEETS = st.fixed_dictionaries(
    {
        "issues": st.lists(ISSUE, max_size=40),
        "settings": SETTINGS,
        "groups": st.tuples(*(st.sampled_from(["", "web"]) for _ in range(3))),
        "paused": st.sampled_from([(), ("acme/a",)]),
        "only": st.sampled_from([None, ("acme/a", "acme/b")]),
        "clusters": st.booleans(),
    }
)


def _history(number: int, repository: str, fate: str) -> list[AnyRecord]:
    started: list[AnyRecord] = [
        intent(f"i-{number}", 195, number, target_repo=repository, family="xss"),
        outcome(f"i-{number}", 195, session=f"s-{number}"),
    ]
    match fate:
        case "dismissed":
            return [replace(dismissal(f"d-{number}", 191, number=number), target_repo=repository)]
        case "failed":
            return [
                *started,
                cycle(f"c-{number}", 196, sessions=(session_seen(SessionState.FAILED, 196, f"s-{number}"),)),
            ]
        case "working":
            return started
        case _:
            return []


def _fleet(drawn: Drawn) -> Orchestra:
    records: list[AnyRecord] = []
    for hours in (0, 100, 190):
        for name in NAMES:
            seen = [
                issue_record(number, severity_tier=SeverityTier(tier), cwe_family=family, file=file)
                for number, (where, tier, family, file, since, _) in enumerate(drawn["issues"], start=1)
                if where == name and since <= hours
            ]
            records.append(scan(f"{hours}", hours, *seen, target_repo=name))
    for number, (where, *_, fate) in enumerate(drawn["issues"], start=1):
        records += _history(number, where, fate)
    stops = tuple(Decision(action=DecisionAction.STOP, reason="audit", target_repo=name) for name in drawn["paused"])
    records.append(cycle("stops", 197, decisions=stops))
    groups = zip(NAMES[:3], drawn["groups"], strict=True)
    entries = [listed(name, group=group, **drawn["settings"]) for name, group in groups]
    fleet = Orchestra(registry(*entries, uses_clusters=drawn["clusters"]), *records, only=drawn["only"])
    fleet.clock.now = at(200)
    return fleet


def _is_ready(fleet: Orchestra, candidate: Candidate) -> bool:
    limits = fleet.limits()
    facts = facts_of(fleet.index, limits, fleet.clock())
    context = context_of(candidate.repository, candidate.family, facts, limits=limits)
    busy = facts.busy_files.get(candidate.repository, frozenset())
    return all(
        DEFAULT_RULES(issue, context) is None and issue.tracked is not None and issue.tracked.file not in busy
        for issue in candidate.issues
    )


@settings(max_examples=25, deadline=None)
@given(FLEETS)
def test_candidates__are_open_issues_of_listed_repositories_each_once(drawn: Drawn) -> None:
    fleet = _fleet(drawn)

    found = fleet.candidates()

    named = Counter((one.repository, issue.fingerprint) for one in found for issue in one.issues)
    assert set(named.values()) <= {1}
    states = {
        (row.repository, row.issue.fingerprint): row.lifecycle for name in NAMES for row in fleet.index.issues_in(name)
    }
    assert {states[name] for name in named} <= {"new", "recurring", "regressed"}
    allowed = set(NAMES[:3]) - set(drawn["paused"]) & set(drawn["only"] or NAMES)
    assert {one.repository for one in found} <= allowed
    assert all(issue.tracked and issue.tracked.family == one.family for one in found for issue in one.issues)
    assert len({one.key for one in found}) == len(found)


@settings(max_examples=25, deadline=None)
@given(FLEETS)
def test_candidates__no_repository_offers_more_than_its_share(drawn: Drawn) -> None:
    fleet = _fleet(drawn)

    ready = [one for one in fleet.candidates() if _is_ready(fleet, one)]

    offers = Counter(one.repository for one in ready)
    assert all(count <= 3 * drawn["settings"]["max_sessions_per_cycle"] for count in offers.values())
    assert all(len(one.issues) <= drawn["settings"]["batch_size"] for one in ready)


@settings(max_examples=25, deadline=None)
@given(FLEETS)
def test_candidates__every_ready_issue_is_offered_where_there_is_room_for_all(drawn: Drawn) -> None:
    """Nobody starves: not behind what rests, not behind other groups, not late in the alphabet."""
    drawn["settings"] = {**drawn["settings"], "max_sessions_per_cycle": 50}
    fleet = _fleet(drawn)
    means = set(NAMES[:3]) - set(drawn["paused"])
    means &= set(drawn["only"] or NAMES)

    offered = {(one.repository, issue.fingerprint) for one in fleet.candidates() for issue in one.issues}

    for name in means:
        for row in fleet.index.issues_in(name):
            if row.lifecycle in {"new", "recurring", "regressed"}:
                assert (name, row.issue.fingerprint) in offered


@settings(max_examples=25, deadline=None)
@given(FLEETS)
def test_offers__are_worth_less_and_less_in_a_group(drawn: Drawn) -> None:
    """An offer is worth what the issue scores that led to it."""
    fleet = _fleet(drawn | {"groups": ("web", "web", "web")})
    limits = fleet.limits()
    plan = fleet.planner.plan(facts_of(fleet.index, limits, fleet.clock()), limits)

    worths = [offer.worth for offer in fleet.work()._in_turns(plan, fleet.planner.line_up())]  # noqa: SLF001 - it shows nowhere else

    assert worths == sorted(worths, reverse=True)


@settings(max_examples=25, deadline=None)
@given(FLEETS)
def test_plan__no_two_sessions_change_one_file(drawn: Drawn) -> None:
    fleet = _fleet(drawn)
    busy = facts_of(fleet.index, fleet.limits(), fleet.clock()).busy_files

    planned = fleet.plan()

    changed = Counter(
        (item.candidate.repository, file)
        for item in planned.dispatches
        for file in {issue.tracked.file for issue in item.candidate.issues if issue.tracked and issue.tracked.file}
    )
    assert set(changed.values()) <= {1}
    assert all(file not in busy.get(name, ()) for name, file in changed)
