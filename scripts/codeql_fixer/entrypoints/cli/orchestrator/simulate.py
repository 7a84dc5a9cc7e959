"""`simulate`: what the next days would bring under one registry or several; nothing is paid, claimed or asked."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.bootstrap.simulation import Order, build_trial, run_all
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import cell, print_table
from codeql_fixer.entrypoints.cli.pipeline_output import progress
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.settings import FleetSettings
from codeql_fixer.twin.fleet.forecast import FIGURES, burn_down, differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.bootstrap.simulation import Trial
    from codeql_fixer.twin.fleet.forecast import Difference, Interval
    from codeql_fixer.twin.fleet.simulation import Day

_NUMBER = re.compile("[0-9]{1,9}")
_DAYS, _REPOSITORIES, _SEEDS, _SEED = range(1, 366), range(1, 20_001), range(1, 1001), range(1, 10**9)
_USUAL_DAYS = 30
_SEVERAL = 10  # seeds, where configurations are compared
_MOST_ROWS = 10


def run(flags: Mapping[str, str], own: Mapping[str, str | list[str] | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: a number or a file is wrong, or there is nothing to simulate.
    """
    settings = FleetSettings.from_environ(os.environ, flags, needs_ledger=False)
    policies = [*(own["policy"] or [])]
    days = _number(own, "days", _DAYS) or _USUAL_DAYS
    first = _number(own, "seed", _SEED) or 1
    seeds = range(first, first + (_number(own, "seeds", _SEEDS) or (_SEVERAL if len(policies) > 1 else 1)))
    repositories = _number(own, "repositories", _REPOSITORIES)
    trial = build_trial(settings, os.environ, policies=policies, repositories=repositories, tell=say)
    for warning in trial.warnings:
        say(f"warning: {warning}")
    orders = [
        Order(
            tried=one,
            seed=seed,
            days=days,
            sla_hours=settings.sla_hours,
            max_sessions=settings.max_sessions,
            start=trial.start,
        )
        for one in trial.tried
        for seed in seeds
    ]
    with progress(sys.stderr) as on_step:
        on_step(f"Simulating {counted(len(orders), 'fleet')}")
        done = run_all(orders, os.cpu_count() or 1, lambda count: on_step(f"{count} of {len(orders)} simulated"))
    runs = [done[number * len(seeds) : (number + 1) * len(seeds)] for number in range(len(trial.tried))]
    if is_json:
        print(json.dumps(_document(trial, runs, seeds)))
    else:
        _show(trial, runs, seeds)


def _number(own: Mapping[str, str | list[str] | None], name: str, allowed: range) -> int | None:
    given = own[name]
    if given is None:
        return None
    if not isinstance(given, str) or not _NUMBER.fullmatch(given) or int(given) not in allowed:
        raise UserError(f"--{name} {given!r:.40}: must be a whole number from {allowed[0]} to {allowed[-1]}")
    return int(given)


def _show(trial: Trial, runs: Sequence[Sequence[Sequence[Day]]], seeds: range) -> None:
    start = f"findings {'made up' if trial.start is None else 'of the index'}"
    fleet = counted(len(trial.tried[0].registry.repositories), "repository", "repositories")
    print(f"{fleet}, {start}, {counted(len(seeds), 'seed')} from {seeds[0]}")
    print("How findings come, sessions end and people review is assumed: docs/guides/simulation.md")
    for one, found in zip(trial.tried, runs, strict=True):
        print()
        print_table(_burn_down_rows(found), title=cell(one.name))
    for one, found in zip(trial.tried[1:], runs[1:], strict=True):
        print()
        title = f"{cell(one.name)} against {cell(trial.tried[0].name)}, at the end"
        print_table(_difference_rows(differences(runs[0], found)), title=title)


def _burn_down_rows(runs: Sequence[Sequence[Day]]) -> list[tuple[str, ...]]:
    """Some days, the last one among them."""
    days = burn_down(runs)
    step = max(1, -(-len(days) // _MOST_ROWS))
    shown = [name for name in FIGURES if name != "open none" or any(day[name].mean for day in days)]
    rows = [("DAY", *(name.upper() for name in shown))]
    for number in range(len(days) - 1, -1, -step):
        rows.insert(1, (str(number + 1), *(_told(days[number][name]) for name in shown)))
    return rows


def _difference_rows(found: Sequence[Difference]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("", "FIRST", "THIS ONE", "DIFFERENCE", "SURE")]
    for one in found:
        if one.first.mean or one.second.mean:
            sign = "+" if one.change.mean > 0 else ""
            sure = "yes" if one.change.is_off_zero else "no"
            rows.append((one.figure, _told(one.first), _told(one.second), f"{sign}{_told(one.change)}", sure))
    return rows


def _told(interval: Interval) -> str:
    """A mean with its 95 % interval."""
    return f"{interval.mean:.0f}" if interval.half is None else f"{interval.mean:.0f} ±{interval.half:.0f}"


def _document(trial: Trial, runs: Sequence[Sequence[Sequence[Day]]], seeds: range) -> dict[str, object]:
    return {
        "repositories": len(trial.tried[0].registry.repositories),
        "start": "made up" if trial.start is None else "index",
        "seeds": [*seeds],
        "policies": [
            {
                "name": one.name,
                "days": [
                    {"day": number, **{name: _interval(day[name]) for name in FIGURES}}
                    for number, day in enumerate(burn_down(found), start=1)
                ],
            }
            for one, found in zip(trial.tried, runs, strict=True)
        ],
        "differences": [
            {
                "policy": one.name,
                "against": trial.tried[0].name,
                "figure": difference.figure,
                "first": _interval(difference.first),
                "this_one": _interval(difference.second),
                "difference": _interval(difference.change),
                "is_sure": difference.change.is_off_zero,
            }
            for one, found in zip(trial.tried[1:], runs[1:], strict=True)
            for difference in differences(runs[0], found)
        ],
        "assumptions": msgspec.to_builtins(trial.assumptions),
    }


def _interval(interval: Interval) -> dict[str, float | None]:
    low, high = (
        (None, None) if interval.half is None else (interval.mean - interval.half, interval.mean + interval.half)
    )
    return {"mean": round(interval.mean, 3), "low": low, "high": high}
