"""`cycle`: have repositories scanned that are due, see what came of sessions, decide, start sessions, and tell."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC
from typing import TYPE_CHECKING
from uuid import uuid4

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.cycle import CycleReport
from codeql_fixer.bootstrap.chosen import chosen
from codeql_fixer.bootstrap.cycle import Wanted, build_cycle
from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
from codeql_fixer.domain.schedule import ScanSource
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import caught_up, cell, print_table
from codeql_fixer.entrypoints.cli.pipeline_output import described_sessions, progress
from codeql_fixer.errors import UpstreamError, UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.app.scan_fleet import ScanOrder

_SECONDS = re.compile("[0-9]{1,6}")


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the registry is wrong, or what the cycle needs is not set up.
        UpstreamError: a part of it failed; the others were done.
        LedgerNotWrittenError: records are kept for a replay.
    """
    run_halves(flags, own, is_json=is_json)


def run_halves(
    flags: Mapping[str, str],
    own: Mapping[str, str | None],
    *,
    is_json: bool,
    scans: bool = True,
    dispatches: bool = True,
) -> None:
    """A whole cycle, or one half of it; raises as `run`."""
    clock = SystemClock()
    room = OrchestratorRoom(FleetSettings.from_environ(os.environ, flags), os.environ, clock=clock.now, tell=say)
    index = room.fleet.index()
    caught_up(room.fleet, index)
    wanted = Wanted(
        run_id=f"{clock.now().astimezone(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}",
        scans=scans,
        dispatches=dispatches,
        only=chosen(room.registry, frozenset(index.standings()), repository=own["repo"], tag=own["tag"]),
        is_dry=bool(own["dry_run"]),
        max_seconds=_seconds(own["max_duration"]),
    )
    report = CycleReport()
    with progress(sys.stderr) as on_step:
        parts = build_cycle(room, wanted, on_step)
        try:
            parts.runner.run(parts.work, report)
        finally:  # what was done is told, whatever failed after it
            _tell(report, wanted, is_json=is_json)
    if report.problems:
        error = (UserError if report.is_for_user else UpstreamError)("\n".join(report.problems))
        error.is_told = True
        raise error


def _seconds(given: str | None) -> float | None:
    if not given:
        return None
    if not _SECONDS.fullmatch(given) or not int(given):
        raise UserError(f"--max-duration {given!r:.40}: must be a whole number of seconds, at least 1")
    return float(given)


def _tell(report: CycleReport, wanted: Wanted, *, is_json: bool) -> None:
    if is_json:
        print(json.dumps(_document(report, wanted)))
    else:
        _show(report, wanted)


def _show(report: CycleReport, wanted: Wanted) -> None:
    if wanted.is_dry:
        print("dry run: nothing of what follows was recorded, scanned or started")
    if report.paused:
        print(f"paused: {cell(report.paused, 200)}")
    if wanted.scans:
        _show_scans(report)
    if wanted.dispatches:
        print(described_sessions(report.dispatch.summary()))
    if report.proved:
        print(f"{counted(report.proved, 'verdict')} on merged fixes recorded")
    if report.answered.told or report.answered.asked:
        told, asked = counted(report.answered.told, "session"), counted(report.answered.asked, "pull request")
        print(f"{told} sent back to a pull request, {asked} left to a person")
    if report.told.delivered:
        print(f"{counted(report.told.delivered, 'alert')} told")
    for warning in report.warnings:
        print(f"warning: {cell(warning, 200)}")
    for part in report.left_out:
        print(f"no time was left for: {part}; the next cycle does it")


def _show_scans(report: CycleReport) -> None:
    """Only who looked says that nothing was due."""
    if report.no_scans:
        print(report.no_scans)
        return
    shown = [order for order in report.scans if order.scans or order.problem]
    if shown:
        print(_described_scans(shown))
        print_table([("REPOSITORY", "FROM", "WHY", "OUTCOME"), *map(_scan_row, shown)])
    elif report.is_scanned:
        print("no scan was due" if not report.scans else "no scan was due, and the host has no newer results")


def _described_scans(orders: Sequence[ScanOrder]) -> str:
    failed = sum(bool(order.problem) for order in orders)
    taken_in = sum(order.scans for order in orders if order.source is ScanSource.CODE_SCANNING)
    started = sum(order.scans for order in orders) - taken_in
    return f"{counted(started, 'scan')} started, {taken_in} taken in, {failed} failed"


def _scan_row(order: ScanOrder) -> tuple[str, ...]:
    return (cell(order.repository), order.source.value, cell(order.decision.reason, 100), cell(_outcome(order), 150))


def _outcome(order: ScanOrder) -> str:
    if order.problem:
        return order.problem
    if order.source is ScanSource.DIRECT:
        return "scanned here"
    return f"{order.scans} taken in" if order.source is ScanSource.CODE_SCANNING else "started"


def _document(report: CycleReport, wanted: Wanted) -> dict[str, object]:
    summary = report.dispatch.summary()
    return {
        "run_id": wanted.run_id,
        "is_dry_run": wanted.is_dry,
        "paused": report.paused or None,
        "no_scans": report.no_scans or None,
        "is_scanned": report.is_scanned,
        "scans": [
            {
                "repository": order.repository,
                "source": order.source.value,
                "reason": order.decision.reason,
                "scans": order.scans,
                "problem": order.problem or None,
            }
            for order in report.scans
        ],
        "sessions": [
            {
                "repository": item.intent.target_repo,
                "intent_id": item.intent.id,
                "agent": item.intent.agent,
                "issues": list(item.intent.fingerprints),
                "status": item.outcome.status.value if item.outcome else None,
                "session_id": item.outcome.session_id if item.outcome else None,
                "session_url": item.outcome.session_url if item.outcome else None,
                "problem": item.outcome.reason if item.outcome else None,
            }
            for item in report.dispatch.started
        ],
        "held": [{"action": held.action, "reason": held.reason, "issues": held.issues} for held in summary.held],
        "settled": summary.settled,
        "proved": report.proved,
        "follow_ups": {
            "told": report.answered.told,
            "handed_over": len(report.answered.claimed),
            "asked": report.answered.asked,
        },
        "alerts": {"noticed": report.told.noticed, "delivered": report.told.delivered},
        "left_out": report.left_out,
        "warnings": report.warnings,
        "problems": report.problems,
    }
