"""How many sessions were live at once, so that tests can prove limits."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

from codeql_fixer.twin.devin.timeline import live_spans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.twin.devin.session import Session


def most_live(sessions: Iterable[Session], now: float) -> int:
    """The largest number of sessions that were ever live at the same moment until now."""
    spans = [(begin, end) for one in sessions for begin, end in live_spans(one.steps) if begin <= now]
    # At the same moment, ends come first: a session that takes the place of another is not one more.
    changes = sorted([(end, -1) for _, end in spans] + [(begin, 1) for begin, _ in spans])
    return max(accumulate(change for _, change in changes), default=0)


def most_live_by_repository(sessions: Iterable[Session], now: float) -> dict[str, int]:
    """The same for each repository."""
    by_repository = defaultdict(list)
    for session in sessions:
        by_repository[session.repository].append(session)
    return {repository: most_live(group, now) for repository, group in by_repository.items()}
