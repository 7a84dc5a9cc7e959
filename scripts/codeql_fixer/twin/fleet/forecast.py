"""What simulations of several seeds say together: means with 95 % confidence intervals, and what is sure of them."""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.severity import SeverityTier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.twin.fleet.simulation import Day

# Student's t, 97.5th percentile, for 1 to 30 degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2).
_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_Z = 1.959964
_FEWEST = 2  # seeds; one says nothing about how far others would be from it
OPEN = tuple(f"open {tier}" for tier in SeverityTier)
FIGURES = (*OPEN, "open", "sessions", "ACU", "open PRs", "missed deadlines", "verified fixes")


class Interval(Struct, frozen=True):
    """A mean, and how far the true one may be from it on either side; `half` is None where one seed says nothing."""

    mean: float
    half: float | None

    @property
    def is_off_zero(self) -> bool:
        """True when the true mean is not 0, with 95 % confidence."""
        return self.half is not None and abs(self.mean) > self.half


class Difference(Struct, frozen=True, kw_only=True):
    """One figure at the end under two configurations, and the second less the first, seed by seed."""

    figure: str
    first: Interval
    second: Interval
    change: Interval


def figures_of(day: Day) -> Mapping[str, float]:
    """The figures of a day by name."""
    tiers = {name: float(day.open_issues[tier]) for name, tier in zip(OPEN, SeverityTier, strict=True)}
    return {
        **tiers,
        "open": sum(tiers.values()),
        "sessions": day.sessions,
        "ACU": day.acu,
        "open PRs": day.open_pull_requests,
        "missed deadlines": day.missed,
        "verified fixes": day.verified,
    }


def burn_down(runs: Sequence[Sequence[Day]]) -> list[dict[str, Interval]]:
    """Every day's figures over the runs of one configuration, one for each seed."""
    found = []
    for days in zip(*runs, strict=True):
        figures = [figures_of(day) for day in days]
        found.append({name: interval([one[name] for one in figures]) for name in FIGURES})
    return found


def differences(first: Sequence[Sequence[Day]], second: Sequence[Sequence[Day]]) -> list[Difference]:
    """The last day of two configurations. Run by run both had the same seed, so what worlds differ in cancels out."""
    ends = [[figures_of(days[-1]) for days in runs] for runs in (first, second)]
    return [
        Difference(
            figure=name,
            first=interval([one[name] for one in ends[0]]),
            second=interval([one[name] for one in ends[1]]),
            change=interval([other[name] - one[name] for one, other in zip(*ends, strict=True)]),
        )
        for name in FIGURES
    ]


def interval(values: Sequence[float]) -> Interval:
    """The mean of some seeds with its 95 % confidence interval, by Student's t."""
    if len(values) < _FEWEST:
        return Interval(fmean(values), None)
    return Interval(fmean(values), students_t(len(values) - 1) * stdev(values) / math.sqrt(len(values)))


def students_t(freedom: int) -> float:
    """The 97.5th percentile; beyond the table by Cornish and Fisher's expansion, right to three decimals there."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    first = (_Z**3 + _Z) / 4
    second = (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96
    return _Z + first / freedom + second / freedom**2
