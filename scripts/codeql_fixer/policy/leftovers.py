"""Which open pull requests of ours nobody will merge as they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.leftover import Leftover, LeftoverKind
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence


class IssueState(Struct, frozen=True, kw_only=True):
    """An issue that a pull request is for: whether it is gone, and who else fixes it.

    `merged_since` is True when another fix of it was merged after the pull request was opened, `newer` is the number of
    a later pull request of ours that is open, 0 for none.
    """

    is_gone: bool = False
    merged_since: bool = False
    newer: int = 0


def leftover(
    issues: Sequence[IssueState],
    *,
    is_conflicting: bool,
    moved_at: datetime | None,
    now: datetime,
    stale_days: int,
) -> Leftover | None:
    """Why nobody will merge a pull request, the most telling reason; None while somebody may.

    Args:
        issues: all that it is for, none where nobody knows them any more.
        is_conflicting: with its base.
        moved_at: when anything happened at it, None where nobody tells.
        now: the time.
        stale_days: so long may nothing happen.
    """
    if issues and all(issue.is_gone for issue in issues):
        return Leftover(kind=LeftoverKind.OBSOLETE, reason="all its findings are gone by other means")
    if issues and all(issue.is_gone or issue.merged_since or issue.newer for issue in issues):
        newer = max(issue.newer for issue in issues)
        by = f"pull request {newer} is about the same findings" if newer else "another fix of its findings was merged"
        return Leftover(kind=LeftoverKind.SUPERSEDED, reason=by)
    if is_conflicting:
        return Leftover(kind=LeftoverKind.CONFLICTING, reason="it is in conflict with its base")
    if moved_at is not None and now - moved_at >= timedelta(days=stale_days):
        return Leftover(kind=LeftoverKind.STALE, reason=f"nothing happened at it for {counted(stale_days, 'day')}")
    return None
