"""What of the fleet's state is news: said here in words, with the key by which it is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import News
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.domain.objective import Progress
    from codeql_fixer.policy.monitoring import FailingFamily


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
