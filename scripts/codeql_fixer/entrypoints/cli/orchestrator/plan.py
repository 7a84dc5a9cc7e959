"""`plan`: what the next cycle would start, and why the rest waits. Nothing is claimed, and no agent is asked."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.plan import plan
from codeql_fixer.bootstrap.chosen import chosen
from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.objectives import described_objective, objective_document
from codeql_fixer.entrypoints.cli.orchestrator.showing import caught_up, cell, print_table, when
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codeql_fixer.app.plan import Planned
    from codeql_fixer.policy.dispatching import Candidate, Dispatch, Held


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the registry is wrong, or there is no such repository or tag.
    """
    clock = SystemClock()
    room = OrchestratorRoom(FleetSettings.from_environ(os.environ, flags), os.environ, clock=clock.now, tell=say)
    index = room.fleet.index()
    tip = caught_up(room.fleet, index)
    only = chosen(room.registry, frozenset(index.standings()), repository=own["repo"], tag=own["tag"])
    planner = room.planner(index, only=only)
    work = room.work(planner, {}, run_id="plan", imagined=room.imagined())
    limits = planner.limits(max_sessions=room.settings.max_sessions)
    planned = plan(planner, work, limits, now=clock.now(), note=room.fleet.ledger().pause())
    if is_json:
        print(json.dumps(_document(planned, tip)))
    else:
        _show(planned)


def _show(planned: Planned) -> None:
    facts, limits = planned.plan.facts, planned.plan.limits
    if facts.paused:
        print(f"paused: {cell(facts.paused, 200)}")
    for name, reason in facts.pauses.items():
        print(f"{cell(name)} is paused: {cell(reason, 200)}")
    rows: list[tuple[str, ...]] = [("#", "REPOSITORY", "FAMILY", "TIER", "ISSUES", "SCORE", "AGENT", "ACU", "TRY")]
    rows += [_row(number, item) for number, item in enumerate(planned.dispatches, start=1)]
    if planned.dispatches:
        print_table(rows, title=f"{counted(len(planned.dispatches), 'session')} would start")
    else:
        print("no session would start")
    if planned.held:
        print()
        print_table(_held_rows(planned.held), title="waiting")
    at_work = sum(claim.is_at_work for claim in facts.claims)
    recent = sum(claim.has_session and claim.claimed_at > facts.now - limits.period for claim in facts.claims)
    hours = limits.period.total_seconds() / 3600
    print(f"\n{recent} of {limits.max_in_period} sessions in {hours:g} h, {at_work} of {limits.max_at_work} at work")
    for progress in planned.plan.stand.progresses:
        print(described_objective(progress))


def _row(number: int, item: Dispatch) -> tuple[str, ...]:
    candidate = item.candidate
    return (
        str(number),
        cell(candidate.repository),
        cell(candidate.family),
        candidate.tier.value,
        str(len(candidate.issues)),
        _score(candidate),
        item.route.agent,
        str(item.max_acu or "-"),
        str(item.attempt),
    )


def _held_rows(held: Sequence[Held]) -> list[tuple[str, ...]]:
    """One row for each reason, with the earliest time at which anything could change."""
    by_reason: dict[tuple[str, str], list[Held]] = {}
    for item in held:
        by_reason.setdefault((item.action.value, item.reason), []).append(item)
    rows: list[tuple[str, ...]] = [("ISSUES", "REPOSITORIES", "", "REASON", "NOT BEFORE (UTC)")]
    for (action, reason), items in by_reason.items():
        times = [item.until for item in items if item.until]
        issues = sum(len(item.candidate.issues) for item in items)
        repositories = len({item.candidate.repository for item in items})
        rows.append((str(issues), str(repositories), action, cell(reason, 100), when(min(times, default=None))))
    return rows


def _score(candidate: Candidate) -> str:
    return f"{candidate.score.total:.4f}" if candidate.score else "-"


def _document(planned: Planned, tip: str) -> dict[str, object]:
    facts = planned.plan.facts
    return {
        "ledger_commit": tip,
        "at": facts.now.isoformat(),
        "paused": facts.paused or None,
        "pauses": dict(facts.pauses),
        "dispatches": [
            {
                **_candidate_document(item.candidate),
                "agent": item.route.agent,
                "mode": item.route.mode,
                "reason": item.route.reason,
                "attempt": item.attempt,
                "max_acu": item.max_acu,
            }
            for item in planned.dispatches
        ],
        "held": [
            {
                **_candidate_document(item.candidate),
                "action": item.action.value,
                "reason": item.reason,
                "not_before": item.until.isoformat() if item.until else None,
            }
            for item in planned.held
        ],
        "objectives": [objective_document(one) for one in planned.plan.stand.progresses],
    }


def _candidate_document(candidate: Candidate) -> dict[str, object]:
    return {
        "repository": candidate.repository,
        "family": candidate.family,
        "tier": candidate.tier.value,
        "score": candidate.score.total if candidate.score else None,
        "terms": candidate.score.terms() if candidate.score else {},
        "issues": [issue.fingerprint for issue in candidate.issues],
    }
