"""The order in which the issues of a fleet are looked at.

A score depends on few values: the standing of the repository, tier and family, how often the issue was seen (up to six
times) and how it stands against its deadline. So issues are not scored one by one: every stretch of a line, in which all
of these are the same, has one score, and the stretches are put in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from codeql_fixer.domain.objective import Progress
from codeql_fixer.domain.priority import Score, Weights
from codeql_fixer.domain.queue import Line, Stretch
from codeql_fixer.policy.fix_rates import FixRate
from codeql_fixer.policy.objectives import boost_of
from codeql_fixer.policy.priority import APPEARANCES_THAT_COUNT, ScoreFacts, score
from codeql_fixer.policy.sla import SlaLimits, SlaState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from codeql_fixer.domain.objective import Objective
    from codeql_fixer.domain.registry import RepositoryEntry


class Standing(Struct, frozen=True, array_like=True):
    """What repositories are worth that are alike in it: importance, the tags that objectives ask for, their group."""

    importance: int
    group: str = ""
    tags: tuple[str, ...] = ()


class Stand(Struct, frozen=True, kw_only=True):
    """How the fleet stands at a moment: all that scores depend on beside the issues."""

    weights: Weights
    limits: tuple[SlaLimits, ...]
    progresses: tuple[Progress, ...] = ()
    fix_rates: tuple[FixRate, ...] = ()


class Ranked(Struct, frozen=True, kw_only=True):
    """A stretch of a line, with what each of its issues scores and the group that takes the turn."""

    stretch: Stretch
    score: Score
    group: str


def standing_of(entry: RepositoryEntry, objectives: Iterable[Objective]) -> str:
    """The standing of a repository in the words of the queue; "" for one that nothing is dispatched for."""
    if not entry.auto_dispatch:
        return ""
    asked = frozenset(tag for objective in objectives for tag in objective.tags)
    tags = tuple(sorted(entry.tags & asked))
    return msgspec.json.encode(Standing(entry.importance, entry.group, tags)).decode()


def ranked(lines: Iterable[Line], stand: Stand, now: datetime) -> list[Ranked]:
    """All stretches of the lines, the highest score first; among equal ones the worse tier, then the one seen more often.

    Args:
        lines: those that somebody stands in.
        stand: of the fleet.
        now: nobody was opened later.
    """
    rates = {rate.family: rate.rate for rate in stand.fix_rates}
    limits = {limit.tier: limit for limit in stand.limits}
    found = [
        one
        for line in lines
        for one in _of_line(line, stand, ages=_ages(limits.get(line.tier), now), fix_rate=rates.get(line.family))
    ]
    found.sort(key=_place)
    return found


def score_of(standing: str, facts: ScoreFacts, stand: Stand) -> Score:
    """What one issue scores."""
    place = parse_standing(standing)
    boost = boost_of(facts.tier, frozenset(place.tags), stand.progresses)
    return score(facts, weights=stand.weights, boost=boost)


def parse_standing(standing: str) -> Standing:
    """The standing behind the queue's words."""
    return msgspec.json.decode(standing, type=Standing)


def _of_line(
    line: Line, stand: Stand, *, ages: Sequence[tuple[SlaState, datetime | None, datetime]], fix_rate: float | None
) -> Iterator[Ranked]:
    place = parse_standing(line.standing)
    boost = boost_of(line.tier, frozenset(place.tags), stand.progresses)
    for recurrence in range(APPEARANCES_THAT_COUNT + 1):
        for state, since, until in ages:
            facts = ScoreFacts(
                tier=line.tier, importance=place.importance, sla=state, fix_rate=fix_rate, appearances=recurrence
            )
            yield Ranked(
                stretch=Stretch(line=line, recurrence=recurrence, since=since, until=until),
                score=score(facts, weights=stand.weights, boost=boost),
                group=place.group,
            )


def _ages(limit: SlaLimits | None, now: datetime) -> list[tuple[SlaState, datetime | None, datetime]]:
    """The states against a deadline, each with the times between which issues in it were opened."""
    if limit is None:
        return [(SlaState.NONE, None, now)]
    return [
        (SlaState.BREACHED, None, limit.breached),
        (SlaState.AT_RISK, limit.breached, limit.at_risk),
        (SlaState.ON_TRACK, limit.at_risk, now),
    ]


def _place(one: Ranked) -> tuple[float, int, int, Line]:
    line = one.stretch.line
    return (-one.score.total, -line.tier.rank, -one.stretch.recurrence, line)
