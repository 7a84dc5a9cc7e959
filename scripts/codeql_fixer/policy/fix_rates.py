"""How often attempts at a family of weaknesses end in a verified fix.

An attempt is one issue in one session. It counts when it is known how it ended: a scan proves the fix, or the session
or its pull request came to nothing. What nobody has asked about, and what is still at work, is in neither number: the
first generation counted it as failed, and so locked families for ever in which nothing had gone wrong.

Callers count the attempts of the last `MEMORY` only, so that a family that nobody tries any more gets another chance.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.policy.cooldown import failed_attempts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.domain.tracked import Attempt, TrackedIssue

MEMORY = timedelta(days=90)
_ENOUGH = 3  # attempts; fewer say little about the next, as in policy/budget.py
_DOUBT = 0.05  # on either side of an interval that holds the true rate with 90 %


class FixRate(Struct, frozen=True, kw_only=True):
    """What became of the attempts at a family."""

    family: str
    fixed: int = 0
    failed: int = 0

    @property
    def known(self) -> int:
        """How many attempts it rests on."""
        return self.fixed + self.failed

    @property
    def rate(self) -> float | None:
        """The mean of what the rate may be, None below three attempts.

        (fixed + 1) / (known + 2), the rule of succession: the posterior mean when every rate is as likely as any other
        at first, Beta(1, 1).
        """
        return (self.fixed + 1) / (self.known + 2) if self.known >= _ENOUGH else None


def fix_rates_of(
    issues: Iterable[tuple[str, TrackedIssue, Lifecycle, Sequence[Attempt]]],
) -> dict[str, FixRate]:
    """The rate of every family that was tried.

    Args:
        issues: family, issue, how far it is, and the attempts at it.
    """
    numbers: dict[str, list[int]] = {}
    for family, issue, lifecycle, attempts in issues:
        fixed, failed = int(lifecycle is Lifecycle.VERIFIED_FIXED), len(failed_attempts(issue, attempts))
        if fixed or failed:
            known = numbers.setdefault(family, [0, 0])
            known[0] += fixed
            known[1] += failed
    return {family: FixRate(family=family, fixed=fixed, failed=failed) for family, (fixed, failed) in numbers.items()}


def is_hopeless(rate: FixRate, min_fix_rate_pct: int) -> bool:
    """True when even the upper end of the 90 % credible interval of the rate lies below the minimum.

    The posterior is Beta(fixed + 1, failed + 1). Its upper end lies below m when the chance of a rate above m is under
    5 %, and that chance is exactly the one of at most `fixed` successes in known + 1 tries at rate m (the incomplete
    beta function of whole numbers is a binomial tail: DLMF 8.17.5). At a minimum of 20 % that takes 13 failures without
    a fix. Where nothing failed, or too little is known, nothing is hopeless.
    """
    if not rate.failed or rate.known < _ENOUGH or min_fix_rate_pct <= 0:
        return False
    return _at_most(rate.fixed, rate.known + 1, min(min_fix_rate_pct, 100) / 100) < _DOUBT


def _at_most(successes: int, tries: int, chance: float) -> float:
    """The chance of so many successes or fewer, by logarithms, since the factors leave the range of floats."""
    if chance == 1:
        return 0.0
    win, lose, ways = math.log(chance), math.log1p(-chance), math.lgamma(tries + 1)
    return math.fsum(
        math.exp(ways - math.lgamma(k + 1) - math.lgamma(tries - k + 1) + k * win + (tries - k) * lose)
        for k in range(successes + 1)
    )
