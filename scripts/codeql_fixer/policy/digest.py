"""Makes one of many: people read one alert about 75 issues, and none of 75."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import News
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEW = 5  # of an event in one cycle that are told one by one
MOST_COVERED = 5000  # as a record has it
_SHOWN = 8
_FLEET = "the fleet"
_TOGETHER = {
    AlertEvent.SCAN_STARTED: "scans were asked for",
    AlertEvent.SCAN_COMPLETED: "scans have come in",
    AlertEvent.SESSION_CREATED: "sessions have started",
    AlertEvent.SESSION_FINISHED: "sessions are over",
    AlertEvent.PR_OPENED: "pull requests are open",
    AlertEvent.FIX_VERIFIED: "fixes are verified",
    AlertEvent.OBJECTIVE_MET: "objectives are met",
    AlertEvent.SLA_BREACH: "issues missed their deadlines",
    AlertEvent.FAMILY_STOPPED: "families get no more sessions",
    AlertEvent.BUDGET_EXHAUSTED: "limits are used up",
    AlertEvent.NEEDS_HUMAN: "issues need a person",
    AlertEvent.CYCLE_COMPLETED: "cycles are over",
}


def digested(news: Iterable[News]) -> list[News]:
    """The same, but one alert for all of an event of which there are more than a few.

    Its key is made from theirs, so that whoever has the same ones makes the same one.
    """
    by_event: dict[AlertEvent, list[News]] = {}
    for one in news:
        by_event.setdefault(one.event, []).append(one)
    told: list[News] = []
    for event, found in by_event.items():
        told += found if len(found) <= FEW else [_digest(event, found[:MOST_COVERED])]
    return told


def _digest(event: AlertEvent, found: Sequence[News]) -> News:
    ids = sorted({one.alert for one in found})
    places = Counter(one.repository or _FLEET for one in found)
    shown = [f"{name}: {count}" for name, count in places.most_common(_SHOWN)]
    if len(places) > _SHOWN:
        shown.append(f"and {counted(len(places) - _SHOWN, 'more repository', 'more repositories')}")
    examples = [f"- {one.title}" for one in found[:_SHOWN]]
    times = [one.at for one in found if one.at is not None]
    return News(
        event=event,
        key=f"{len(ids)} together: {sha256(' '.join(ids).encode()).hexdigest()}",
        title=f"{len(ids)} {_TOGETHER[event]}",
        text="\n".join([", ".join(shown), "", *examples, *(["- ..."] if len(found) > _SHOWN else [])]),
        repository=found[0].repository if len(places) == 1 else "",
        at=max(times, default=None),
        fields={"count": str(len(ids)), "repositories": str(len(places))},
        covers=tuple(ids),
    )
