"""Which open pull requests nobody will merge as they are."""

from __future__ import annotations

from typing import Any

import pytest

from codeql_fixer.policy.leftovers import IssueState, leftover
from tests.records import at

OPEN, GONE = IssueState(), IssueState(is_gone=True)
MERGED, NEWER = IssueState(merged_since=True), IssueState(newer=9)
CALM: dict[str, Any] = {"is_conflicting": False, "moved_at": at(24 * 14), "now": at(24 * 15), "stale_days": 14}
ROWS: dict[str, tuple[tuple[IssueState, ...], dict[str, Any], tuple[str, str] | None]] = {
    "somebody may merge it": ((OPEN,), {}, None),
    "nobody knows its issues": ((), {}, None),
    "all gone": ((GONE, GONE), {}, ("obsolete", "all its findings are gone by other means")),
    "one is left": ((GONE, OPEN), {}, None),
    "a newer one": ((NEWER, GONE), {}, ("superseded", "pull request 9 is about the same findings")),
    "another one was merged": ((MERGED,), {}, ("superseded", "another fix of its findings was merged")),
    "a newer one for some of it": ((NEWER, OPEN), {}, None),
    "in conflict": ((OPEN,), {"is_conflicting": True}, ("conflicting", "it is in conflict with its base")),
    "gone comes before a conflict": (
        (GONE,),
        {"is_conflicting": True},
        ("obsolete", "all its findings are gone by other means"),
    ),
    "stale": ((OPEN,), {"moved_at": at(24)}, ("stale", "nothing happened at it for 14 days")),
    "nobody tells when it moved": ((OPEN,), {"moved_at": None}, None),
}


@pytest.mark.parametrize(("issues", "members", "expected"), ROWS.values(), ids=ROWS.keys())
def test_leftover__is_the_most_telling(
    issues: tuple[IssueState, ...], members: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    found = leftover(issues, **{**CALM, **members})

    assert (None if found is None else (found.kind.value, found.reason)) == expected
