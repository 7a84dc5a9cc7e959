"""`history`: the whole life of an issue."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.bootstrap.fleet import Fleet
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import aligned, caught_up, cell, issue_document, state_of
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.sla import limits, sla_of
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.policy.sla import SlaState
    from codeql_fixer.ports.index import Event, IssueRow

_FINGERPRINT = re.compile("[0-9a-f]{4,20}")


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: there is no such issue.
    """
    settings = FleetSettings.from_environ(os.environ, flags)
    wanted = fingerprint_of(own["fingerprint"])
    fleet = Fleet(settings, os.environ, say)
    index = fleet.index()
    tip = caught_up(fleet, index)
    rows = index.issues(wanted, own["repo"] or "")
    if not rows:
        raise UserError(f"{wanted}: the ledger has no issue with this fingerprint")
    now = SystemClock().now()
    by_tier = {limit.tier: limit for limit in limits(now, settings.sla_hours)}
    found = []
    for row in rows:
        issue = row.issue
        sla = sla_of(issue.tier, issue.opened_at, issue.fixed_at, limit=by_tier.get(issue.tier))
        found.append((row, sla, index.history(issue.key)))
    if is_json:
        issues = [
            {**issue_document(row), "sla": sla, "events": [_event_document(event) for event in events]}
            for row, sla, events in found
        ]
        print(json.dumps({"ledger_commit": tip, "issues": issues}))
        return
    print("\n\n".join(_text(*item) for item in found))


def fingerprint_of(given: str | None) -> str:
    """A fingerprint or the start of one.

    Raises:
        UserError: it is none.
    """
    wanted = (given or "").lower()
    if not _FINGERPRINT.fullmatch(wanted):
        raise UserError(f"{wanted!r:.60} is no fingerprint: 4 to 20 of the characters 0-9 and a-f are")
    return wanted


def _event_document(event: Event) -> dict[str, str]:
    return {"at": event.at.isoformat(), "kind": event.kind, "text": event.text, "source": event.source}


def _text(row: IssueRow, sla: SlaState, events: Sequence[Event]) -> str:
    issue = row.issue
    where = f"{issue.file or '(no file)'}:{issue.start_line or '?'}"
    reason = f" ({cell(row.reason, 200)})" if row.reason else ""
    seen = counted(issue.appearances, "time")
    lines = [
        f"{issue.fingerprint}  {issue.tier}  {cell(issue.rule_id)}  {cell(where)}",
        f"{row.repository}: {state_of(row)}{reason}, deadline {sla.replace('_', ' ')}, seen {seen}",
    ]
    if issue.message:
        lines.append(cell(issue.message, 200))
    table = [
        (f"  {event.at:%Y-%m-%d %H:%M}", event.kind, cell(event.text, 100), cell(event.source, 120)) for event in events
    ]
    return "\n".join([*lines, *aligned(table)])
