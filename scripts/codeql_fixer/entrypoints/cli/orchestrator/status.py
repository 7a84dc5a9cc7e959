"""`status`: how many issues are in which state."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.domain.severity import SeverityTier
from codeql_fixer.domain.tracked import Lifecycle
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import aligned, caught_up
from codeql_fixer.errors import UserError
from codeql_fixer.policy.sla import limits
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.ports.index import RepositoryRow, StatusRow

_SLA = ("at_risk", "breached", "met")


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the ledger knows no such repository.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    fleet = Fleet(settings, os.environ, say)
    index = fleet.index()
    tip = caught_up(fleet, index)
    wanted = own["repo"] or ""
    repositories = index.repositories(wanted)
    if wanted and not repositories:
        raise UserError(f"{wanted}: the ledger has no scan of it; names are owner/name")
    now = SystemClock().now()
    rows = index.status(now, limits(now, settings.sla_hours), wanted)
    damages = index.damages()
    if is_json:
        document = {
            "ledger": {"place": settings.ledger.place, "branch": settings.ledger.branch, "commit": tip},
            "at": now.isoformat(),
            "repositories": [_document(repository, rows) for repository in repositories],
            "damaged": [{"path": damage.path, "problem": damage.problem} for damage in damages],
        }
        print(json.dumps(document))
        return
    print(f"ledger {settings.ledger.place}#{settings.ledger.branch} at {tip[:12] or 'no commit: it is empty'}")
    for repository in repositories:
        print("\n" + _text(repository, [row for row in rows if row.repository == repository.name]))
    for damage in damages:
        say(f"damaged: {damage.problem}")


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
    lines = [f"{repository.name}: {repository.runs} scans, {last}"]
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
