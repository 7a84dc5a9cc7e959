"""`explain`: why an issue gets a session now or does not, or whether a cycle's decisions follow from the records."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.app.decide_again import differences
from codeql_fixer.app.explain import explain
from codeql_fixer.app.plan import plan
from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
from codeql_fixer.domain.cycle import Cycle
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.history import fingerprint_of
from codeql_fixer.entrypoints.cli.orchestrator.showing import (
    caught_up,
    cell,
    issue_document,
    print_table,
    state_of,
    when,
)
from codeql_fixer.errors import UpstreamError, UserError
from codeql_fixer.policy.ledger_paths import ROOT
from codeql_fixer.ports.ledger import Stored
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.app.explain import Explanation
    from codeql_fixer.domain.cycle import Decision
    from codeql_fixer.domain.triage import TriagedIssue
    from codeql_fixer.policy.readiness import Verdict


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: there is no such issue.
    """
    clock = SystemClock()
    room = OrchestratorRoom(FleetSettings.from_environ(os.environ, flags), os.environ, clock=clock.now, tell=say)
    if bool(own["cycle"]) == bool(own["fingerprint"]):
        raise UserError("say either FINGERPRINT, an issue, or --cycle ID, a cycle that decided")
    if own["cycle"]:
        _decide_again(room, own["cycle"], is_json=is_json)
        return
    wanted = fingerprint_of(own["fingerprint"])
    index = room.fleet.index()
    tip = caught_up(room.fleet, index)
    rows = index.issues(wanted, room.registry.canonical(own["repo"]) if own["repo"] else "")
    if not rows:
        raise UserError(f"{wanted}: the ledger has no issue with this fingerprint")
    planner = room.planner(index, only=None)
    work = room.work(planner, {}, run_id="explain", imagined=room.imagined())
    limits, note = planner.limits(max_sessions=room.settings.max_sessions), room.fleet.ledger().pause()
    planned = plan(planner, work, limits, now=clock.now(), note=note)
    found = [explain(row, planner, planned) for row in rows]
    if is_json:
        print(json.dumps({"ledger_commit": tip, "issues": [_document(one) for one in found]}))
        return
    for number, one in enumerate(found):
        if number:
            print()
        _show(one)


def _decide_again(room: OrchestratorRoom, cycle_id: str, *, is_json: bool) -> None:
    """Show the decisions of a cycle, and whether they follow from the records."""
    entries = room.fleet.ledger().read_under(f"{ROOT}cycles/")
    found = (entry.record for entry in entries if isinstance(entry, Stored))
    cycle = next((record for record in found if isinstance(record, Cycle) and record.id == cycle_id), None)
    if cycle is None:
        raise UserError(f"--cycle {cycle_id}: the ledger has no such cycle")
    with TemporaryDirectory(prefix="codeql-fixer-") as folder:
        again = room.again(cycle, Path(folder))
    unlike = differences(cycle, again)
    if is_json:
        document = {
            "cycle": cycle.id,
            "ledger_commit": cycle.ledger_commit,
            "is_same": not unlike,
            "decisions": msgspec.to_builtins(cycle.decisions),
            "differences": [{"was": msgspec.to_builtins(was), "now": msgspec.to_builtins(now)} for was, now in unlike],
        }
        print(json.dumps(document))
    else:
        rows = [("REPOSITORY", "ISSUES", "", "SCORE", "REASON", "NOT BEFORE (UTC)"), *map(_decision, cycle.decisions)]
        print_table(rows, title=f"{cycle.id} at {cycle.ledger_commit[:12]}")
        print()
        print(f"{len(unlike)} decisions come out otherwise" if unlike else "decided again: byte for byte the same")
    if unlike:
        error = UpstreamError(f"{cycle.id}: its decisions do not follow from the records as this version reads them")
        error.is_told = True
        raise error


def _decision(one: Decision) -> tuple[str, ...]:
    score = "-" if one.score is None else f"{one.score:.4f}"
    issues = str(len(one.fingerprints))
    return (cell(one.target_repo), issues, one.action.value, score, cell(one.reason, 100), when(one.not_before))


def _show(one: Explanation) -> None:
    issue = one.row.issue
    where = f"{issue.file or '(no file)'}:{issue.start_line or '?'}"
    print(f"{issue.fingerprint}  {issue.tier}  {cell(issue.rule_id)}  {cell(where)}")
    print(f"{one.row.repository}: {state_of(one.row)}")
    print(f"=> {cell(one.answer, 200)}" + (f", not before {when(one.until)} UTC" if one.until else ""))
    print()
    print_table([("GATE", "", "WHY", "NOT BEFORE (UTC)"), *(_gate(name, said) for name, said in one.gates)])
    print()
    terms = [(name, f"{value:.4f}") for name, value in one.score.terms().items()]
    print_table([("SCORE", "VALUE"), *terms, ("total", f"{one.score.total:.4f}")])
    if one.triage is not None:
        said = f"{one.triage.agent} gives it {one.triage.points} of 100, since {when(one.triage.at)} UTC"
        print(cell(f"{said}: {one.triage.reason}", 400))
    print()
    print_table([("LIMIT", "USED", "OF"), *((cell(name), f"{used:g}", str(most)) for name, used, most in one.limits)])


def _gate(name: str, said: Verdict | None) -> tuple[str, ...]:
    if said is None:
        return (name, "open", "", "")
    return (name, said.action.value, cell(said.reason, 100), when(said.until))


def _triage_document(one: TriagedIssue) -> dict[str, object]:
    return {"agent": one.agent, "points": one.points, "reason": one.reason, "at": one.at.isoformat()}


def _document(one: Explanation) -> dict[str, object]:
    return {
        **issue_document(one.row),
        "answer": one.answer,
        "would_start": one.is_next,
        "not_before": one.until.isoformat() if one.until else None,
        "gates": [
            {
                "name": name,
                "action": said.action.value if said else None,
                "reason": said.reason if said else None,
                "not_before": said.until.isoformat() if said and said.until else None,
            }
            for name, said in one.gates
        ],
        "score": one.score.total,
        "terms": one.score.terms(),
        **({"triage": _triage_document(one.triage)} if one.triage else {}),
        "limits": [{"name": name, "used": used, "limit": most} for name, used, most in one.limits],
    }
