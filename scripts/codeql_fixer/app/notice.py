"""Looks for news: how the fleet stands, what happened since a while ago, and the cycle itself.

Asks only for what somebody wants to hear. What was told before is found again; whoever tells knows that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.app.planner import definition_of
from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.policy.happenings import happened
from codeql_fixer.policy.hearing import horizon
from codeql_fixer.policy.monitoring import Ended, row_began
from codeql_fixer.policy.news import news_of, used_up
from codeql_fixer.policy.sla import limits as sla_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codeql_fixer.app.fleet_state import FleetState
    from codeql_fixer.app.planner import Planner
    from codeql_fixer.domain.delivery import News
    from codeql_fixer.domain.hearing import Hearing
    from codeql_fixer.domain.occurrence import Occurrence
    from codeql_fixer.policy.monitoring import FailingFamily

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 2000  # of an event in one cycle, the latest first
_HAPPENED = tuple(
    event
    for event in AlertEvent
    if event
    not in {
        AlertEvent.OBJECTIVE_MET,
        AlertEvent.FAMILY_STOPPED,
        AlertEvent.BUDGET_EXHAUSTED,
        AlertEvent.CYCLE_COMPLETED,
    }
)


def notice(planner: Planner, state: FleetState, *, heard: Mapping[str, Hearing], now: datetime) -> list[News]:
    """The news of a fleet.

    Args:
        planner: knows deadlines, and asks the index.
        state: how the fleet stands.
        heard: what the channels want to hear.
        now: the time.
    """
    objectives = ((definition_of(one.objective), one) for one in state.objectives)
    families = [_since_it_began(planner, family) for family in state.stopped_families]
    found = [*news_of(families, objectives), *used_up(state.spent, now)]
    for event in _HAPPENED:
        since = horizon(heard, event)
        if since is not None:
            # The oldest first, as people read them.
            found += reversed([happened(event, one) for one in _occurrences(planner, event, since, now=now)])
    return found


def _since_it_began(planner: Planner, family: FailingFamily) -> FailingFamily:
    """A family with the start of its whole row: what a decision looks at slides, and the row would be news again."""
    ends = planner.index.session_ends(_EVER, family.family).get(family.family, ())
    began = row_began(Ended(end.at, end.is_success) for end in ends)
    return replace(family, since=began or family.since)


def _occurrences(planner: Planner, event: AlertEvent, since: datetime, *, now: datetime) -> Iterator[Occurrence]:
    if event is not AlertEvent.SLA_BREACH:
        yield from planner.index.occurrences(event, since, most=MOST)
        return
    rest = MOST
    for limit in sla_limits(now, planner.sla_hours):
        missed = planner.index.missed_deadlines(limit, since, now=now, most=rest)
        rest -= len(missed)
        yield from missed
