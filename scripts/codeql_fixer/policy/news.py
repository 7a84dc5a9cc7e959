"""What of the fleet's state is news: said here in words, with the key by which it is told once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import News
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from codeql_fixer.domain.objective import Progress
    from codeql_fixer.policy.monitoring import FailingFamily
    from codeql_fixer.policy.room import Spent

_DAY = timedelta(days=1)


def news_of(families: Iterable[FailingFamily], objectives: Iterable[tuple[str, Progress]]) -> list[News]:
    """Families that are stopped, and objectives that are reached.

    Args:
        families: that get no more sessions for a while.
        objectives: with their definitions: one that asks for something else now is news again.
    """
    return [*map(_stopped, families), *(_met(name, one) for name, one in objectives if one.is_met)]


def _stopped(family: FailingFamily) -> News:
    return News(
        event=AlertEvent.FAMILY_STOPPED,
        key=f"{family.family} since {family.since.isoformat()}",
        title=f"No more sessions for {family.family}",
        text=f"{family.reason}. Look at what its sessions said before they failed; 'orchestrator.py sessions' lists "
        "them.",
    )


def _met(definition: str, progress: Progress) -> News:
    objective = progress.objective
    return News(
        event=AlertEvent.OBJECTIVE_MET,
        key=f"{objective.name} {definition}",  # not its baseline, which is on record from the second cycle on
        title=f"Objective {objective.name} is met",
        text=f"{counted(progress.open_issues, 'issue')} open of tier {objective.target_severity.value}, "
        f"{progress.target} wanted.",
    )


def used_up(spent: Iterable[Spent], now: datetime) -> list[News]:
    """Limits over a stretch of time that leave nothing, once for each such stretch since 1970, and once a day at most.

    What a limit counts slides: a fleet that is busy would have it free and full again all the time.
    """
    return [_used_up(one, now) for one in spent if 0 < one.limit <= one.used]


def _used_up(one: Spent, now: datetime) -> News:
    stretch = int(now.timestamp() // max(one.period, _DAY).total_seconds())
    return News(
        event=AlertEvent.BUDGET_EXHAUSTED,
        key=f"{one.name} of {one.limit}, stretch {stretch}",
        title=f"Used up: {one.name}",
        text=f"{one.used:g} of {one.limit} are used or promised. Sessions start again when some of it is free.",
        fields={"limit": str(one.limit), "used": f"{one.used:g}"},
    )


def completed(run_id: str, counts: Iterable[tuple[int, str]], problems: int) -> News:
    """A cycle that is over; `counts` are numbers with a word for what they count."""
    done = ", ".join(counted(count, noun) for count, noun in counts if count) or "nothing was due"
    return News(
        event=AlertEvent.CYCLE_COMPLETED,
        key=run_id,
        title=f"Cycle {run_id} is over" + (f" with {counted(problems, 'problem')}" if problems else ""),
        text=f"{done[0].upper()}{done[1:]}.",
        fields={"run_id": run_id, "problems": str(problems)},
    )
