"""`learning`: how often attempts end in a proved fix, by kind of issue and by what agents were told."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.bootstrap.chosen import chosen
from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import caught_up, cell, days_of, print_table, when
from codeql_fixer.policy.fix_rates import MEMORY
from codeql_fixer.policy.learned import given_up, lessons, versions
from codeql_fixer.policy.triage import FRESH, triage_lessons
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.policy.beta import Beta
    from codeql_fixer.policy.learned import GivenUp, Lesson, VersionLesson
    from codeql_fixer.policy.triage import TriageLesson

_LEVELS = ("family", "rule_id", "language", "agent")
_DEPTHS = (0, 1, 2, 4)  # everything, families, rules, and languages and agents of them


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the days are no number, or there is no such repository.
    """
    clock = SystemClock()
    room = OrchestratorRoom(FleetSettings.from_environ(os.environ, flags), os.environ, clock=clock.now, tell=say)
    index = room.fleet.index()
    days = days_of(own["days"], MEMORY.days)
    tip = caught_up(room.fleet, index)
    only = chosen(room.registry, frozenset(index.standings()), repository=own["repo"], tag=None)
    name, since = next(iter(only)) if only else "", clock.now() - timedelta(days=days)
    counts = index.fix_counts(since, name)
    learned = [one for one in lessons(counts, index.fix_times(since, name)) if len(one.kind) in _DEPTHS]
    told = {
        "prompt": versions(counts, lambda count: count.prompt),
        "playbook": versions(counts, lambda count: count.playbook),
    }
    triaged = triage_lessons(index.triaged_tries(since, FRESH, name))
    registry = room.registry
    # What is given up is decided by the whole fleet's attempts within the memory, whatever is asked for here.
    left = given_up(index.rule_counts(clock.now() - MEMORY), registry.min_fix_rate_pct, registry.learning.probe_after)
    if is_json:
        document = {
            "ledger_commit": tip,
            "days": days,
            "kinds": [_document(one) for one in learned],
            "versions": {what: [_version_document(one) for one in found] for what, found in told.items()},
            "given_up": [_given_up_document(one) for one in left],
            "triage": [_triage_document(one) for one in triaged],
        }
        print(json.dumps(document))
        return
    _show(learned, told, left)
    _show_triage(triaged)


def _show(learned: Sequence[Lesson], told: Mapping[str, Sequence[VersionLesson]], left: Sequence[GivenUp]) -> None:
    if not learned:
        print("nothing is known yet: no attempt is over of which a scan, a session or a pull request tells the end")
        return
    head = ("FAMILY", "RULE", "LANGUAGE", "AGENT", "FIXED", "FAILED", "RATE (90 %)", "MERGED", "DAYS TO A FIX")
    print_table([head, *map(_row, learned)])
    for what, found in told.items():
        rows = [(one.version or "(not on record)", *_numbers(one)) for one in found]
        print()
        print_table([(what.upper(), "FIXED", "FAILED", "RATE (90 %)"), *rows])
    for one in left:
        again = f": one more attempt after {when(one.again_at)} UTC" if one.again_at else ""
        print(cell(f"{one.rate.subject} is left to people{again}", 200))


def _show_triage(triaged: Sequence[TriageLesson]) -> None:
    if triaged:
        rows = [("up" if one.is_up else "down", *_numbers(one)) for one in triaged]
        print()
        print_table([("PUT BY TRIAGE", "FIXED", "FAILED", "RATE (90 %)"), *rows])


def _row(one: Lesson) -> tuple[str, ...]:
    names = [*map(cell, one.kind), *[""] * (len(_LEVELS) - len(one.kind))]
    tally = one.verified.tally
    return (
        names[0] or "(everything)",
        *names[1:],
        str(tally.good),
        str(tally.bad),
        _rate(one.verified.belief),
        f"{one.merged.belief.mean:.0%}",
        "-" if one.median_hours is None else f"{one.median_hours / 24:.1f}",
    )


def _numbers(one: VersionLesson | TriageLesson) -> tuple[str, ...]:
    return str(one.tally.good), str(one.tally.bad), _rate(one.belief)


def _rate(belief: Beta) -> str:
    low, high = belief.interval
    return f"{belief.mean:.0%} ({low:.0%} to {high:.0%})"


def _document(one: Lesson) -> dict[str, object]:
    return {
        **dict(zip(_LEVELS, one.kind, strict=False)),
        "fixed": one.verified.tally.good,
        "failed": one.verified.tally.bad,
        "verified_rate": _believed(one.verified.belief),
        "merged": one.merged.tally.good,
        "not_merged": one.merged.tally.bad,
        "merged_rate": _believed(one.merged.belief),
        "median_hours_to_a_verified_fix": one.median_hours,
    }


def _version_document(one: VersionLesson) -> dict[str, object]:
    return {
        "version": one.version or None,
        "fixed": one.tally.good,
        "failed": one.tally.bad,
        "verified_rate": _believed(one.belief),
    }


def _triage_document(one: TriageLesson) -> dict[str, object]:
    return {
        "put": "up" if one.is_up else "down",
        "fixed": one.tally.good,
        "failed": one.tally.bad,
        "verified_rate": _believed(one.belief),
    }


def _given_up_document(one: GivenUp) -> dict[str, object]:
    return {
        "family": one.rate.family,
        "rule_id": one.rate.rule_id or None,
        "fixed": one.rate.fixed,
        "failed": one.rate.failed,
        "again_at": one.again_at.isoformat() if one.again_at else None,
    }


def _believed(belief: Beta) -> dict[str, float]:
    low, high = belief.interval
    return {"mean": belief.mean, "low_90": low, "high_90": high}
