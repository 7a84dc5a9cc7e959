"""What every queue does: one suite for SQLite and for a real PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.domain.cycle import Decision, DecisionAction, ObjectiveObservation, PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.queue import Line, ScanState, Stretch
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
    pull_request_seen,
    scan,
    session_seen,
)

if TYPE_CHECKING:
    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect

SHOP, API = "acme/shop", "acme/api"


@pytest.fixture
def index(connect: Connect) -> SqlIndex:
    """An empty index."""
    return SqlIndex(connect())


@pytest.fixture
def ledger() -> MemoryLedger:
    """An empty ledger."""
    return MemoryLedger()


def _learn(index: SqlIndex, ledger: MemoryLedger, *records: AnyRecord) -> None:
    ledger.append(records)
    catch_up(ledger, index)


def _ends(index: SqlIndex, hours: float) -> dict[str, tuple[int, int]]:
    """Attempts that fixed their issue and that did not, by family."""
    found: dict[str, tuple[int, int]] = {}
    for count in index.fix_counts(at(hours)):
        fixed, failed = found.get(count.family, (0, 0))
        found[count.family] = (fixed + count.fixed, failed + count.failed)
    return found


def _stretch(line: Line, recurrence: int = 1, *, until: float = 1000, since: float | None = None) -> Stretch:
    return Stretch(line=line, recurrence=recurrence, until=at(until), since=None if since is None else at(since))


def _fingerprints(index: SqlIndex, line: Line, recurrence: int = 1) -> list[str]:
    names = []
    for waiting in index.waiting(_stretch(line, recurrence)):
        rows = index.open_of(waiting.repository, line.family, start=0, most=100)
        names += [row.issue.fingerprint for row in rows if row.issue.key == waiting.key]
    return names


def test_queue__nobody_stands_in_line_before_repositories_have_a_standing(
    index: SqlIndex, ledger: MemoryLedger
) -> None:
    _learn(index, ledger, scan("1", 0, 1, 2))

    assert (index.lines(), index.standings()) == ([], {SHOP: ""})

    index.set_standings({SHOP: "50"})

    assert index.standings() == {SHOP: "50"}
    assert [(line.standing, line.tier) for line in index.lines()] == [("50", SeverityTier.HIGH)]


def test_queue__what_comes_later_gets_the_standing_of_its_repository(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, scan("1", 0, 1))
    index.set_standings({SHOP: "50"})

    _learn(index, ledger, scan("2", 1, 1, 2), scan("1", 1, 3, target_repo=API))

    [line] = index.lines()
    assert _fingerprints(index, line) == [fingerprint(2)]
    assert _fingerprints(index, line, 2) == [fingerprint(1)]
    assert index.standings() == {API: "", SHOP: "50"}


def test_queue__the_oldest_is_first_and_all_are_read_in_parts(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, *(scan(str(number), number / 100, *range(1, number + 1)) for number in range(1, 100)))
    index.set_standings({SHOP: "50"})
    [line] = index.lines()

    first = index.waiting(_stretch(line, 6))
    rest = index.waiting(_stretch(line, 6), first[-1])

    assert len({item.key for item in [*first, *rest]}) == len(first) + len(rest) == 94
    assert [item.opened_at for item in [*first, *rest]] == sorted(item.opened_at for item in [*first, *rest])


def test_queue__age_bounds_both_ends(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, scan("1", 0, 1), scan("1", 5, 2, target_repo=API), scan("1", 9, 3, target_repo="acme/web"))
    index.set_standings({SHOP: "50", API: "50", "acme/web": "50"})
    [line] = index.lines()

    assert [item.repository for item in index.waiting(_stretch(line, until=5))] == [SHOP, API]
    assert [item.repository for item in index.waiting(_stretch(line, until=9, since=0))] == [API, "acme/web"]
    assert [item.repository for item in index.waiting(_stretch(line, until=5, since=4.9))] == [API]


def test_queue__lines_are_by_standing_tier_and_family(index: SqlIndex, ledger: MemoryLedger) -> None:
    low = issue_record(2, severity_tier=SeverityTier.LOW, cwe_family="xss")
    _learn(index, ledger, scan("1", 0, 1, low), scan("1", 0, 3, target_repo=API))
    index.set_standings({SHOP: "75", API: "50"})
    family = index.open_of(SHOP, "xss", start=0, most=9)[0].issue.family

    lines = index.lines()

    assert [(line.standing, line.tier.value) for line in lines] == [("50", "high"), ("75", "high"), ("75", "low")]
    assert (family, lines[2].family) == ("xss", "xss")


def test_queue__who_is_worked_on_leaves_the_line(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, scan("1", 0, 1, 2))
    index.set_standings({SHOP: "50"})
    [line] = index.lines()

    _learn(index, ledger, intent("1", 1, 1))
    assert _fingerprints(index, line) == [fingerprint(2)]
    assert index.files_of(SHOP, fingerprint(1))
    assert [claim.is_at_work for claim in index.claims(at(9))] == [True]

    _learn(index, ledger, outcome("1", 2, status=DispatchStatus.RELEASED, session=""))
    assert sorted(_fingerprints(index, line)) == [fingerprint(1), fingerprint(2)]
    assert index.claims(at(9)) == []
    key = next(item.key for item in index.waiting(_stretch(line, until=9)))
    assert [attempt.outcome for attempt in index.attempts_at(key)] == [DispatchStatus.RELEASED]


def test_queue__reads_a_family_by_tier_and_place(index: SqlIndex, ledger: MemoryLedger) -> None:
    issues = [
        issue_record(1, severity_tier=SeverityTier.LOW, file="a.py"),
        issue_record(2, file="z.py"),
        issue_record(3, severity_tier=SeverityTier.CRITICAL, file="m.py"),
        issue_record(4, file="b.py"),
    ]
    _learn(index, ledger, scan("1", 0, *issues))
    family = index.issues(fingerprint(1))[0].issue.family

    rows = index.open_of(SHOP, family, start=0, most=3)
    more = index.open_of(SHOP, family, start=3, most=3)

    assert [row.issue.file for row in [*rows, *more]] == ["m.py", "b.py", "z.py", "a.py"]


def test_queue__counts_what_is_open_and_how_attempts_ended(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, scan("1", 0, 1, 2, 3))
    assert index.open_counts(at(9)) == {SHOP: {SeverityTier.HIGH: 3}}
    assert index.fix_counts(at(0)) == []

    _learn(
        index,
        ledger,
        *(
            record
            for name in ("1", "2")
            for record in (intent(name, 1, int(name)), outcome(name, 1, session=f"s-{name}"))
        ),
        cycle(
            "1",
            2,
            sessions=(session_seen(SessionState.FINISHED, 2, "s-1"), session_seen(SessionState.FAILED, 2, "s-2")),
            pull_requests=(pull_request_seen(PullRequestState.MERGED, 2),),
        ),
        scan("2", 3, 2, 3),
    )

    assert _ends(index, 0) == {"injection": (1, 1)}
    assert index.open_counts(at(9)) == {SHOP: {SeverityTier.HIGH: 2}}


def test_queue__a_session_that_nobody_looked_at_counts_neither_way(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(index, ledger, scan("1", 0, 1), intent("1", 1, 1), outcome("1", 1))

    assert _ends(index, 0) == {"injection": (0, 0)}


def test_queue__knows_open_pull_requests_and_pauses(index: SqlIndex, ledger: MemoryLedger) -> None:
    stop = Decision(action=DecisionAction.STOP, reason="a bad wave", target_repo="Acme/Shop")
    _learn(index, ledger, scan("1", 0, 1), intent("1", 1, 1), outcome("1", 1))
    _learn(
        index, ledger, cycle("1", 2, pull_requests=(pull_request_seen(PullRequestState.OPEN, 2),), decisions=(stop,))
    )

    assert index.open_pull_requests() == {SHOP: 1}
    assert {name: pause.reason for name, pause in index.pauses().items()} == {SHOP: "a bad wave"}


def test_queue__a_scan_ends_the_requests_before_it(index: SqlIndex, ledger: MemoryLedger) -> None:
    def asked(name: str, hours: float, repository: str) -> AnyRecord:
        wanted = Decision(action=DecisionAction.SCAN, reason="it is due", target_repo=repository)
        return cycle(name, hours, decisions=(wanted,))

    _learn(index, ledger, scan("1", 0, 1), asked("1", 1, "Acme/Shop"), asked("2", 2, SHOP), asked("3", 2, API))
    assert index.scans() == {
        API: ScanState(requests=(at(2),)),
        SHOP: ScanState(last_at=at(0), requests=(at(1), at(2))),
    }

    _learn(index, ledger, scan("2", 3, 1))
    assert index.scans()[SHOP] == ScanState(last_at=at(3))


def test_queue__the_first_observation_of_an_objective_is_its_baseline(index: SqlIndex, ledger: MemoryLedger) -> None:
    def seen(name: str, hours: float, count: int) -> AnyRecord:
        observation = ObjectiveObservation(name="fewer", definition="d-1", open_issues=count)
        return replace(cycle(name, hours), objectives=(observation,))

    _learn(index, ledger, seen("2", 2, 7))
    _learn(index, ledger, seen("3", 3, 5), seen("1", 1, 9))

    assert index.baselines() == {"d-1": 9}


def test_queue__a_claim_is_known_as_long_as_its_pull_request_is_open(index: SqlIndex, ledger: MemoryLedger) -> None:
    """Whether it names its claim, or its session only."""
    _learn(
        index,
        ledger,
        scan("1", 0, 1, 2, 3),
        *(record for n in (1, 2, 3) for record in (intent(f"i-{n}", 1, n), outcome(f"i-{n}", 1, session=f"s-{n}"))),
        cycle(
            "c-1",
            2,
            sessions=tuple(session_seen(SessionState.FINISHED, 2, f"s-{n}") for n in (1, 2, 3)),
            pull_requests=(
                pull_request_seen(PullRequestState.OPEN, 2, number=7, intent_id="i-1", session="s-1"),
                pull_request_seen(PullRequestState.OPEN, 2, number=8, session="s-2"),
                pull_request_seen(PullRequestState.CLOSED, 2, number=9, intent_id="i-3", session="s-3"),
            ),
        ),
    )

    assert [claim.intent_id for claim in index.claims(at(900))] == ["i-1", "i-2"]
    assert index.open_pull_requests_by_claim() == {"i-1": 1, "i-2": 1}


def test_queue__open_issues_are_counted_without_what_is_dismissed_now(index: SqlIndex, ledger: MemoryLedger) -> None:
    """By its present name or an earlier one; the latest word about an issue holds, and none brings back a fixed one."""
    renamed = issue_record(3, aliases=(fingerprint(30),))
    _learn(index, ledger, scan("1", 0, 1, 2, renamed, 4), scan("2", 1, 1, 2, renamed))
    _learn(
        index,
        ledger,
        dismissal("d-1", 2, number=1),
        dismissal("d-2", 2, number=2),
        dismissal("d-3", 3, number=2, expires=5),
        dismissal("d-4", 2, number=30, expires=8),
        dismissal("d-5", 2, number=4),
        dismissal("d-6", 2, number=99),
    )

    assert index.open_counts(at(4)) == {}
    assert index.open_counts(at(6)) == {SHOP: {SeverityTier.HIGH: 1}}
    assert index.open_counts(at(9)) == {SHOP: {SeverityTier.HIGH: 2}}


def test_queue__attempts_are_counted_since_a_moment(index: SqlIndex, ledger: MemoryLedger) -> None:
    _learn(
        index,
        ledger,
        scan("1", 0, 1, 2),
        *(
            record
            for n, at_ in ((1, 1), (2, 49))
            for record in (intent(f"i-{n}", at_, n), outcome(f"i-{n}", at_, session=f"s-{n}"))
        ),
        cycle("c", 50, sessions=tuple(session_seen(SessionState.FAILED, 50, f"s-{n}") for n in (1, 2))),
    )

    assert _ends(index, 0) == {"injection": (0, 2)}
    assert _ends(index, 24) == {"injection": (0, 1)}
    assert _ends(index, 72) == {}


def test_queue__reads_a_tier_by_age_before_place(index: SqlIndex, ledger: MemoryLedger) -> None:
    late = issue_record(1, file="a.py")
    early = issue_record(2, file="z.py")
    _learn(index, ledger, scan("1", 0, early), scan("2", 1, early, late))

    rows = index.open_of(SHOP, "injection", start=0, most=2)

    assert [row.issue.file for row in rows] == ["z.py", "a.py"]


def test_queue__the_part_of_a_line_in_one_repository_is_read_for_itself(index: SqlIndex, ledger: MemoryLedger) -> None:
    numbers = range(1, 100)
    _learn(
        index, ledger, scan("1", 0, *numbers), scan("1", 1, 1, 2, target_repo=API), scan("1", 2, 3, target_repo="a/x")
    )
    index.set_standings({SHOP: "50", API: "50", "a/x": "75"})
    line = index.lines()[0]

    first = index.waiting(_stretch(line), repository=SHOP)
    rest = index.waiting(_stretch(line), first[-1], repository=SHOP)

    assert [item.repository for item in index.waiting(_stretch(line), repository=API)] == [API, API]
    assert {item.repository for item in [*first, *rest]} == {SHOP}
    assert len({item.key for item in [*first, *rest]}) == len(first) + len(rest) == len(numbers)
    assert index.waiting(_stretch(line, until=0.5), repository=API) == []
    assert index.waiting(_stretch(line), repository="a/x") == index.waiting(_stretch(line), repository="a/y") == []


def test_queue__a_request_before_a_scan_is_none_in_whatever_order_they_come(
    index: SqlIndex, ledger: MemoryLedger
) -> None:
    wanted = Decision(action=DecisionAction.SCAN, reason="it is due", target_repo=SHOP)
    _learn(index, ledger, scan("1", 5, 1))
    _learn(index, ledger, cycle("early", 4, decisions=(wanted,)), cycle("late", 6, decisions=(wanted,)))
    assert index.scans()[SHOP] == ScanState(last_at=at(5), requests=(at(6),))

    _learn(index, ledger, scan("2", 6, 1))
    assert index.scans()[SHOP] == ScanState(last_at=at(6))

    _learn(index, ledger, scan("0", 4, 1))  # late, so all is counted again
    assert index.scans()[SHOP] == ScanState(last_at=at(6))


def test_queue__what_much_depends_on_has_a_line_of_its_own(index: SqlIndex, ledger: MemoryLedger) -> None:
    issues = [issue_record(1, file="core.py"), issue_record(2, file="edge.py")]
    _learn(index, ledger, replace(scan("1", 0, *issues), reach={"core.py": 0.84}))
    index.set_standings({SHOP: "50"})

    edge, core = index.lines()

    assert (edge.reach, core.reach) == (0, 8)
    assert [_fingerprints(index, line) for line in (edge, core)] == [[fingerprint(2)], [fingerprint(1)]]
    assert index.issues(fingerprint(1))[0].issue.reach == 8

    _learn(index, ledger, scan("2", 1, *issues))  # nobody measured it
    assert {line.reach for line in index.lines()} == {0}
