"""What attempts that are over teach: how often kinds of issues are fixed and merged, by whom, and told what."""

from __future__ import annotations

from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.policy.beta import Beta
from codeql_fixer.policy.fix_rates import FixRate, is_hopeless, rates_of
from codeql_fixer.policy.shrinkage import Estimate, Tally, estimates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import timedelta

    from codeql_fixer.domain.cost import FixTime
    from codeql_fixer.domain.queue import FixCount
    from codeql_fixer.policy.shrinkage import Kind


class Lesson(Struct, frozen=True, kw_only=True):
    """How attempts at a kind of issue ended: proved fixes, and pull requests that were merged.

    `kind` goes from family over rule and language to agent, as far as it is told apart. `median_hours` is the time
    from a claim to the scan that proved the fix, None where nothing was.
    """

    kind: tuple[str, ...]
    verified: Estimate
    merged: Estimate
    median_hours: float | None = None


class VersionLesson(Struct, frozen=True, kw_only=True):
    """How attempts ended whose agent was told by one version of prompt or playbook; `belief` is of the rate of fixes.

    By their own attempts only. Versions had other issues to fix, so a difference is a hint and no proof.
    """

    version: str
    tally: Tally

    @property
    def belief(self) -> Beta:
        """Beta(1 + fixed, 1 + failed)."""
        return Beta(1 + self.tally.good, 1 + self.tally.bad)


class GivenUp(Struct, frozen=True, kw_only=True):
    """A family or rule that is left to people, and when it may be tried once more."""

    rate: FixRate
    again_at: datetime | None


def lessons(counts: Sequence[FixCount], times: Iterable[FixTime]) -> list[Lesson]:
    """What was learned of everything, each family, each rule, and each language and agent of it, in that order.

    Kinds of which nothing is known are left out.
    """
    verified = estimates(_tallies(counts, _kind, lambda one: (one.fixed, one.failed)))
    merged = estimates(_tallies(counts, _kind, lambda one: (one.merged, one.unmerged)))
    hours: dict[Kind, list[float]] = {}
    for time in times:
        for kind in ((), (time.family,), (time.family, time.rule_id)):
            hours.setdefault(kind, []).append(time.hours)
    return [
        Lesson(
            kind=kind,
            verified=estimate,
            merged=merged[kind],
            median_hours=median(hours[kind]) if kind in hours else None,
        )
        for kind, estimate in sorted(verified.items())
        if estimate.tally.known or merged[kind].tally.known
    ]


def versions(counts: Iterable[FixCount], version_of: Callable[[FixCount], str]) -> list[VersionLesson]:
    """What was learned of each version, "" for what was not on record yet; those with nothing known are left out."""
    found = _tallies(counts, lambda one: (version_of(one),), lambda one: (one.fixed, one.failed))
    return [VersionLesson(version=kind[0], tally=tally) for kind, tally in sorted(found.items()) if tally.known]


def given_up(counts: Sequence[FixCount], min_fix_rate_pct: int, probe_after: timedelta) -> list[GivenUp]:
    """What is left to people."""
    families, rules = rates_of(counts)
    return [
        GivenUp(rate=rate, again_at=rate.last_at + probe_after if rate.last_at else None)
        for rate in (*families.values(), *rules.values())
        if is_hopeless(rate, min_fix_rate_pct)
    ]


def _kind(count: FixCount) -> Kind:
    return (count.family, count.rule_id, count.language, count.agent)


def _tallies(
    counts: Iterable[FixCount], kind_of: Callable[[FixCount], Kind], numbers: Callable[[FixCount], tuple[int, int]]
) -> dict[Kind, Tally]:
    found: dict[Kind, Tally] = {}
    for count in counts:
        good, bad = numbers(count)
        so_far = found.get(kind_of(count), Tally())
        found[kind_of(count)] = Tally(so_far.good + good, so_far.bad + bad)
    return found
