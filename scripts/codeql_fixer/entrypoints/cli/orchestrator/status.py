"""`status`: how many issues are in which state."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.fleet_state import fleet_state
from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.objectives import described_objective, objective_document
from codeql_fixer.entrypoints.cli.orchestrator.showing import aligned, caught_up, cell, print_table, when
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.sla import limits
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.app.fleet_state import FleetState, NextScan
    from codeql_fixer.ports.index import RepositoryRow, StatusRow

_SHOWN_SCANS = 10
_SLA = ("at_risk", "breached", "met")


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the ledger knows no such repository.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    room = OrchestratorRoom(settings, os.environ, clock=SystemClock().now, tell=say)
    fleet = room.fleet
    index = fleet.index()
    tip = caught_up(fleet, index)
    wanted = own["repo"] or ""
    repositories = index.repositories(wanted)
    if wanted and not repositories:
        raise UserError(f"{wanted}: the ledger has no scan of it; names are owner/name")
    now = SystemClock().now()
    rows = index.status(now, limits(now, settings.sla_hours), wanted)
    damages = index.damages()
    state = fleet_state(room.planner(index, only=None), now, note=fleet.ledger().pause())
    if is_json:
        document = {
            "fleet": _fleet_document(state),
            "ledger": {"place": settings.ledger.place, "branch": settings.ledger.branch, "commit": tip},
            "at": now.isoformat(),
            "repositories": [_document(repository, rows) for repository in repositories],
            "damaged": [{"path": damage.path, "problem": damage.problem} for damage in damages],
        }
        print(json.dumps(document))
        return
    print(f"ledger {settings.ledger.place}#{settings.ledger.branch} at {tip[:12] or 'no commit: it is empty'}")
    _show_fleet(state)
    for repository in repositories:
        print("\n" + _text(repository, [row for row in rows if row.repository == repository.name]))
    for damage in damages:
        say(f"damaged: {damage.problem}")


def _show_fleet(state: FleetState) -> None:
    if state.paused:
        print(f"paused: {cell(state.paused, 200)}")
    for limit in state.limits:
        print(f"{limit.name}: {limit.used:g} of {limit.limit}")
    for one in state.objectives:
        print(described_objective(one))
    for reason in (family.reason for family in state.stopped_families):
        print(cell(reason, 200))
    if state.sessions:
        overdue = sum(session.is_overdue for session in state.sessions)
        print(f"{counted(len(state.sessions), 'session')} at work, {overdue} longer than usual")
    rows = [("NEXT SCAN", "WHEN (UTC)", "WHY"), *(_scan_row(order) for order in state.scans[:_SHOWN_SCANS])]
    if state.scans:
        print()
        print_table(rows)


def _scan_row(order: NextScan) -> tuple[str, ...]:
    return (cell(order.repository), when(order.at) or ("now" if order.is_due else "-"), cell(order.reason, 100))


def _fleet_document(state: FleetState) -> dict[str, object]:
    return {
        "paused": state.paused or None,
        "limits": [{"name": one.name, "used": one.used, "limit": one.limit} for one in state.limits],
        "stopped_families": [family.reason for family in state.stopped_families],
        "objectives": [objective_document(one) for one in state.objectives],
        "sessions_at_work": [
            {
                "repository": one.repository,
                "session_id": one.session_id,
                "family": one.family,
                "since": one.since.isoformat(),
                "is_overdue": one.is_overdue,
            }
            for one in state.sessions
        ],
        "scans": [
            {
                "repository": one.repository,
                "is_due": one.is_due,
                "at": one.at.isoformat() if one.at else None,
                "reason": one.reason,
            }
            for one in state.scans
        ],
    }


def _document(repository: RepositoryRow, rows: Sequence[StatusRow]) -> dict[str, object]:
    tiers: dict[str, dict[str, object]] = {}
    for tier in SeverityTier:
        own = [row for row in rows if row.repository == repository.name and row.tier is tier]
        if own:
            tiers[tier] = {
                "issues": {row.lifecycle: row.issues for row in own},
                "in_doubt": sum(row.in_doubt for row in own),
                "sla": {name: sum(getattr(row, name) for row in own) for name in _SLA},
            }
    return {
        "name": repository.name,
        "scans": repository.runs,
        "last_scan": repository.last_run,
        "last_scan_at": repository.last_run_at.isoformat() if repository.last_run_at else None,
        "tiers": tiers,
    }


def _text(repository: RepositoryRow, rows: Sequence[StatusRow]) -> str:
    last = (
        f"last {repository.last_run_at:%Y-%m-%d %H:%M} UTC" if repository.last_run_at else "none of its default branch"
    )
    lines = [f"{repository.name}: {counted(repository.runs, 'scan')}, {last}"]
    states = [state for state in Lifecycle if any(row.lifecycle is state for row in rows)]
    if not states:
        return "\n".join([*lines, "  no issues"])
    table = [("  TIER", *(state.replace("_", " ").upper() for state in states), "AT RISK", "BREACHED", "IN DOUBT")]
    for tier in SeverityTier:
        own = [row for row in rows if row.tier is tier]
        if own:
            counts = [sum(row.issues for row in own if row.lifecycle is state) for state in states]
            sums = [sum(getattr(row, name) for row in own) for name in ("at_risk", "breached", "in_doubt")]
            table.append((f"  {tier}", *(str(count) if count else "-" for count in (*counts, *sums))))
    return "\n".join([*lines, *aligned(table)])
