"""How often attempts at a family of weaknesses, or at a rule, end in a verified fix, and when one is given up.

An attempt is one issue in one session. It counts when it is known how it ended: a scan proves the fix, or the session
or its pull request came to nothing. What nobody has asked about, and what is still at work, is in neither number: the
first generation counted it as failed, and so locked families for ever in which nothing had gone wrong.

Callers count the attempts of the last `MEMORY` only. What is given up is tried once in a while all the same, so that it
can prove that it has changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.learning import Learning
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.policy.beta import Beta
from codeql_fixer.policy.cooldown import failed_attempts
from codeql_fixer.policy.shrinkage import FLAT, Tally, estimates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.domain.queue import FixCount
    from codeql_fixer.domain.tracked import Attempt, TrackedIssue

MEMORY = timedelta(days=90)
PROBE_AFTER = Learning().probe_after
_ENOUGH = 3  # attempts; fewer say little about the next, as in policy/budget.py
_DOUBT = 0.05  # on either side of an interval that holds the true rate with 90 %


class FixRate(Struct, frozen=True, kw_only=True):
    """What became of the attempts at a family, or with `rule_id` at one rule of it.

    `last_at` is when the last one was claimed, however it ends. `prior` is what was believed before the first one.
    """

    family: str
    rule_id: str = ""
    fixed: int = 0
    failed: int = 0
    last_at: datetime | None = None
    prior: Beta = FLAT

    @property
    def known(self) -> int:
        """How many attempts it rests on."""
        return self.fixed + self.failed

    @property
    def rate(self) -> float | None:
        """The mean of what the rate may be, None below three attempts.

        With the flat prior it is (fixed + 1) / (known + 2), the rule of succession. With others about, it is drawn
        towards what they came to (policy/shrinkage.py).
        """
        return (
            (self.fixed + self.prior.a) / (self.known + self.prior.a + self.prior.b) if self.known >= _ENOUGH else None
        )

    @property
    def subject(self) -> str:
        """What it is about."""
        return self.rule_id or self.family


def rates_of(counts: Iterable[FixCount]) -> tuple[dict[str, FixRate], dict[tuple[str, str], FixRate]]:
    """Rates by family, and by family and rule; those of which nothing is known are left out."""
    found = list(counts)
    learned = estimates({(family, rule): tally for (family, rule), tally in _tallies(found).items()})
    last: dict[tuple[str, ...], datetime] = {}
    for count in found:
        for key in ((count.family,), (count.family, count.rule_id)):
            last[key] = max(last.get(key, count.last_at), count.last_at)
    rates = {
        key: FixRate(
            family=key[0],
            rule_id=key[1] if len(key) > 1 else "",
            fixed=estimate.tally.good,
            failed=estimate.tally.bad,
            last_at=last[key],
            prior=estimate.prior,
        )
        for key, estimate in learned.items()
        if key and estimate.tally.known
    }
    return (
        {rate.family: rate for key, rate in rates.items() if len(key) == 1},
        {(rate.family, rate.rule_id): rate for key, rate in rates.items() if len(key) > 1},
    )


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

    By its own attempts only: the posterior is Beta(fixed + 1, failed + 1), whatever others came to. So nothing is given
    up for what its neighbours did. Its upper end lies below m when the chance of a rate above m is under 5 %. At a
    minimum of 20 % that takes 13 failures without a fix. Where nothing failed, or too little is known, nothing is
    hopeless.
    """
    if not rate.failed or rate.known < _ENOUGH or min_fix_rate_pct <= 0:
        return False
    return Beta(rate.fixed + 1, rate.failed + 1).above(min(min_fix_rate_pct, 100) / 100) < _DOUBT


def _tallies(counts: Iterable[FixCount]) -> dict[tuple[str, str], Tally]:
    sums: dict[tuple[str, str], Tally] = {}
    for count in counts:
        key = (count.family, count.rule_id)
        so_far = sums.get(key, Tally())
        sums[key] = Tally(so_far.good + count.fixed, so_far.bad + count.failed)
    return sums
