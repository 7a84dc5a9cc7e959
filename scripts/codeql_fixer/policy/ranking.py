"""The order in which the issues of a fleet are looked at.

A score depends on few values: the standing of the repository, tier and family, how often the issue was seen (up to six
times) and how it stands against its deadline. So issues are not scored one by one: every stretch of a line, in which
all of these are the same, has one score, and the stretches are put in order.
"""

from __future__ import annotations

from functools import lru_cache
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct

from codeql_fixer.domain.objective import Progress
from codeql_fixer.domain.priority import Score, Weights
from codeql_fixer.domain.queue import Line, Stretch
from codeql_fixer.policy.fix_rates import FixRate
from codeql_fixer.policy.objectives import boost_of
from codeql_fixer.policy.priority import APPEARANCES_THAT_COUNT, ScoreFacts, score
from codeql_fixer.policy.reach import bonus_of
from codeql_fixer.policy.sla import SlaLimits, SlaState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from codeql_fixer.domain.objective import Objective
    from codeql_fixer.domain.registry import RepositoryEntry


_Place: TypeAlias = "tuple[float, int, int, Line, datetime]"


class Standing(Struct, frozen=True, array_like=True):
    """What repositories are worth that are alike in it: importance, the tags that objectives ask for, their group."""

    importance: int
    group: str = ""
    tags: tuple[str, ...] = ()


class Stand(Struct, frozen=True, kw_only=True):
    """How the fleet stands at a moment: all that scores depend on beside the issues."""

    weights: Weights
    limits: tuple[SlaLimits, ...]
    uses_reach: bool = False
    progresses: tuple[Progress, ...] = ()
    fix_rates: tuple[FixRate, ...] = ()

    def rate_of(self, family: str) -> float | None:
        """How often attempts at a family fix it; None when nobody knows."""
        return next((rate.rate for rate in self.fix_rates if rate.family == family), None)


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


def ranked(lines: Iterable[Line], stand: Stand, now: datetime) -> Iterator[Ranked]:
    """All stretches of the lines, the highest score first; among equal ones the worse tier, the one seen more often.

    Args:
        lines: those that somebody stands in.
        stand: of the fleet.
        now: nobody was opened later.
    """
    stands = _Lines(stand, now)
    # A line is taken apart when its best stretch could be next: most plans never get to most lines.
    bounds = sorted((-stands.most(line), line) for line in lines)
    heap: list[tuple[_Place, Ranked]] = []
    for bound, line in bounds:
        while heap and heap[0][0][0] < bound:
            yield heappop(heap)[1]
        for one in stands.stretches(line):
            heappush(heap, (_place(one), one))
    while heap:
        yield heappop(heap)[1]


def score_of(standing: str, facts: ScoreFacts, stand: Stand, *, reach: int = 0) -> Score:
    """What one issue scores."""
    place = parse_standing(standing)
    boost = boost_of(facts.tier, frozenset(place.tags), stand.progresses)
    return score(facts, weights=stand.weights, boost=boost, reach=bonus_of(reach / 10) if stand.uses_reach else 0.0)


@lru_cache(maxsize=1024)  # a fleet has a few
def parse_standing(standing: str) -> Standing:
    """The standing behind the queue's words."""
    return msgspec.json.decode(standing, type=Standing)


class _Lines:
    """Takes lines apart."""

    def __init__(self, stand: Stand, now: datetime) -> None:
        self._stand, self._now = stand, now
        self._limits = {limit.tier: limit for limit in stand.limits}

    def most(self, line: Line) -> float:
        """What an issue of the line scores at most."""
        state = SlaState.BREACHED if line.tier in self._limits else SlaState.NONE
        return self._score(line, state, APPEARANCES_THAT_COUNT).total

    def stretches(self, line: Line) -> Iterator[Ranked]:
        """Its stretches, each with its score."""
        group = parse_standing(line.standing).group
        for state, since, until in self._ages(line):
            for recurrence in range(APPEARANCES_THAT_COUNT + 1):
                yield Ranked(
                    stretch=Stretch(line=line, recurrence=recurrence, since=since, until=until),
                    score=self._score(line, state, recurrence),
                    group=group,
                )

    def _score(self, line: Line, state: SlaState, recurrence: int) -> Score:
        facts = ScoreFacts(
            tier=line.tier,
            importance=importance_of(line.standing),
            sla=state,
            fix_rate=self._stand.rate_of(line.family),
            appearances=recurrence,
        )
        return score_of(line.standing, facts, self._stand, reach=line.reach)

    def _ages(self, line: Line) -> list[tuple[SlaState, datetime | None, datetime]]:
        """The states against a deadline, each with the times between which issues in it were opened."""
        limit = self._limits.get(line.tier)
        if limit is None:
            return [(SlaState.NONE, None, self._now)]
        return [
            (SlaState.BREACHED, None, limit.breached),
            (SlaState.AT_RISK, limit.breached, limit.at_risk),
            (SlaState.ON_TRACK, limit.at_risk, self._now),
        ]


def importance_of(standing: str) -> int:
    """The importance of repositories of a standing."""
    return parse_standing(standing).importance


def _place(one: Ranked) -> _Place:
    stretch = one.stretch
    return (-one.score.total, -stretch.line.tier.rank, -stretch.recurrence, stretch.line, stretch.until)
