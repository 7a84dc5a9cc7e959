"""How a simulation starts: the repositories and what is open in them, made up or taken from somebody's index."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.policy.fix_rates import rates_of
from codeql_fixer.twin.fleet.assumptions import Assumptions
from codeql_fixer.twin.fleet.flaws import Flaw, FlawMaker
from codeql_fixer.twin.fleet.luck import poisson, size_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.policy.fix_rates import FixRate
    from codeql_fixer.ports.index import Index
    from codeql_fixer.twin.fleet.luck import Luck

BEGINNING = datetime(2030, 1, 7, tzinfo=UTC)  # a Monday; nothing depends on it
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_OLDEST = timedelta(days=30)  # of the findings of a made-up fleet at its start
_SMALLEST = 0.1
# What is assumed of a family weighs as much as this many attempts at it.
_WEIGHT = 10
_USUAL_BATCH = 3  # findings in a session, where only what the session cost is known


class StartRepository(Struct, frozen=True, kw_only=True):
    """A repository with what is open in it; `size` is 1 on average."""

    name: str
    size: float = 1.0
    flaws: tuple[Flaw, ...] = ()


class Start(Struct, frozen=True, kw_only=True):
    """A fleet at the beginning; `assumptions` hold what is known of its families."""

    repositories: tuple[StartRepository, ...]
    assumptions: Assumptions


def made_up(names: Iterable[str], assumptions: Assumptions, luck: Luck) -> Start:
    """A fleet that nobody has: each repository with a size of its own, and findings that came in the last month."""
    return Start(repositories=tuple(_made_up(name, assumptions, luck) for name in names), assumptions=assumptions)


def _made_up(name: str, assumptions: Assumptions, luck: Luck) -> StartRepository:
    stream = luck.stream("start", name)
    size = size_of(stream, assumptions.size_spread)
    maker = FlawMaker(name, size, assumptions, luck=stream)
    count = poisson(stream, size * assumptions.open_at_start)
    return StartRepository(
        name=name, size=size, flaws=tuple(maker.make(BEGINNING - stream.random() * _OLDEST) for _ in range(count))
    )


def taken_over(index: Index, names: Sequence[str], assumptions: Assumptions, *, now: datetime) -> Start:
    """The fleet that an index knows: what is open, and what attempts and sessions tell about families.

    Args:
        index: of the user; it is only read.
        names: of the repositories; what the index does not know starts without findings.
        assumptions: for all that it does not tell.
        now: the time of the index; findings are as old at the simulation's beginning as they are then.
    """
    flaws = {name: _open_in(index, name, BEGINNING - now) for name in names}
    known = [found for found in flaws.values() if found]
    mean = sum(map(len, known)) / len(known) if known else 1.0
    everything = [flaw for found in known for flaw in found]
    return Start(
        repositories=tuple(
            StartRepository(name=name, size=max(_SMALLEST, len(found) / mean), flaws=found)
            for name, found in flaws.items()
        ),
        assumptions=_measured(index, everything, replace(assumptions, open_at_start=mean)),
    )


def _open_in(index: Index, name: str, later: timedelta) -> tuple[Flaw, ...]:
    return tuple(
        Flaw(
            fingerprint=row.issue.fingerprint,
            rule_id=row.issue.rule_id,
            family=row.issue.family,
            tier=row.issue.tier,
            file=row.issue.file,
            line=row.issue.start_line or 1,
            present_since=row.issue.opened_at + later,
        )
        for row in index.issues_in(name)
        if row.issue.tracking.is_open
    )


def _measured(index: Index, flaws: Sequence[Flaw], assumptions: Assumptions) -> Assumptions:
    """What is known in the place of what is assumed."""
    tiers, shares = Counter(flaw.tier for flaw in flaws), Counter(flaw.family for flaw in flaws)
    counts, _ = rates_of(index.rule_counts(_EVER))
    families = dict(assumptions.families) if not shares else {name: assumptions.family(name) for name in shares}
    for name, assumed in families.items():
        acu = index.acu_of(name)
        families[name] = replace(
            assumed,
            share=float(shares[name]) if shares else assumed.share,
            fix_probability=_fix_probability(counts[name], assumptions, assumed.fix_probability)
            if name in counts
            else assumed.fix_probability,
            acu=acu[len(acu) // 2] / cost_factor(_USUAL_BATCH) if acu else assumed.acu,
        )
    return replace(assumptions, families=families, tiers=dict(tiers) if tiers else assumptions.tiers)


def _fix_probability(count: FixRate, assumptions: Assumptions, assumed: float) -> float:
    """How often an attempt fixes its finding. What is on record has gone through session and review as well."""
    through = (1 - assumptions.session_failures) * assumptions.merge_probability
    rate = (count.fixed + _WEIGHT * assumed * through) / (count.fixed + count.failed + _WEIGHT)
    return min(1.0, rate / through) if through else assumed


def cost_factor(findings: int) -> float:
    """How much more a session with so many findings takes than one with a single one."""
    return 1 + (findings - 1) / 2
