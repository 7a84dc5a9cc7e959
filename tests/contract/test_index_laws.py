"""Laws of the index: any split of any records in any order equals a rebuild; and a model of the lifecycle agrees."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from msgspec.structs import replace

from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.adapters.index.sqlite import SqliteDatabase
from codeql_fixer.adapters.ledger.memory import MemoryLedger
from codeql_fixer.app.catch_up import catch_up
from codeql_fixer.app.compact import compact
from codeql_fixer.domain.cycle import PullRequestCondition, PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.follow_up import FollowUpStatus
from codeql_fixer.domain.scan_run import ScanScope, SetAsidePlace
from codeql_fixer.domain.session import SessionState
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.errors import UserError
from codeql_fixer.policy.sla import DEFAULT_HOURS, limits
from tests.records import (
    RULE,
    at,
    cycle,
    dismissal,
    fingerprint,
    follow_up,
    follow_up_outcome,
    intent,
    issue_record,
    outcome,
    pull_request_seen,
    scan,
    session_seen,
    verification,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

    from codeql_fixer.domain.kinds import AnyRecord
    from tests.contract.conftest import Connect

SEQUENCES = int(os.environ.get("SEQUENCES", "500"))  # noqa: TID251 - tests
NUMBERS = st.integers(1, 5)
HOURS = st.integers(0, 40)
REPOSITORIES = st.sampled_from(["acme/shop", "Acme/Shop", "acme/fork"])


def _issue(number: int, *, is_old: bool) -> Any:  # noqa: ANN401 - a record
    """The same issue under its first name of 16 characters, or under today's, which knows the earlier one."""
    old = f"{number:x}" * 16
    return issue_record(number, fingerprint=old) if is_old else issue_record(number, aliases=(f"{old}0000",))


@st.composite
def _scans(draw: st.DrawFn) -> AnyRecord:
    hours = draw(HOURS)
    is_old = draw(st.booleans()) and hours < 20
    seen = [_issue(number, is_old=is_old) for number in draw(st.sets(NUMBERS))]
    members: dict[str, Any] = draw(
        st.sampled_from(
            [
                {},
                {},
                {},
                {"scans": ()},
                {"scope": ScanScope.PULL_REQUEST},
                {"set_aside": None},
                {"set_aside": (SetAsidePlace(RULE, "shop/app.py"),)},
            ]
        )
    )
    version = 0 if is_old else 1
    repository = draw(REPOSITORIES)
    # Ids may repeat: then the paths differ by day, and both count.
    return scan(
        f"{draw(st.integers(1, 30))}", hours, *seen, target_repo=repository, fingerprint_version=version, **members
    )


ACTS = st.one_of(
    st.builds(lambda name, hours, number: intent(f"i-{name}", hours, number), NUMBERS, HOURS, NUMBERS),
    st.builds(
        lambda name, hours, status: outcome(f"i-{name}", hours, status=status, session=f"s-{name}"),
        NUMBERS,
        HOURS,
        st.sampled_from(DispatchStatus),
    ),
    st.builds(
        lambda name, hours, status, session: cycle(
            f"c-{name}", hours, sessions=(session_seen(status, hours, f"s-{session}"),)
        ),
        st.integers(1, 99),
        HOURS,
        st.sampled_from(SessionState),
        NUMBERS,
    ),
    st.builds(
        lambda name, hours, state, session: cycle(
            f"p-{name}",
            hours,
            pull_requests=(pull_request_seen(state, hours, number=session, session=f"s-{session}"),),
        ),
        st.integers(1, 99),
        HOURS,
        st.sampled_from(PullRequestState),
        NUMBERS,
    ),
    st.builds(
        lambda name, hours, number, members: cycle(
            f"r-{name}",
            hours,
            pull_requests=(
                replace(pull_request_seen(PullRequestState.MERGED, hours, number=number, session=""), **members),
            ),
        ),
        st.integers(1, 99),
        HOURS,
        NUMBERS,
        st.sampled_from(
            [
                {"intent_id": "i-1", "reverted_at": at(30), "reverted_by": 9},
                {"intent_id": "i-2", "reverted_at": at(10)},
                {"fingerprints": (fingerprint(1), fingerprint(2))},
                {"fingerprints": (fingerprint(1),), "state": PullRequestState.OPEN},
                {"intent_id": "i-1", "state": PullRequestState.OPEN, "condition": PullRequestCondition.APPROVED},
            ]
        ),
    ),
    st.builds(follow_up, st.integers(1, 2), HOURS, attempt=st.integers(1, 2)),
    st.builds(
        lambda number, hours, status, attempt: follow_up_outcome(number, hours, status=status, attempt=attempt),
        st.integers(1, 2),
        HOURS,
        st.sampled_from(FollowUpStatus),
        st.integers(1, 2),
    ),
    st.builds(
        lambda name, hours, verdict, number: verification(f"v-{name}", hours, verdict=verdict, number=number),
        st.integers(1, 99),
        HOURS,
        st.sampled_from(Verdict),
        NUMBERS,
    ),
    st.builds(
        lambda name, hours, number: dismissal(f"d-{name}", hours, number=number, expires=hours + 10),
        st.integers(1, 99),
        HOURS,
        NUMBERS,
    ),
)
RECORDS = st.lists(st.one_of(_scans(), ACTS), max_size=25)


def _picture(index: SqlIndex) -> dict[str, Any]:
    """Everything an index answers, without the numbers that it gives its rows."""
    rows = sorted(index.issues("", ""), key=lambda row: (row.repository, row.issue.fingerprint))
    histories = {(row.repository, row.issue.fingerprint): index.history(row.issue.key) for row in rows}
    for row in rows:
        row.issue.key = 0
    return {
        "issues": rows,
        "histories": histories,
        "repositories": index.repositories(),
        "status": index.status(at(50), limits(at(50), DEFAULT_HOURS)),
        "rounds": index.rounds(),
        "linked": index.linked_claims(),
        "still_seen": index.still_seen(),
        "pull_requests": index.pull_requests_of("acme/shop"),
        "found": sorted(row.issue.fingerprint for row in index.search("query")),
    }


def _in_pieces(index: SqlIndex, records: Sequence[AnyRecord], cuts: Sequence[int]) -> MemoryLedger:
    ledger = MemoryLedger()
    start = 0
    for cut in (*sorted(cut % (len(records) + 1) for cut in cuts), len(records)):
        for record in records[start:cut]:
            _append(ledger, record)
        catch_up(ledger, index)
        start = max(start, cut)
    return ledger


def _append(ledger: MemoryLedger, record: AnyRecord) -> None:
    """Another record in the same place is refused; for this law it is as if nobody had written it."""
    with suppress(UserError):
        ledger.append([record])


def _index(name: str, folder: Path, names: Mapping[str, str] | None = None) -> SqlIndex:
    return SqlIndex(SqliteDatabase(folder / f"{name}.sqlite"), names)


@settings(max_examples=SEQUENCES // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=RECORDS,
    cuts=st.lists(st.integers(0, 30), max_size=4),
    names=st.sampled_from([{}, {"acme/fork": "acme/shop"}]),
)
def test_catch_up__in_any_pieces_equals_a_rebuild(
    *,
    records: list[AnyRecord],
    cuts: list[int],
    names: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("law")
    one, two = _index("one", folder, names), _index("two", folder, names)

    ledger = _in_pieces(one, records, cuts)
    catch_up(ledger, two)

    assert _picture(one) == _picture(two)
    catch_up(ledger, one, is_rebuild=True)
    assert _picture(one) == _picture(two)
    compact(ledger, at(24 * 60), is_dry_run=False)
    catch_up(ledger, one)
    catch_up(ledger, two, is_rebuild=True)
    assert _picture(one) == _picture(two)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS, cuts=st.lists(st.integers(0, 30), max_size=2))
def test_indexes__agree(
    *, records: list[AnyRecord], cuts: list[int], connect: Connect, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Both databases answer alike, whatever the order in which records came."""
    plain, other = _index("plain", tmp_path_factory.mktemp("law")), SqlIndex(connect())
    with other.writing() as writer:
        writer.clear()

    ledger = _in_pieces(other, records, cuts)
    catch_up(ledger, plain)

    assert _picture(plain) == _picture(other)


class LifecycleMachine(RuleBasedStateMachine):
    """One issue, and a model of what may be said of it. Time only moves on."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._database = SqliteDatabase(Path(self._folder.name) / "index.sqlite")
        self._index, self._ledger = SqlIndex(self._database), MemoryLedger()
        self._hours = 0
        self._attempts = 0
        self.was_seen = self.is_present = self.was_fixed = False
        self.opened = 0
        self.claimed: int | None = None
        self.outcome: DispatchStatus | None = None
        self.session: SessionState | None = None
        self.pull_request: PullRequestState | None = None
        self.merged: int | None = None
        self.last_seen = 0
        self.fixed_at: int | None = None
        self.sightings = 0

    def _put(self, make: Any) -> int:  # noqa: ANN401 - a function that makes a record of a time
        self._hours += 1
        self._ledger.append([make(self._hours)])
        catch_up(self._ledger, self._index)
        return self._hours

    @rule()
    def seen(self) -> None:
        now = self._put(lambda hours: scan(f"r{hours}", hours, 1))
        if self.fixed_at is not None:
            self.was_fixed, self.opened = True, now
            if self.claimed is not None:
                self._forget_attempt()
        self.was_seen = self.is_present = True
        self.sightings += 1
        self.last_seen, self.fixed_at = now, None

    @precondition(lambda self: self.was_seen)
    @rule()
    def gone(self) -> None:
        now = self._put(lambda hours: scan(f"r{hours}", hours))
        if self.fixed_at is None:
            self.fixed_at = now
        self.is_present = False

    @rule(members=st.sampled_from([{"scans": ()}, {"scope": ScanScope.PULL_REQUEST}, {"fingerprint_version": 7}]))
    def scanned_without_a_say(self, members: dict[str, Any]) -> None:
        self._put(lambda hours: scan(f"r{hours}", hours, **members))

    @precondition(lambda self: self.was_seen and self.claimed is None)
    @rule()
    def claim(self) -> None:
        self._attempts += 1
        self.claimed = self._put(lambda hours: intent(f"i-{self._attempts}", hours, 1, attempt=self._attempts))

    @precondition(lambda self: self.claimed is not None and self.outcome is None)
    @rule(status=st.sampled_from(DispatchStatus))
    def answered(self, status: DispatchStatus) -> None:
        name = f"s-{self._attempts}" if status in {DispatchStatus.CREATED, DispatchStatus.ADOPTED} else ""
        self._put(lambda hours: outcome(f"i-{self._attempts}", hours, status=status, session=name))
        self.outcome = status

    @precondition(lambda self: self.outcome in {DispatchStatus.CREATED, DispatchStatus.ADOPTED})
    @rule(status=st.sampled_from(SessionState))
    def polled(self, status: SessionState) -> None:
        def record(hours: int) -> AnyRecord:
            return cycle(f"c-{hours}", hours, sessions=(session_seen(status, hours, f"s-{self._attempts}"),))

        self._put(record)
        self.session = status

    @precondition(lambda self: self.outcome in {DispatchStatus.CREATED, DispatchStatus.ADOPTED} and self.merged is None)
    @rule(state=st.sampled_from(PullRequestState))
    def pull_request_changed(self, state: PullRequestState) -> None:
        def record(hours: int) -> AnyRecord:
            seen = pull_request_seen(state, hours, number=self._attempts, session=f"s-{self._attempts}")
            return cycle(f"c-{hours}", hours, pull_requests=(seen,))

        now = self._put(record)
        self.pull_request = state
        self.merged = now if state is PullRequestState.MERGED else None

    @rule(verdict=st.sampled_from(Verdict))
    def verify(self, verdict: Verdict) -> None:
        self._put(lambda hours: verification(f"v-{hours}", hours, verdict=verdict))  # a claim until a scan agrees

    def _forget_attempt(self) -> None:
        self.claimed = self.outcome = self.session = self.pull_request = self.merged = None

    @invariant()
    def nothing_is_said_that_is_not_proved(self) -> None:
        rows = self._index.issues(fingerprint(1))
        assert bool(rows) == self.was_seen
        if not rows:
            return
        state = rows[0].lifecycle
        if self.fixed_at is not None:
            expected = "verified_fixed" if self.merged is not None and self.merged <= self.fixed_at else "fixed"
            assert state == expected
        elif self.merged is not None:
            assert state == ("pr_merged" if self.last_seen < self.merged else self._by_scans())
        elif self.pull_request is PullRequestState.OPEN:
            assert state == "pr_open"
        elif self.outcome is DispatchStatus.AMBIGUOUS:
            assert state == "needs_human"
        else:
            assert state == ("session_dispatched" if self._is_at_work() else self._by_scans())
        assert rows[0].issue.appearances == self.sightings

    def _is_at_work(self) -> bool:
        over = {DispatchStatus.REFUSED, DispatchStatus.RELEASED}
        if self.claimed is None or self.outcome in over or self.pull_request is not None:
            return False
        return self.session in {None, SessionState.QUEUED, SessionState.WORKING, SessionState.WAITING}

    def _by_scans(self) -> str:
        if self.was_fixed:
            return "regressed"
        return "new" if self.sightings == 1 else "recurring"

    def teardown(self) -> None:
        self._database.close()
        self._folder.cleanup()


def test_lifecycle__agrees_with_the_model() -> None:
    """At least 10,000 sequences at night (`make soak SEQUENCES=10000`), 500 every day."""
    run_state_machine_as_test(
        LifecycleMachine, settings=settings(max_examples=SEQUENCES, stateful_step_count=20, deadline=None)
    )
