"""When a repository is scanned: due means due, and a request is never repeated while it may be running."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.queue import ScanState
from codeql_fixer.domain.registry import RepositoryEntry
from codeql_fixer.domain.schedule import ScanSource, Schedule
from codeql_fixer.policy.scanning import BACK_OFF, PATIENCE, NotDue, ScanDue, ScanFacts, due, scan_facts
from tests.records import at

SCANNED = 0.0
WEEK = 7 * 24.0


def _due(hours: float, *requests: float, last: float | None = SCANNED, **members: Any) -> ScanDue | NotDue:  # noqa: ANN401 - passed on
    commits = members.pop("commits_since", None)
    return due(
        ScanFacts(
            entry=RepositoryEntry(**{"auto_scan": True, **members}),
            now=at(hours),
            last_scan_at=None if last is None else at(last),
            requests=tuple(map(at, requests)),
            commits_since=commits,
        )
    )


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"is_enabled": False}, "the repository is disabled"),
        ({"auto_scan": False}, "auto_scan is off"),
        ({"schedule": Schedule.NEVER}, "its schedule is never"),
        ({"scan_source": ScanSource.SELF_REPORTED}, "its own workflow scans it and reports"),
    ],
)
def test_due__never(members: dict[str, Any], reason: str) -> None:
    assert _due(10_000, last=None, commits_since=10_000, adaptive_commit_threshold=1, **members) == NotDue(reason)


@pytest.mark.parametrize("source", [ScanSource.WORKFLOW, ScanSource.CODE_SCANNING])
@pytest.mark.parametrize(
    ("schedule", "hours"), [(Schedule.HOURLY, 1), (Schedule.WEEKLY, WEEK), (Schedule.MONTHLY, 720)]
)
def test_due__by_its_schedule_however_late(schedule: Schedule, hours: float, source: ScanSource) -> None:
    early = _due(hours - 0.1, schedule=schedule, scan_source=source)

    assert early == NotDue(f"{schedule}, and the last scan was at 2026-03-01 00:00", at(hours))
    for late in (hours, hours * 100):
        assert isinstance(_due(late, schedule=schedule, scan_source=source), ScanDue)


def test_due__a_new_repository_at_once() -> None:
    assert _due(0, last=None) == ScanDue("it was never scanned")


@pytest.mark.parametrize(
    ("commits", "threshold", "is_due"), [(50, 50, True), (49, 50, False), (None, 50, False), (999, None, False)]
)
def test_due__many_commits_come_before_the_schedule(
    commits: int | None, threshold: int | None, *, is_due: bool
) -> None:
    found = _due(1, commits_since=commits, adaptive_commit_threshold=threshold)

    assert isinstance(found, ScanDue) == is_due
    assert found.reason == "50 commits since the last scan, 50 are enough" or not is_due


def test_due__never_twice_while_one_may_be_running() -> None:
    running = "a scan was asked for at 2026-03-08 01:00 and may be running"

    assert _due(WEEK + 1, WEEK + 1) == NotDue(running, at(WEEK + 7))
    assert _due(WEEK + 6.9, WEEK + 1, commits_since=99, adaptive_commit_threshold=1) == NotDue(running, at(WEEK + 7))
    assert isinstance(_due(WEEK, WEEK + 1), NotDue)  # asked for by one whose clock is ahead


@pytest.mark.parametrize(
    ("requests", "asked", "next_at"),
    [((200,), "1 request", 207), ((200, 210), "2 requests", 220), ((1, 2, 3, 200), "4 requests", 230)],
)
def test_due__again_after_a_while_when_no_scan_followed(
    requests: tuple[float, ...], asked: str, next_at: float
) -> None:
    assert _due(requests[-1] + 6, *requests) == NotDue(f"no scan followed {asked}", at(next_at))
    assert _due(next_at - 0.1, *requests) == NotDue(f"no scan followed {asked}", at(next_at))
    assert isinstance(_due(next_at, *requests), ScanDue)


def test_due__a_request_that_a_scan_followed_is_settled() -> None:
    assert isinstance(_due(201 + WEEK, 1, 2, 200, last=201), ScanDue)
    for last in (200, 201):  # the times of two records may be the same
        assert _due(202, 1, 2, 200, last=last).reason.startswith("weekly")


@given(st.floats(0, 500), st.lists(st.floats(0, 500), max_size=5), st.integers(0, 100))
def test_due__is_due_at_the_time_that_it_names(now: float, requests: list[float], commits: int) -> None:
    """Unless it names another, later one: after the request failed comes the back-off, then the schedule."""
    known: dict[str, Any] = {"schedule": Schedule.DAILY, "commits_since": commits, "adaptive_commit_threshold": 50}
    hours, found = now, _due(now, *sorted(requests), **known)
    for _ in range(3):
        if isinstance(found, NotDue):
            assert found.next_at is not None
            assert found.next_at > at(hours)
            hours = (found.next_at - at(0)) / timedelta(hours=1)
            found = _due(hours + 0.001, *sorted(requests), **known)

    assert isinstance(found, ScanDue)


def test_back_off__grows() -> None:
    assert list(BACK_OFF) == sorted(BACK_OFF)
    assert timedelta(hours=6) == PATIENCE


def test_scan_facts__of_a_repository_that_the_index_does_not_know() -> None:
    entry = RepositoryEntry(repository="acme/shop")

    assert scan_facts(entry, None, at(1)) == ScanFacts(entry=entry, now=at(1))
    known = scan_facts(entry, ScanState(last_at=at(0), requests=(at(1),)), at(2))
    assert (known.last_scan_at, known.requests) == (at(0), (at(1),))
