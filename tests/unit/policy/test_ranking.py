"""The order of the fleet's issues: the stretches come as scores say, whatever lines there are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.domain.objective import Objective, Progress
from codeql_fixer.domain.priority import Weights
from codeql_fixer.domain.queue import Line
from codeql_fixer.domain.registry import RepositoryEntry
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.fix_rates import FixRate
from codeql_fixer.policy.priority import ScoreFacts
from codeql_fixer.policy.ranking import Stand, Standing, parse_standing, ranked, score_of, standing_of
from codeql_fixer.policy.sla import DEFAULT_HOURS, SlaState, limits
from tests.records import at

NOW = at(1000)
STAND = Stand(weights=Weights(), limits=limits(NOW, DEFAULT_HOURS))
PCI = Objective(name="pci", target_severity=SeverityTier.LOW, target_count=0, tags=frozenset({"pci"}))

STANDINGS = st.builds(Standing, st.integers(0, 100), st.sampled_from(["", "web"]), st.sampled_from([(), ("pci",)]))
LINES = st.lists(
    st.builds(
        lambda standing, tier, family: Line(_words(standing), tier, family),
        STANDINGS,
        st.sampled_from(SeverityTier),
        st.sampled_from(["xss", "injection"]),
    ),
    max_size=6,
    unique=True,
)


def _words(standing: Standing) -> str:
    entry = RepositoryEntry(
        auto_dispatch=True,
        importance=standing.importance,
        group=standing.group,
        tags=frozenset({*standing.tags, "other"}),
    )
    return standing_of(entry, [PCI])


def test_standing__is_nothing_where_nothing_is_dispatched() -> None:
    assert standing_of(RepositoryEntry(auto_dispatch=False), []) == ""


@given(STANDINGS)
def test_standing__can_be_read_back(standing: Standing) -> None:
    assert parse_standing(_words(standing)) == standing


@given(LINES)
def test_ranked__gives_every_stretch_once_the_highest_score_first(lines: list[Line]) -> None:
    found = list(ranked(lines, STAND, NOW))

    assert all(one.score.total >= two.score.total for one, two in pairwise(found))
    assert len({one.stretch for one in found}) == len(found)
    deadlines = {tier: 3 if tier is not SeverityTier.NONE else 1 for tier in SeverityTier}
    assert len(found) == sum(7 * deadlines[line.tier] for line in lines)


@given(LINES)
def test_ranked__what_is_lazily_read_is_what_sorting_gives(lines: list[Line]) -> None:
    scores = [one.score.total for one in ranked(lines, STAND, NOW)]

    assert scores == sorted(scores, reverse=True)


def test_ranked__ages_cover_all_of_time_without_a_gap() -> None:
    line = Line(_words(Standing(50)), SeverityTier.HIGH, "xss")
    ages = sorted(
        {(one.stretch.since or at(0), one.stretch.until) for one in ranked([line], STAND, NOW)}, key=lambda age: age[0]
    )

    assert [until for _, until in ages[:-1]] == [since for since, _ in ages[1:]]
    assert ages[-1][1] == NOW


def test_ranked__knows_fix_rates_objectives_and_groups() -> None:
    line = Line(_words(Standing(50, "web", ("pci",))), SeverityTier.LOW, "xss")
    stand = Stand(
        weights=Weights(),
        limits=STAND.limits,
        progresses=(Progress(objective=PCI, open_issues=4, baseline=None, target=0),),
        fix_rates=(FixRate(family="xss", fixed=3, failed=0),),
    )

    first = next(ranked([line], stand, NOW))

    assert (first.group, first.score.boost) == ("web", 0.15)
    assert first.score.feasibility == pytest.approx(0.08)


def test_score_of__is_that_of_the_stretch() -> None:
    line = Line(_words(Standing(90)), SeverityTier.CRITICAL, "xss")
    first = next(ranked([line], STAND, NOW))
    facts = ScoreFacts(tier=SeverityTier.CRITICAL, importance=90, sla=SlaState.BREACHED, fix_rate=None, appearances=6)

    assert score_of(line.standing, facts, STAND) == first.score


def test_ranked__reach_counts_where_the_operator_wants_it() -> None:
    line = Line(_words(Standing(50)), SeverityTier.HIGH, "xss", 8)
    plain, reaching = (
        next(ranked([line], Stand(weights=Weights(), limits=STAND.limits, uses_reach=wanted), NOW)).score
        for wanted in (False, True)
    )

    assert plain.reach == 0.0
    assert reaching.reach == pytest.approx(0.08)
    assert reaching.total == pytest.approx(plain.total + 0.08)
