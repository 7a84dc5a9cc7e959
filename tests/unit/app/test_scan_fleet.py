"""Scans of the fleet: none is asked for twice, none is forgotten, and no repository keeps another waiting."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.app.scan_fleet import MOST_SCANS, inputs_of
from codeql_fixer.domain.cycle import Cycle, DecisionAction
from codeql_fixer.domain.registry import RepositoryEntry
from codeql_fixer.domain.schedule import ScanOptions, ScanSource, Schedule
from codeql_fixer.errors import LedgerNotWrittenError, RateLimitedError, UpstreamError, UserError
from codeql_fixer.ports.ledger import Conflict
from tests.records import at, scan
from tests.unit.app.orchestrators import Orchestra, OtherLedger, listed, registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.kinds import AnyRecord
    from codeql_fixer.ports.ledger import Landed

SHOP, API = "acme/shop", "acme/api"
ANALYSES = ScanSource.CODE_SCANNING


def _asked(fleet: Orchestra) -> list[str]:
    """Repositories of the requests on the ledger."""
    return [
        decision.target_repo
        for record in fleet.records(Cycle)
        for decision in record.decisions
        if decision.action is DecisionAction.SCAN
    ]


def test_scan__is_on_record_before_it_is_started() -> None:
    fleet = Orchestra(registry(listed(SHOP)))
    fleet.hosting.faults[SHOP] = [UpstreamError("down")]

    [order] = fleet.scanner().scan()

    assert (order.problem, order.scans, _asked(fleet)) == ("down", 0, [SHOP])
    assert fleet.told == [f"warning: {SHOP} could not be scanned: down"]


def test_scan__counts_commits_once_however_often_others_write_first() -> None:
    """A thousand repositories take minutes to ask about: after each conflict again, and no request would ever land."""
    fleet = Orchestra(registry(listed(SHOP, API, adaptive_commit_threshold=50)), *_scans([SHOP, API], 9))
    fleet.hosting.commits = {SHOP: 50, API: 3}
    conflicts = [True, True]

    class Contended(OtherLedger):
        """A ledger on which others are faster twice."""

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if expected_tip is not None and conflicts and conflicts.pop():
                return Conflict("x", ())
            return super().append(records, expected_tip=expected_tip)

    orders = [*fleet.scanner(ledger=Contended(fleet.ledger)).scan()]

    assert ([order.repository for order in orders], conflicts) == ([SHOP], [])
    assert sorted(fleet.hosting.calls) == [("commits", API), ("commits", SHOP), ("trigger", SHOP)]


def test_scan__counts_commits_again_when_a_scan_came_meanwhile() -> None:
    fleet = Orchestra(registry(listed(SHOP, adaptive_commit_threshold=50)), scan("1", 9, 1))
    fleet.hosting.commits[SHOP] = 50
    others = [True]

    class Scanned(OtherLedger):
        """Somebody else's scan lands between our look and our request."""

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if expected_tip is not None and others:
                others.pop()
                fleet.hosting.commits[SHOP] = 0
                fleet.learn(scan("2", 9.5, 1))
            return super().append(records, expected_tip=expected_tip)

    assert [*fleet.scanner(ledger=Scanned(fleet.ledger)).scan()] == []


def test_scan__a_fault_that_nobody_foresaw_stops_no_other_repository() -> None:
    """A stranger's results must not be able to hold the whole fleet."""
    fleet = Orchestra(registry(listed(SHOP, API, scan_source=ANALYSES), listed("acme/web")))
    fleet.hosting.faults = {API: [RecursionError("too deep")], "acme/web": [OSError(28, "No space left on device")]}

    orders = {order.repository: order for order in fleet.scanner().scan()}

    assert orders[API].problem == "RecursionError: too deep"
    assert orders["acme/web"].problem == "OSError: [Errno 28] No space left on device"
    assert (orders[SHOP].problem, fleet.hosting.calls.count(("analyses", SHOP))) == ("", 1)


def test_scan__that_may_be_running_is_not_asked_for_again() -> None:
    fleet = Orchestra(registry(listed(SHOP)))

    first = [*fleet.scanner().scan()]
    again = [*fleet.scanner().scan()]
    fleet.clock.now += timedelta(hours=6.9)
    resting = [*fleet.scanner().scan()]
    fleet.clock.now += timedelta(hours=0.2)
    late = [*fleet.scanner().scan()]

    assert [len(orders) for orders in (first, again, resting, late)] == [1, 0, 0, 1]
    assert [one["target_repo"] for one in fleet.hosting.triggered] == [SHOP, SHOP]


def test_scan__two_cycles_at_once_start_one() -> None:
    """The other one's request lands between our look and our request."""
    fleet = Orchestra(registry(listed(SHOP, API)))

    others = [True]

    class Contended(OtherLedger):
        """The ledger of two."""

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            if expected_tip is not None and others:
                others.pop()
                assert len([*fleet.scanner().scan({SHOP})]) == 1
            return super().append(records, expected_tip=expected_tip)

    [order] = fleet.scanner(ledger=Contended(fleet.ledger)).scan()

    assert (order.repository, sorted(_asked(fleet))) == (API, [API, SHOP])


def test_scan__gives_up_when_others_always_write_first() -> None:
    fleet = Orchestra(registry(listed(SHOP)))

    class Crowded(OtherLedger):
        """A ledger on which somebody is always faster."""

        def append(self, records: Sequence[AnyRecord], *, expected_tip: str | None = None) -> Landed | Conflict:
            return Conflict("x", ()) if records else super().append(records, expected_tip=expected_tip)

    with pytest.raises(LedgerNotWrittenError, match="before a scan could be asked for"):
        [*fleet.scanner(ledger=Crowded(fleet.ledger)).scan()]
    assert fleet.hosting.triggered == []


def test_scan__dormant_repositories_do_not_starve_the_others() -> None:
    """What the host has is looked at without a request, so nothing says when that was last done."""
    dormant = [f"acme/d{number:03}" for number in range(MOST_SCANS + 5)]
    fleet = Orchestra(
        registry(listed(*dormant, scan_source=ANALYSES), listed(SHOP)), scan("1", 0, 1), *_scans(dormant, 0)
    )
    fleet.clock.now = at(24 * 30)

    orders = [*fleet.scanner().scan()]

    assert SHOP in {order.repository for order in orders}
    assert len(orders) == len(dormant) + 1
    assert sum(order.scans for order in orders) == 1


def _scans(names: list[str], hours: float) -> list[AnyRecord]:
    return [scan("1", hours, 1, target_repo=name) for name in names]


def test_scan__asks_for_so_many_at_a_time_those_that_wait_longest_first() -> None:
    names = [f"acme/r{number:03}" for number in range(MOST_SCANS + 2)]
    fleet = Orchestra(
        registry(listed(*names)), *(scan("1", hours, 1, target_repo=name) for hours, name in enumerate(names))
    )
    fleet.clock.now = at(24 * 30)

    first = {order.repository for order in fleet.scanner().scan()}
    second = {order.repository for order in fleet.scanner().scan()}

    assert first == set(names[:MOST_SCANS])
    assert second == set(names[MOST_SCANS:])


def test_scan__a_rate_limit_ends_the_calls_not_the_cycle() -> None:
    fleet = Orchestra(registry(listed(SHOP, API), listed("acme/web", scan_source=ANALYSES)))
    fleet.hosting.faults[API] = [RateLimitedError("until 10:00")]

    orders = [*fleet.scanner().scan()]

    assert {order.repository: order.problem for order in orders} == {API: "until 10:00", SHOP: "until 10:00"}
    assert fleet.hosting.calls == [("trigger", API)]


def test_scan__looks_at_no_more_analyses_when_the_time_is_over_but_starts_what_is_on_record() -> None:
    fleet = Orchestra(registry(listed(SHOP, API), listed("acme/web", scan_source=ANALYSES)))

    orders = [*fleet.scanner().scan(is_over=lambda: True)]

    assert [order.repository for order in orders] == [API, SHOP]
    assert len(fleet.hosting.triggered) == 2


def test_scan__needs_no_control_repository_for_what_the_host_has() -> None:
    fleet = Orchestra(registry(listed(SHOP, scan_source=ANALYSES)))

    [order] = fleet.scanner(workflow=None, intake=lambda *_: 2).scan()

    assert (order.problem, order.scans) == ("", 2)


def test_scan__says_where_it_would_be_started() -> None:
    fleet = Orchestra(registry(listed(SHOP)))

    with pytest.raises(UserError, match="--control-repo"):
        [*fleet.scanner(workflow=None).scan()]
    assert _asked(fleet) == []


def test_scan__analyses_that_cannot_be_read_do_not_stop_the_others() -> None:
    fleet = Orchestra(registry(listed(SHOP, API, scan_source=ANALYSES)))
    fleet.hosting.faults[API] = [UpstreamError("half an answer")]

    orders = [*fleet.scanner().scan()]

    assert {order.repository: order.problem for order in orders} == {API: "half an answer", SHOP: ""}


def test_scan__a_ledger_that_cannot_be_written_ends_it() -> None:
    fleet = Orchestra(registry(listed(SHOP, scan_source=ANALYSES)))
    fleet.hosting.faults[SHOP] = [LedgerNotWrittenError("full")]

    with pytest.raises(LedgerNotWrittenError):
        [*fleet.scanner().scan()]


@pytest.mark.parametrize(("commits", "is_due"), [(49, False), (50, True)])
def test_orders__many_commits_make_a_repository_due(*, commits: int, is_due: bool) -> None:
    fleet = Orchestra(registry(listed(SHOP, adaptive_commit_threshold=50)), scan("1", 9, 1))
    fleet.hosting.commits[SHOP] = commits

    assert len([*fleet.scanner().scan()]) == is_due


def test_orders__commits_that_nobody_could_count_change_nothing() -> None:
    fleet = Orchestra(registry(listed(SHOP, adaptive_commit_threshold=50)), scan("1", 9, 1))
    fleet.hosting.faults[SHOP] = [UpstreamError("down")]

    [order] = fleet.scanner().orders()

    assert "the last scan was at" in order.decision.reason
    assert fleet.told == [f"warning: {SHOP}: nobody counted its commits: down"]


def test_orders__commits_are_counted_only_where_they_matter() -> None:
    own = listed(SHOP, adaptive_commit_threshold=50, scan_source=ScanSource.SELF_REPORTED)
    never = listed(API, adaptive_commit_threshold=50, schedule=Schedule.NEVER)
    new = listed("acme/new", adaptive_commit_threshold=50)
    fleet = Orchestra(registry(own, never, new), scan("1", 9, 1), scan("1", 9, 1, target_repo=API))

    orders = fleet.scanner().orders({SHOP, API, "acme/new"})

    assert len(orders) == 3
    assert fleet.hosting.calls == []


def test_inputs__say_what_the_registry_says() -> None:
    entry = RepositoryEntry(repository=SHOP, scan=ScanOptions(languages="python"), default_branch="dev")

    assert inputs_of(entry) == {
        "target_repo": SHOP,
        "mode": "orchestrator",
        "languages": "python",
        "severity_threshold": "low",
        "default_branch": "dev",
    }
