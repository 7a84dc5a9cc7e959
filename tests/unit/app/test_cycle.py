"""Cycles: each part stands for itself, whoever is killed is healed, and two at once do nothing twice."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.dry_run import DryAgent, DryHosting, DryLedger
from codeql_fixer.adapters.index.sql_index import SqlIndex
from codeql_fixer.app.cycle import CycleReport, Deadline
from codeql_fixer.domain.dispatch import DispatchIntent
from codeql_fixer.domain.objective import Objective
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.snapshot import Snapshot
from codeql_fixer.errors import AgentDeniedError, LedgerNotWrittenError, UpstreamError, UserError
from tests.records import issue_record, scan
from tests.unit.app.orchestrators import Orchestra, OtherLedger, listed, registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.domain.scan_run import ScanRun
    from codeql_fixer.domain.session import SessionRequest
    from codeql_fixer.ports.agent import Created
    from codeql_fixer.ports.ledger import Conflict, Landed

SHOP, API = "acme/shop", "acme/api"
NONE = Objective(name="none", target_severity=SeverityTier.HIGH, target_count=0)


def _scan(repository: str, count: int = 3) -> ScanRun:
    issues = [issue_record(number, file=f"src/{number}.py") for number in range(1, count + 1)]
    return scan("1", 0, *issues, target_repo=repository)


def _fleet(**members: object) -> Orchestra:
    chosen = listed(SHOP, API, batch_size=1)
    return Orchestra(registry(chosen, objectives=(NONE,), **members), _scan(SHOP), _scan(API))


def _claimed(fleet: Orchestra) -> Counter[tuple[str, str]]:
    """How many sessions are at work for each issue."""
    return Counter(
        (claim.repository, name)
        for claim in fleet.index.claims(fleet.clock())
        if claim.is_at_work
        for name in claim.fingerprints
    )


class _Noting(OtherLedger):
    """A ledger that remembers what was written: nobody reads a snapshot back."""

    def __init__(self, fleet: Orchestra) -> None:
        super().__init__(fleet.ledger)
        self.records: list[AnyRecord] = []

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        self.records += records
        return self.ledger.append(records, expected_tip=expected_tip)


def test_cycle__starts_sessions_and_tells_how_the_fleet_stands() -> None:
    fleet = _fleet()

    written = _Noting(fleet)

    report = fleet.runner(ledger=written).run(fleet.work())

    assert (len(fleet.agent.sessions), report.problems, report.is_scanned) == (6, [], True)
    [snapshot] = [record for record in written.records if isinstance(record, Snapshot)]
    assert [row.target_repo for row in snapshot.repositories] == [API, SHOP]
    assert len(snapshot.created_timestamps) == 6
    assert {row.last_outcome for row in snapshot.dispatch_history} == {"created"}
    assert [(row.name, row.current_count) for row in snapshot.objective_progress] == [("none", 6)]
    fleet.learn()
    assert fleet.index.baselines().popitem()[1] == 6


def test_cycle__counts_open_issues_once_for_its_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    count, times = SqlIndex.open_counts, []

    def counted(index: SqlIndex, now: datetime) -> dict[str, dict[SeverityTier, int]]:
        times.append(now)
        return count(index, now)

    fleet = _fleet()
    monkeypatch.setattr(SqlIndex, "open_counts", counted)

    fleet.runner(scanner=None, dispatcher=None).run(fleet.work())

    assert len(times) == 1


def test_cycle__goes_on_when_a_part_fails() -> None:
    fleet = _fleet()
    fleet.clock.now += timedelta(days=8)

    written = _Noting(fleet)

    report = fleet.runner(ledger=written, scanner=fleet.scanner(workflow=None)).run(fleet.work())

    assert report.problems == [
        "scans: scans are started in the control repository: say which with --control-repo OWNER/NAME"
    ]
    assert (report.is_for_user, len(fleet.agent.sessions), len(written.records)) == (True, 6, 2)


def test_cycle__says_when_sessions_could_not_be_started() -> None:
    fleet = _fleet()
    fleet.agent.faults = [UpstreamError("down"), *[UpstreamError("down")] * 5]

    report = fleet.runner().run(fleet.work())

    assert (report.problems, report.is_for_user) == (["dispatch: down"], False)


def test_cycle__says_that_a_person_has_to_look_at_a_key_that_is_denied() -> None:
    """Exit code 2, as of a run of the pipeline: to try again later does not help."""
    fleet = _fleet()
    fleet.agent.faults = [AgentDeniedError("check the key")] * 6

    report = fleet.runner().run(fleet.work())

    assert (report.problems, report.is_for_user) == (["dispatch: check the key"], True)


@pytest.mark.parametrize(("error", "is_for_user"), [(UserError("no permission"), True), (UpstreamError("down"), False)])
def test_cycle__says_who_can_mend_that_no_scan_starts(*, error: Exception, is_for_user: bool) -> None:
    fleet = _fleet()
    fleet.clock.now += timedelta(days=8)
    fleet.hosting.faults = {SHOP: [UserError("no permission")], API: [error]}

    report = fleet.runner().run(fleet.work())

    assert (len(report.problems), report.is_for_user) == (1, is_for_user)


def test_cycle__begins_nothing_after_its_time() -> None:
    fleet = _fleet()

    report = fleet.runner(deadline=Deadline(monotonic=fleet.clock.monotonic, end=0.0)).run(fleet.work())

    assert report.left_out == ["scans", "sessions", "pull requests", "proof", "dispatch", "snapshot", "alerts"]
    assert not report.is_scanned
    assert fleet.agent.sessions == {}


def test_cycle__starts_no_session_when_looking_took_all_the_time() -> None:
    fleet = _fleet()
    deadline = Deadline(monotonic=fleet.clock.monotonic, end=fleet.clock.monotonic() + 60)
    dispatcher = fleet.dispatcher()

    class Slow:
        """Somebody who looks for long."""

        def observe(self) -> int:
            fleet.clock.sleep(61)
            return 0

    report = fleet.runner(deadline=deadline, dispatcher=replace(dispatcher, watchers=(Slow(),))).run(fleet.work())

    assert report.left_out == ["pull requests", "proof", "dispatch", "snapshot", "alerts"]
    assert fleet.agent.sessions == {}


def test_cycle__has_time_until_then() -> None:
    deadline = Deadline(monotonic=lambda: 1.0, end=2.0)

    assert not deadline.is_over


@pytest.mark.parametrize("where", ["registry", "ledger"])
def test_cycle__starts_nothing_while_the_fleet_is_paused(where: str) -> None:
    fleet = _fleet(paused="audit" if where == "registry" else "")
    fleet.ledger.paused = "audit" if where == "ledger" else None

    report = fleet.runner().run(fleet.work())

    assert (report.paused, fleet.agent.sessions) == ("audit", {})
    assert {held.reason for held in report.dispatch.held} == {"paused: audit"}


def test_cycle__tells_of_a_pause_for_which_nobody_gave_a_reason() -> None:
    fleet = _fleet()
    fleet.ledger.paused = ""

    report = fleet.runner().run(fleet.work())

    assert (report.paused, fleet.agent.sessions) == ("telemetry/paused is on the ledger", {})


def test_cycle__without_a_host_or_an_agent_does_the_rest() -> None:
    fleet = _fleet()

    written = _Noting(fleet)

    report = fleet.runner(ledger=written, scanner=None, dispatcher=None).run(fleet.work())

    assert (report.scans, report.is_scanned, len(written.records)) == ([], False, 2)


def test_cycle__ends_when_the_ledger_cannot_be_written() -> None:
    fleet, report = _fleet(), CycleReport()
    ledger = _Fragile(fleet, fails_at=1, error=LedgerNotWrittenError("full"))

    with pytest.raises(LedgerNotWrittenError):
        fleet.runner(dispatcher=fleet.dispatcher(ledger)).run(fleet.work(), report)

    assert fleet.agent.sessions == {}


def test_cycle__a_dry_run_changes_nothing() -> None:
    fleet = _fleet()
    fleet.clock.now += timedelta(days=8)
    before = fleet.ledger.read_since("").tip
    dry, host = DryLedger(fleet.ledger), DryHosting(fleet.hosting, fleet.told.append)
    agent, fleet.agent = fleet.agent, DryAgent(fleet.agent, fleet.told.append)  # type: ignore[assignment]

    report = fleet.runner(
        ledger=dry, scanner=fleet.scanner(ledger=dry, hosting=host), dispatcher=fleet.dispatcher(dry)
    ).run(fleet.work())

    assert (len(report.scans), len(report.dispatch.started)) == (2, 6)
    assert fleet.ledger.read_since("").tip == before
    assert [*fleet.kept.read_since("").entries] == []
    assert (agent.sessions, fleet.hosting.triggered) == ({}, [])
    assert not fleet.index.claims(fleet.clock())
    assert sum(line.startswith("would start") for line in fleet.told) == 8


# --- killed anywhere, and two at once


class _KilledError(BaseException):
    """The process is gone."""


class _Fragile(OtherLedger):
    """A ledger that fails at a writing, before or after it is done, and ever after."""

    def __init__(self, fleet: Orchestra, *, fails_at: int, error: BaseException, is_after: bool = False) -> None:
        super().__init__(fleet.ledger)
        self._left, self._error, self._is_after = fails_at, error, is_after

    def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
        self._left -= bool(records)
        if self._left <= 0 and records:
            if self._left == 0 and self._is_after:
                self.ledger.append(records, expected_tip=expected_tip)
            raise self._error
        return self.ledger.append(records, expected_tip=expected_tip)


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fails_at", range(1, 7))
def test_cycle__killed_at_any_writing_is_healed_by_the_next(*, fails_at: int, is_after: bool) -> None:
    fleet = _fleet()
    ledger = _Fragile(fleet, fails_at=fails_at, error=_KilledError(), is_after=is_after)
    broken = fleet.runner(ledger=ledger, scanner=fleet.scanner(ledger=ledger), dispatcher=fleet.dispatcher(ledger))

    with suppress(_KilledError):
        broken.run(fleet.work())
    for _ in range(4):
        fleet.clock.now += timedelta(hours=8)
        fleet.runner(dispatcher=fleet.dispatcher()).run(fleet.work())

    assert max(_claimed(fleet).values(), default=0) <= 1
    intents = Counter(request.intent_id for request in fleet.agent.requests)
    assert set(intents.values()) == {1}
    claims = {record.id for record in fleet.records(DispatchIntent)}
    assert intents.keys() <= claims
    assert (
        len(
            {
                (request.target_repo, target.fingerprint)
                for request in fleet.agent.requests
                for target in request.targets
            }
        )
        == 6
    )


def test_cycle__two_at_once_start_every_session_once() -> None:
    """The other one runs whole just before each claim of this one."""
    fleet = _fleet()
    others: list[Callable[[], object]] = [lambda: fleet.runner(scanner=None).run(fleet.work())]

    class Contended(OtherLedger):
        """The ledger of two."""

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if expected_tip is not None and others:
                others.pop()()
            return super().append(records, expected_tip=expected_tip)

    fleet.runner(dispatcher=fleet.dispatcher(Contended(fleet.ledger))).run(fleet.work())

    assert len(fleet.agent.sessions) == 6
    assert set(_claimed(fleet).values()) == {1}


def test_cycle__killed_while_sessions_are_created_pays_none_twice() -> None:
    fleet = _fleet()
    create, left = fleet.agent.create, [3]

    def dying(request: SessionRequest) -> Created:
        left[0] -= 1
        created = create(request)
        if left[0] <= 0:
            raise _KilledError
        return created

    fleet.agent.create = dying  # type: ignore[method-assign]
    with pytest.raises(_KilledError):
        fleet.runner(scanner=None).run(fleet.work())
    fleet.agent.create = create  # type: ignore[method-assign]
    for _ in range(3):
        fleet.clock.now += timedelta(minutes=25)
        fleet.runner(scanner=None).run(fleet.work())

    assert set(Counter(request.intent_id for request in fleet.agent.requests).values()) == {1}
    assert len(fleet.agent.sessions) == 6
