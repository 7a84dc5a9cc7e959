"""`costs`: what sessions took, what it came to, and what the next month will take."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.bootstrap.agents import profiles_of
from codeql_fixer.bootstrap.chosen import chosen
from codeql_fixer.bootstrap.orchestrator import OrchestratorRoom
from codeql_fixer.domain.route import AgentKind
from codeql_fixer.entrypoints.boundary import say
from codeql_fixer.entrypoints.cli.orchestrator.showing import caught_up, cell, days_of, print_table
from codeql_fixer.policy.costs import projection, spent, spent_by
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from codeql_fixer.domain.cost import SessionCost
    from codeql_fixer.policy.costs import Projection, Spent

_DAYS = 30
_SHOWN = 20
_KINDS: tuple[tuple[str, Callable[[SessionCost], str]], ...] = (
    ("agent", lambda cost: cost.agent),
    ("family", lambda cost: cost.family or "(unknown)"),
    ("repository", lambda cost: cost.repository),
)


def run(flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it.

    Raises:
        UserError: the days are no number, or there is no such repository.
    """
    clock = SystemClock()
    room = OrchestratorRoom(FleetSettings.from_environ(os.environ, flags), os.environ, clock=clock.now, tell=say)
    index = room.fleet.index()
    days = days_of(own["days"], _DAYS)
    tip = caught_up(room.fleet, index)
    only = chosen(room.registry, frozenset(index.standings()), repository=own["repo"], tag=None)
    now = clock.now()
    found = index.session_costs(now - timedelta(days=days), next(iter(only)) if only else "")
    free = {profile.name for profile in profiles_of(room.registry) if profile.kind is not AgentKind.DEVIN}
    costs = [cost for cost in found if cost.agent not in free]
    others = [cost for cost in found if cost.agent in free]
    expected = projection(costs, now)
    if is_json:
        document = {
            "ledger_commit": tip,
            "at": now.isoformat(),
            "days": days,
            "total": _document(spent(costs)),
            "by": {name: {kind: _document(one) for kind, one in spent_by(costs, key).items()} for name, key in _KINDS},
            "without_acu": {agent: one.sessions for agent, one in spent_by(others, lambda cost: cost.agent).items()},
            "next_30_days": _projected(expected) if expected else None,
        }
        print(json.dumps(document))
        return
    _show(costs, others, expected, days=days)


def _show(
    costs: Sequence[SessionCost], others: Sequence[SessionCost], expected: Projection | None, *, days: int
) -> None:
    total = spent(costs)
    when = f"in {counted(days, 'day')}"
    sessions = f"{counted(total.sessions, 'session')} {when}: {_told(total)}"
    print(sessions if costs else f"no session of an agent that counts ACU {when}")
    if others:
        print(f"{counted(len(others), 'session')} of agents that count no ACU")
    print(_expectation(expected))
    for name, key in _KINDS:
        by = spent_by(costs, key)
        if by:
            head = (name.upper(), "SESSIONS", "ACU", "UNKNOWN", "AT WORK", "FIXED", "ACU/SESSION", "ACU/FIX")
            print()
            print_table([head, *(_row(kind, one) for kind, one in [*by.items()][:_SHOWN])])
            if len(by) > _SHOWN:
                print(f"... and {len(by) - _SHOWN} more; --json has all")


def _told(total: Spent) -> str:
    parts = [f"{total.acu:g} ACU for {total.known}"]
    if total.unknown:
        parts.append(f"nobody told what {total.unknown} took")
    if total.at_work:
        parts.append(f"{total.at_work} at work may take {total.promised:g}")
    parts.append(f"{counted(total.fixes + total.unknown_fixes, 'verified fix', 'verified fixes')}")
    return "; ".join(parts)


def _expectation(expected: Projection | None) -> str:
    if expected is None:
        return "the next 30 days: nothing is known yet"
    between = f" (80 %: {expected.low:.0f} to {expected.high:.0f})" if expected.low is not None else ""
    assumed = f", {expected.assumed} of them at a cost that is assumed" if expected.assumed else ""
    return (
        f"the next 30 days at this pace: {expected.acu:.0f} ACU{between}; "
        f"{expected.sureness} sure: it rests on {counted(expected.days, 'day')}{assumed}"
    )


def _row(kind: str, one: Spent) -> tuple[str, ...]:
    return (
        cell(kind),
        str(one.sessions),
        f"{one.acu:g}",
        str(one.unknown),
        str(one.at_work),
        str(one.fixes + one.unknown_fixes),
        _number(one.acu_per_session),
        _number(one.acu_per_fix),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _document(one: Spent) -> dict[str, object]:
    return {
        "sessions": one.sessions,
        "acu": one.acu,
        "sessions_with_known_cost": one.known,
        "sessions_with_unknown_cost": one.unknown,
        "sessions_at_work": one.at_work,
        "acu_promised": one.promised,
        "verified_fixes": one.fixes,
        "verified_fixes_at_unknown_cost": one.unknown_fixes,
        "acu_per_session": one.acu_per_session,
        "acu_per_verified_fix": one.acu_per_fix,
    }


def _projected(expected: Projection) -> dict[str, object]:
    return {
        "acu": expected.acu,
        "low_80": expected.low,
        "high_80": expected.high,
        "days_known": expected.days,
        "sessions_assumed": expected.assumed,
        "sureness": expected.sureness.value,
    }
