"""Lessons: rates by kind with what they borrow, rates by version without, and what is left to people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from codeql_fixer.domain.cost import FixTime
from codeql_fixer.domain.queue import FixCount
from codeql_fixer.policy.beta import Beta
from codeql_fixer.policy.learned import given_up, lessons, versions
from codeql_fixer.policy.shrinkage import Tally
from tests.records import at


def _count(**members: Any) -> FixCount:  # noqa: ANN401 - passed on
    chosen = {"family": "xss", "rule_id": "py/xss", "language": "python", "agent": "devin", "last_at": at(0)}
    return FixCount(**{**chosen, **members})


def test_lessons__by_family_rule_language_and_agent() -> None:
    counts = [
        _count(fixed=3, failed=1, merged=4, unmerged=1),
        _count(agent="coder", failed=2, unmerged=2),
        _count(rule_id="py/other", merged=1),  # merged, and not scanned since
        _count(family="auth", rule_id="r"),  # nothing is known
    ]
    times = [FixTime(family="xss", rule_id="py/xss", agent="devin", hours=hours) for hours in (10, 30, 80)]

    found = {one.kind: one for one in lessons(counts, times)}

    assert [kind for kind in found if len(kind) in {0, 1, 2, 4}] == [
        (),
        ("xss",),
        ("xss", "py/other"),
        ("xss", "py/other", "python", "devin"),
        ("xss", "py/xss"),
        ("xss", "py/xss", "python", "coder"),
        ("xss", "py/xss", "python", "devin"),
    ]
    assert found["xss", "py/xss"].verified.tally == Tally(3, 3)
    assert found["xss", "py/xss", "python", "devin"].merged.tally == Tally(4, 1)
    assert found["xss",].merged.tally == Tally(5, 3)
    assert found["xss", "py/other"].verified.tally == Tally(0, 0)
    assert [found[kind].median_hours for kind in [(), ("xss",), ("xss", "py/xss"), ("xss", "py/other")]] == [
        30,
        30,
        30,
        None,
    ]


def test_lessons__of_nothing_are_none() -> None:
    assert lessons([], []) == []


def test_versions__rest_on_their_own_attempts() -> None:
    counts = [
        _count(prompt="p1", fixed=3),
        _count(prompt="p2", failed=1, agent="a"),
        _count(prompt="p2", failed=1),
        _count(prompt="p3"),
        _count(fixed=1),
    ]

    found = versions(counts, lambda count: count.prompt)

    assert [(one.version, one.tally, one.belief) for one in found] == [
        ("", Tally(1, 0), Beta(2, 1)),
        ("p1", Tally(3, 0), Beta(4, 1)),
        ("p2", Tally(0, 2), Beta(1, 3)),
    ]


def test_given_up__says_when_there_is_another_attempt() -> None:
    counts = [_count(failed=30, last_at=at(7)), _count(rule_id="py/good", fixed=90, last_at=at(9))]

    found = given_up(counts, 20, timedelta(hours=5))

    assert [(one.rate.subject, one.again_at) for one in found] == [("py/xss", at(12))]
