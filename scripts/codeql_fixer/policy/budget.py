"""What a session may cost, and what has been spent or promised already. All in agent compute units (ACU)."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.domain.claim import Claim

# What a session may take that nobody limits, where ACU are limited in all: else those could be overrun.
UNLIMITED = 10
_ENOUGH = 3  # sessions; fewer say little about the next
_ROOM = 1.5  # of the median: half of the sessions of a family need more than the median


def session_budget(cap: int | None, spent_before: Sequence[float], *, is_limited: bool = False) -> int | None:
    """The limit for one session.

    Args:
        cap: the most that the user allows; None leaves it to the agent's service.
        spent_before: what sessions for issues of this family took.
        is_limited: whether it has to have one.

    Returns:
        One and a half times the median of the family, never more than the cap; the cap where too little is known.
        Without a cap `UNLIMITED`, or more where the family takes more, and None where it needs no limit.
    """
    usual = math.ceil(_ROOM * median(spent_before)) if len(spent_before) >= _ENOUGH else None
    if cap is None:
        return max(UNLIMITED, usual or 0) if is_limited else None
    return cap if usual is None else max(1, min(cap, usual))


def committed(claims: Iterable[Claim]) -> float:
    """What claims have cost or may still cost.

    What services report lags behind, so a session counts with its limit until its cost is known and it is over.
    """
    return sum(_committed(claim) for claim in claims if claim.has_session)


def _committed(claim: Claim) -> float:
    used = claim.acu_used or 0.0
    return used if used and not claim.is_at_work else max(used, float(claim.max_acu or 0))
