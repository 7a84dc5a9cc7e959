"""A target's configuration narrows; it never widens."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codeql_fixer.domain.route import Routing, TargetAgents, TargetRule
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.eligibility import FilterOptions
from codeql_fixer.policy.families import FamilyTable
from codeql_fixer.policy.work_options import TargetConfig, WorkOptions, narrow

OPTIONS = WorkOptions(
    run_id="1",
    filters=FilterOptions(threshold=SeverityTier.MEDIUM, include_paths=(("src/",),), exclude_paths=(("tests/",),)),
    batch_size=5,
    max_sessions=10,
    families=FamilyTable(),
)


def test_narrow__takes_what_is_stricter_or_smaller() -> None:
    config = TargetConfig(
        severity_threshold=SeverityTier.HIGH,
        batch_size=2,
        max_sessions=3,
        include_paths=("lib/",),
        exclude_paths=("docs/",),
        cwe_families={"money": (89,)},
    )

    narrowed, ignored = narrow(OPTIONS, config)

    assert ignored == ()
    assert (narrowed.batch_size, narrowed.max_sessions) == (2, 3)
    assert narrowed.filters.threshold is SeverityTier.HIGH
    assert narrowed.filters.include_paths == (("src/",), ("lib/",))
    assert narrowed.filters.exclude_paths == (("tests/",), ("docs/",))
    assert narrowed.families.family_of((89,)) == "money"


def test_narrow__ignores_what_would_raise_a_limit_and_says_so() -> None:
    config = TargetConfig(severity_threshold=SeverityTier.LOW, batch_size=50, max_sessions=100)

    narrowed, ignored = narrow(OPTIONS, config)

    assert (narrowed.batch_size, narrowed.max_sessions) == (5, 10)
    assert narrowed.filters.threshold is SeverityTier.MEDIUM
    assert ignored == (
        "severity_threshold low ignored: medium is stricter",
        "batch_size 50 ignored: the run allows 5",
        "max_sessions 100 ignored: the run allows 10",
    )


def test_narrow__lets_the_target_choose_among_the_agents_that_are_offered() -> None:
    wishes = TargetAgents(max_acu=50, rules=(TargetRule(agents=("codemodder", "mine")),))
    options = replace(OPTIONS, routing=Routing(max_acu=10))

    narrowed, ignored = narrow(options, TargetConfig(agents=wishes))

    assert narrowed.routing.profiles == Routing().profiles
    assert [rule.agents for rule in narrowed.routing.target.rules] == [("codemodder",)]
    assert ignored == (
        "agents.max_acu 50 ignored: the operator allows 10",
        "agents.rules.0.agents: mine ignored: not offered for this repository",
    )


def test_narrow__changes_nothing_without_wishes() -> None:
    narrowed, ignored = narrow(OPTIONS, TargetConfig())

    assert (narrowed.batch_size, narrowed.max_sessions, ignored) == (5, 10, ())


@pytest.mark.parametrize("limit", ["batch_size", "max_sessions"])
@given(wish=st.integers(1, 100))
def test_narrow__never_raises_a_limit(limit: str, wish: int) -> None:
    narrowed, _ = narrow(OPTIONS, msgspec.convert({limit: wish}, TargetConfig))

    assert getattr(narrowed, limit) <= getattr(OPTIONS, limit)
