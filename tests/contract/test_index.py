"""What every index does: one suite for SQLite and for a real PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import asdict, replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cycle import Decision, DecisionAction, PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.scan_run import ScanScope, SetAsidePlace
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import UserError
from codeql_fixer.policy.sla import DEFAULT_HOURS, SlaState, limits, sla_of
from codeql_fixer.ports.index import Pause, Position
from tests.records import (
    RULE,
    at,
    cycle,
    dismissal,
    fingerprint,
    intent,
    issue_record,
    one_of_each,
    outcome,
    pull_request_seen,
    scan,
    session_seen,
    verification,
)

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect


@pytest.fixture
def index(connect: Connect) -> SqlIndex:
    """An empty index."""
    return SqlIndex(connect())


def _caught_up(index: SqlIndex, *records: AnyRecord, ledger: MemoryLedger | None = None) -> MemoryLedger:
    ledger = ledger or MemoryLedger()
    ledger.append(records)
    catch_up(ledger, index)
    return ledger


def _state(index: SqlIndex, number: int = 1) -> str:
    [row] = index.issues(fingerprint(number))
    return row.lifecycle


def _counts(index: SqlIndex, hours: float) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in index.status(at(hours), limits(at(hours), DEFAULT_HOURS)):
        counts[row.lifecycle] = counts.get(row.lifecycle, 0) + row.issues
    return counts


def test_index__is_empty_at_first(index: SqlIndex) -> None:
    assert (index.position(), index.repositories(), _counts(index, 0), index.damages()) == (Position(), [], {}, [])
    assert (index.issues("00"), index.search("sql")) == ([], [])


def test_index__remembers_what_it_has_seen(index: SqlIndex, connect: Connect) -> None:
    ledger = _caught_up(index, *one_of_each())

    again = SqlIndex(connect())

    assert again.position().tip == ledger.read_since("").tip
    assert [row.issue for row in again.issues("00")] == [row.issue for row in index.issues("00")]


def test_index__gives_an_issue_back_as_it_is(index: SqlIndex) -> None:
    _caught_up(index, scan("1", 0, issue_record(1, message="a\0b", aliases=("ab" * 10,))), scan("2", 1))

    [row] = index.issues(fingerprint(1)[:6])

    assert (row.repository, row.issue.message, row.issue.aliases) == ("acme/shop", "ab", ("ab" * 10,))
    assert (row.issue.tracking, row.issue.fixed_at, row.issue.rule_id) == ("fixed", at(1), RULE)
    assert (row.lifecycle, row.reason, row.dismissed_until) == ("fixed", "", None)


def test_index__keeps_the_same_code_in_two_repositories_apart(index: SqlIndex) -> None:
    _caught_up(index, scan("1", 0, 1), scan("1", 0, 1, target_repo="Acme/Fork"), scan("2", 1))

    assert {row.repository: row.lifecycle for row in index.issues(fingerprint(1))} == {
        "acme/shop": "fixed",
        "acme/fork": "new",
    }
    assert [row.lifecycle for row in index.issues(fingerprint(1), "ACME/fork")] == ["new"]
    assert [(row.name, row.runs) for row in index.repositories()] == [("acme/fork", 1), ("acme/shop", 2)]
    assert [row.name for row in index.repositories("Acme/SHOP")] == ["acme/shop"]


def test_index__takes_a_fork_and_an_earlier_name_for_the_repository(connect: Connect) -> None:
    index = SqlIndex(connect(), {"forks/shop": "acme/shop", "acme/old": "acme/shop"})
    early: list[AnyRecord] = [scan("1", 0, 1, target_repo="acme/Old"), intent("i-1", 1, 1, target_repo="Forks/Shop")]
    late = scan("1", 3, 1, target_repo="forks/shop")
    ledger = _caught_up(index, *early, outcome("i-1", 1), scan("9", 5))

    _caught_up(index, late, ledger=ledger)  # everything is counted again, under all names

    assert [(row.name, row.runs) for row in index.repositories("forks/SHOP")] == [("acme/shop", 3)]
    [row] = index.issues(fingerprint(1), "acme/old")
    assert (row.repository, row.issue.appearances, row.lifecycle) == ("acme/shop", 2, "fixed")
    assert [claim.repository for claim in index.claims(at(0))] == ["acme/shop"]


def test_index__is_made_anew_when_a_name_leads_elsewhere(connect: Connect) -> None:
    ledger = _caught_up(SqlIndex(connect()), scan("1", 0, 1), scan("1", 0, 2, target_repo="acme/fork"))

    index = SqlIndex(connect(), {"acme/fork": "acme/shop"})

    assert index.position() == Position()
    _caught_up(index, ledger=ledger)
    assert [(row.name, row.runs) for row in index.repositories()] == [("acme/shop", 2)]
    assert index.position().tip == ledger.read_since("").tip


def test_index__counts_a_scan_of_a_pull_request_and_learns_nothing_from_it(index: SqlIndex) -> None:
    _caught_up(index, scan("1", 0, 1), scan("2", 1, 2, scope=ScanScope.PULL_REQUEST))

    [repository] = index.repositories()
    assert (repository.runs, repository.last_run_at) == (2, at(0))
    assert _counts(index, 1) == {"new": 1}


def test_index__a_late_record_is_counted_where_it_belongs(index: SqlIndex) -> None:
    ledger = _caught_up(index, scan("1", 0, 1), scan("3", 2, 1))
    assert _state(index) == "recurring"

    _caught_up(index, scan("2", 1), ledger=ledger)

    assert _state(index) == "regressed"
    assert len(index.history(index.issues(fingerprint(1))[0].issue.key)) == 2


@pytest.mark.parametrize("first", ["facts", "scan"])
def test_index__facts_may_come_before_or_after_the_scan(index: SqlIndex, first: str) -> None:
    facts: list[AnyRecord] = [outcome("i-1", 2), intent("i-1", 1, 1)]
    parts: list[list[AnyRecord]] = [facts, [scan("1", 0, 1)]]
    ledger = MemoryLedger()

    for part in parts if first == "facts" else reversed(parts):
        _caught_up(index, *part, ledger=ledger)

    assert _state(index) == "session_dispatched"


def test_index__follows_a_fix_from_claim_to_proof(index: SqlIndex) -> None:
    ledger = _caught_up(index, scan("1", 0, 1))
    steps: list[tuple[AnyRecord, str]] = [
        (intent("i-1", 1, 1), "session_dispatched"),
        (outcome("i-1", 1.1), "session_dispatched"),
        (cycle("c-1", 2, sessions=(session_seen(SessionState.FINISHED, 2),)), "new"),
        (cycle("c-2", 3, pull_requests=(pull_request_seen(PullRequestState.OPEN, 3),)), "pr_open"),
        (verification("v-1", 3.5, verdict=Verdict.VERIFIED_FIXED), "pr_open"),
        (cycle("c-3", 4, pull_requests=(pull_request_seen(PullRequestState.MERGED, 4),)), "pr_merged"),
        (verification("v-2", 4.5, verdict=Verdict.VERIFIED_FIXED), "pr_merged"),
        (scan("2", 5), "verified_fixed"),
        (scan("3", 6, 1), "regressed"),
    ]

    for record, expected in steps:
        _caught_up(index, record, ledger=ledger)
        assert _state(index) == expected, record.id


def test_index__a_pull_request_belongs_to_the_intent_that_it_names(index: SqlIndex) -> None:
    seen = pull_request_seen(PullRequestState.OPEN, 3, intent_id="i-2", session="elsewhere")
    _caught_up(
        index,
        scan("1", 0, 1, 2),
        intent("i-1", 1, 1),
        outcome("i-1", 1),
        intent("i-2", 1, 2),
        outcome("i-2", 1, session="s-2"),
        cycle("c-1", 3, pull_requests=(seen,)),
    )

    assert (_state(index, 1), _state(index, 2)) == ("session_dispatched", "pr_open")


def test_index__an_older_observation_does_not_take_back_a_newer(index: SqlIndex) -> None:
    ledger = _caught_up(index, scan("1", 0, 1), intent("i-1", 1, 1), outcome("i-1", 1))
    _caught_up(index, cycle("c-2", 4, sessions=(session_seen(SessionState.FAILED, 4),)), ledger=ledger)

    _caught_up(index, cycle("c-1", 3, sessions=(session_seen(SessionState.WORKING, 3),)), ledger=ledger)

    assert _state(index) == "new"


def test_index__an_ambiguous_dispatch_needs_a_person(index: SqlIndex) -> None:
    _caught_up(
        index, scan("1", 0, 1), intent("i-1", 1, 1), outcome("i-1", 1, status=DispatchStatus.AMBIGUOUS, session="")
    )

    assert _state(index) == "needs_human"


def test_index__facts_under_an_earlier_name_count(index: SqlIndex) -> None:
    old = "ab" * 10
    claim = intent("i-1", 1, fingerprints=(old[:16],))

    _caught_up(index, scan("1", 0, issue_record(1, aliases=(old,))), claim)

    assert _state(index) == "session_dispatched"
    assert [row.issue.fingerprint for row in index.issues(old)] == [fingerprint(1)]


def test_status__a_dismissal_outlives_scans_and_runs_out(index: SqlIndex) -> None:
    _caught_up(index, scan("1", 0, 1, 2), dismissal("d-1", 1, expires=10), scan("2", 2, 1, 2))

    assert _counts(index, 9) == {"dismissed": 1, "recurring": 1}
    assert _counts(index, 10) == {"recurring": 2}
    assert index.issues(fingerprint(1))[0].dismissed_until == at(10)


def test_status__the_latest_dismissal_counts(index: SqlIndex) -> None:
    _caught_up(index, scan("1", 0, 1), dismissal("d-1", 1), dismissal("d-2", 5, expires=5))

    assert _counts(index, 9) == {"new": 1}


def test_status__a_dismissal_under_an_earlier_name_counts(index: SqlIndex) -> None:
    _caught_up(index, scan("1", 0, issue_record(9, aliases=(fingerprint(1),))), dismissal("d-1", 1))

    assert _counts(index, 9) == {"dismissed": 1}
    assert index.issues(fingerprint(9))[0].dismissed_until is not None


def test_status__what_is_gone_is_fixed_and_not_dismissed(index: SqlIndex) -> None:
    _caught_up(index, scan("1", 0, 1), dismissal("d-1", 1), scan("2", 2))

    assert _counts(index, 9) == {"fixed": 1}


def test_status__what_the_scanner_sets_aside_is_open_and_in_doubt(index: SqlIndex) -> None:
    """Which of the rule's findings in that file were suppressed, the record does not say."""
    _caught_up(index, scan("1", 0, 1), scan("2", 1, set_aside=(SetAsidePlace(RULE, "shop/app.py"),)))

    [row] = index.status(at(9), limits(at(9), DEFAULT_HOURS))
    assert (row.lifecycle, row.in_doubt) == ("new", 1)


def test_status__counts_doubts(index: SqlIndex) -> None:
    _caught_up(index, scan("1", 0, 1, 2), scan("2", 1, 1, scans=()))

    rows = index.status(at(2), limits(at(2), DEFAULT_HOURS))

    assert sum(row.in_doubt for row in rows) == 1


@pytest.mark.parametrize("now", [1, 17.9, 18, 23.9, 24, 24.1, 53.9, 54, 72, 500, 1000])
def test_status__deadlines_are_those_of_the_policy(index: SqlIndex, now: float) -> None:
    tiers = list(SeverityTier)
    issues = [issue_record(number, severity_tier=tier) for number, tier in enumerate(tiers)]
    fixed_late = [issue_record(number + 10, severity_tier=tier) for number, tier in enumerate(tiers)]
    fixed_in_time = [issue_record(number + 20, severity_tier=tier) for number, tier in enumerate(tiers)]
    _caught_up(
        index,
        scan("1", 0, *issues, *fixed_late, *fixed_in_time),
        scan("2", 20, *issues, *fixed_late),
        scan("3", 900, *issues),
    )
    allowed = limits(at(now), DEFAULT_HOURS)
    by_tier = {limit.tier: limit for limit in allowed}
    expected: dict[SeverityTier, list[SlaState]] = {}
    for row in index.issues("0"):
        issue = row.issue
        state = sla_of(issue.tier, issue.opened_at, issue.fixed_at, limit=by_tier.get(issue.tier))
        expected.setdefault(issue.tier, []).append(state)

    found = index.status(at(now), allowed)

    for tier, states in expected.items():
        rows = [row for row in found if row.tier is tier]
        for name in ("at_risk", "breached", "met"):
            assert sum(getattr(row, name) for row in rows) == states.count(SlaState(name)), (tier, name)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("sql injection", [1, 2, 3]),
        ("SQL", [1, 2, 3]),
        ("query 2", [2]),
        ("shop app py", [1, 2]),
        ("inject depend", [1, 2, 3]),
        ("login", [3]),
        ("nothing of the kind", []),
        ('"', []),
        ("' OR 1=1 --", []),
        ("NEAR(sql)", []),
        ("sql* & ! | :", [1, 2, 3]),
        ("", []),
        ("x" * 5000, []),
    ],
)
def test_search__finds_words_and_survives_anything(index: SqlIndex, words: str, numbers: list[int]) -> None:
    _caught_up(index, scan("1", 0, 1, 2, issue_record(3, file="web/login.py")))

    found = index.search(words)

    assert sorted(int(row.issue.fingerprint, 16) for row in found) == numbers


def test_search__follows_changes_and_leaves_renamed_ones_out(index: SqlIndex) -> None:
    old = issue_record(1, fingerprint="a" * 16, message="first")
    new = issue_record(1, fingerprint="a" * 20, message="second")
    ledger = _caught_up(index, scan("1", 0, old, fingerprint_version=0))
    assert len(index.search("first")) == 1

    _caught_up(index, scan("2", 1, new, fingerprint_version=0), ledger=ledger)

    assert [row.issue.fingerprint for row in index.search("sql")] == ["a" * 20]
    assert [row.issue.fingerprint for row in index.search("second")] == ["a" * 20]


def test_history__tells_everything_in_order(index: SqlIndex) -> None:
    _caught_up(
        index,
        scan("1", 0, 1, commit="c" * 40),
        intent("i-1", 1, 1),
        outcome("i-1", 2),
        cycle(
            "c-1",
            3,
            sessions=(session_seen(SessionState.WORKING, 3),),
            pull_requests=(pull_request_seen(PullRequestState.OPEN, 4),),
        ),
        verification("v-1", 5, verdict=Verdict.UNKNOWN),
        dismissal("d-1", 6, expires=9),
        scan("2", 7),
    )

    events = index.history(index.issues(fingerprint(1))[0].issue.key)

    assert [(event.at, event.kind, event.text) for event in events] == [
        (at(0), "seen", "at line 2 in cccccccccccc"),
        (at(1), "claimed", "for devin, attempt 1"),
        (at(2), "dispatch", "created: s-1"),
        (at(3), "session", "working"),
        (at(4), "pull request", "#7 open"),
        (at(5), "verdict", "unknown"),
        (at(6), "dismissed", "accepted_risk by sam: until 2026-03-01"),
        (at(7), "fixed", "a comparable scan does not find it"),
    ]


def test_history__tells_of_earlier_names_and_of_lookalikes(index: SqlIndex) -> None:
    old = issue_record(1, fingerprint="a" * 16)
    new = issue_record(1, fingerprint="a" * 20)
    twin = issue_record(3, occurrence=2)
    _caught_up(
        index,
        scan("1", 0, old, fingerprint_version=0),
        scan("2", 1, new, fingerprint_version=0),
        scan("3", 2, twin, target_repo="acme/twins"),
        scan("4", 3, target_repo="acme/twins"),
    )

    [earlier, later] = index.issues("a" * 16)
    [last] = index.issues(fingerprint(3))

    assert [event.kind for event in index.history(earlier.issue.key)] == ["seen", "renamed"]
    assert index.history(later.issue.key)[0].text == "under an earlier fingerprint"
    assert "told apart by their number only" in index.history(last.issue.key)[-1].text


def test_writing__all_or_nothing(index: SqlIndex) -> None:
    ledger = _caught_up(index, scan("1", 0, 1))
    before = index.position()

    def killed() -> None:
        with index.writing() as writer:
            writer.clear()
            writer.set_position(Position("never"))
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError, match="killed here"):
        killed()

    assert index.position() == before
    assert _state(index) == "new"
    assert catch_up(ledger, index).entries == 0


def test_index__refuses_tables_of_a_newer_version(connect: Connect) -> None:
    database = connect()
    SqlIndex(database)
    with database.writing():
        database.migrate("SELECT 1;", 999)

    with pytest.raises(UserError, match="this software knows up to"):
        SqlIndex(connect())


def test_issue_rows__carry_every_field(index: SqlIndex) -> None:
    """A field that is forgotten in the tables would come back as its default."""
    _caught_up(index, scan("1", 0, 1), scan("2", 1), scan("3", 2, 1), scan("4", 3, scans=()))

    [row] = index.issues(fingerprint(1))

    values = asdict(row.issue)
    assert values.pop("key") > 0
    assert (values["regressions"], values["doubt"] != "", values["opened_at"]) == (1, True, at(2))
    assert row.lifecycle is Lifecycle.REGRESSED


# --- what dispatching asks for


def test_claims__are_those_of_a_time_and_all_that_are_not_over(index: SqlIndex) -> None:
    _caught_up(
        index,
        intent("i-old", 1, 1),
        outcome("i-old", 1, session="s-old"),
        intent("i-open", 1, 2),
        intent("i-working", 1, 3),
        outcome("i-working", 1, session="s-working"),
        intent("i-new", 50, 4, family="xss", max_acu=5, act_before=at(51)),
        outcome("i-new", 50, status=DispatchStatus.REFUSED, session=""),
        cycle("c-1", 2, sessions=(session_seen(SessionState.FINISHED, 2, "s-old"),)),
    )

    found = {claim.intent_id: claim for claim in index.claims(at(40))}

    assert sorted(found) == ["i-new", "i-open", "i-working"]
    assert found["i-new"].fingerprints == (fingerprint(4),)
    assert (found["i-new"].family, found["i-new"].max_acu, found["i-new"].act_before) == ("xss", 5, at(51))
    assert (found["i-open"].outcome, found["i-working"].session_id) == (None, "s-working")
    assert len(index.claims(at(0))) == 4


def test_attempts__tell_who_tried_and_what_was_said(index: SqlIndex) -> None:
    failed = session_seen(SessionState.FAILED, 3)
    _caught_up(
        index,
        scan("1", 0, 1),
        intent("i-1", 1, 1, attempt=2, agent="local"),
        outcome("i-1", 1),
        cycle("c-1", 3, sessions=(replace(failed, detail="the tests broke"),)),
    )

    [tried] = index.attempts("ACME/shop")[fingerprint(1)]

    assert (tried.number, tried.agent, tried.session_at, tried.detail) == (2, "local", at(3), "the tests broke")


def test_acu_of__sessions_that_are_not_at_work(index: SqlIndex) -> None:
    seen = [
        replace(session_seen(state, 2, f"s-{number}"), acu_used=acu)
        for number, (state, acu) in enumerate(
            [
                (SessionState.FINISHED, 3.0),
                (SessionState.FAILED, 1.5),
                (SessionState.WORKING, 9.0),
                (SessionState.FINISHED, 0),
            ]
        )
    ]
    claims = [record for number in range(4) for record in (intent(f"i-{number}", 1, number, family="xss"),)]
    ends = [outcome(f"i-{number}", 1, session=f"s-{number}") for number in range(4)]
    _caught_up(index, *claims, *ends, cycle("c-1", 2, sessions=tuple(seen)))

    assert index.acu_of("xss") == (1.5, 3.0)


def test_pause_of__is_the_last_word(index: SqlIndex) -> None:
    def said(name: str, hours: float, action: DecisionAction) -> AnyRecord:
        decision = Decision(action=action, reason=name, target_repo="Acme/Shop")
        return replace(cycle(name, hours), decisions=(decision,))

    ledger = _caught_up(index, said("stop", 1, DecisionAction.STOP))
    assert index.pause_of("acme/SHOP") == Pause("stop", at(1))
    assert index.pause_of("acme/other") is None

    _caught_up(index, said("go", 3, DecisionAction.RESUME), ledger=ledger)
    _caught_up(index, said("late", 2, DecisionAction.STOP), ledger=ledger)

    assert index.pause_of("acme/shop") is None


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_attempts__no_session_takes_a_pull_request_from_another(index: SqlIndex, order: tuple[int, int]) -> None:
    """Two sessions say that it is theirs; whoever is right, both issues wait for it."""
    said = [
        cycle(
            f"c-{number}",
            2 + number,
            pull_requests=(
                pull_request_seen(PullRequestState.OPEN, 2 + number, intent_id=f"i-{number}", session=f"s-{number}"),
            ),
        )
        for number in (1, 2)
    ]
    _caught_up(
        index,
        scan("1", 0, 1, 2),
        intent("i-1", 1, 1),
        outcome("i-1", 1),
        intent("i-2", 1, 2),
        outcome("i-2", 1, session="s-2"),
        *(said[place] for place in order),
    )

    assert [index.issues(fingerprint(number))[0].lifecycle for number in (1, 2)] == ["pr_open", "pr_open"]


@pytest.mark.parametrize(("session", "state"), [("s-9", "session_dispatched"), ("", "new")])
def test_claims__are_settled_by_what_a_person_says(index: SqlIndex, session: str, state: str) -> None:
    seen = replace(session_seen(SessionState.WORKING, 5, session), intent_id="i-1") if session else None
    word = Decision(action=DecisionAction.SETTLE, reason="I looked", target_repo="acme/shop", intent_id="i-1")
    settled = replace(cycle("c-1", 5), decisions=(word,), sessions=(seen,) if seen else ())
    records: list[AnyRecord] = [
        scan("1", 0, 1),
        intent("i-1", 1, 1),
        outcome("i-1", 2, status=DispatchStatus.AMBIGUOUS, session=""),
    ]
    ledger = _caught_up(index, *records)
    assert _state(index) == "needs_human"

    _caught_up(index, settled, ledger=ledger)

    assert _state(index) == state
    [claim] = index.claims(at(0))
    assert claim.session_id == session


def test_issues_in__are_all_of_a_repository(index: SqlIndex) -> None:
    _caught_up(
        index,
        scan("1", 0, 1, 2, target_repo="acme/Shop"),
        scan("2", 1, 1),
        scan("3", 2, 3, target_repo="acme/other"),
        dismissal("d-1", 3, number=1),
    )

    found = {row.issue.fingerprint: row for row in index.issues_in("ACME/shop")}

    assert found == {row.issue.fingerprint: row for number in (1, 2) for row in index.issues(fingerprint(number))}
    assert found[fingerprint(1)].dismissed_until is not None
