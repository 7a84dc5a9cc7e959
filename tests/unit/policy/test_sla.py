"""Deadlines."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.policy.sla import DEFAULT_HOURS, SlaState, limits, sla_of
from tests.records import at

CRITICAL = SeverityTier.CRITICAL


@pytest.mark.parametrize(
    ("opened", "fixed", "expected"),
    [
        (0, None, SlaState.ON_TRACK),
        (-17.9, None, SlaState.ON_TRACK),
        (-18, None, SlaState.AT_RISK),  # three quarters of the time
        (-23.9, None, SlaState.AT_RISK),
        (-24, None, SlaState.BREACHED),
        (-100, None, SlaState.BREACHED),
        (-100, -77, SlaState.MET),
        (-100, -76, SlaState.BREACHED),  # fixed, and too late
    ],
)
def test_sla_of__critical(opened: float, fixed: float | None, expected: SlaState) -> None:
    limit = limits(at(0), DEFAULT_HOURS)[0]

    assert sla_of(CRITICAL, at(opened), None if fixed is None else at(fixed), limit=limit) is expected


@pytest.mark.parametrize(("tier", "hours"), [("critical", 24), ("high", 72), ("medium", 168), ("low", 720)])
def test_limits__are_those_that_were_promised(tier: str, hours: int) -> None:
    [limit] = [item for item in limits(at(0), DEFAULT_HOURS) if item.tier == tier]

    assert (limit.hours, limit.breached, limit.at_risk) == (hours, at(-hours), at(-hours * 0.75))


def test_sla_of__a_tier_without_a_deadline_has_none() -> None:
    limit = limits(at(0), DEFAULT_HOURS)[0]

    assert sla_of(SeverityTier.NONE, at(-999), None, limit=None) is SlaState.NONE
    assert sla_of(SeverityTier.LOW, at(-999), None, limit=limit) is SlaState.NONE
