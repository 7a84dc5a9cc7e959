"""Why an issue gets a session now, or does not: every gate, every term of its score, every limit."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.app.family_work import candidate_issue
from codeql_fixer.domain.priority import Score
from codeql_fixer.domain.triage import TriagedIssue
from codeql_fixer.policy.dispatching import context_of
from codeql_fixer.policy.ranking import standing_of
from codeql_fixer.policy.readiness import DEFAULT_RULES, Verdict
from codeql_fixer.policy.room import Room
from codeql_fixer.ports.index import IssueRow

if TYPE_CHECKING:
    from codeql_fixer.app.plan import Planned
    from codeql_fixer.app.planner import Planner
    from codeql_fixer.domain.registry import RepositoryEntry
    from codeql_fixer.policy.dispatching import Candidate, Held


class Explanation(Struct, frozen=True, kw_only=True):
    """The answer and what it rests on.

    `until` is the earliest time at which the answer could be another one, None when only an event changes it. `gates`
    are the rules with what each says, None for nothing; `limits` are names with what is used of how much; `triage` is
    what an agent said of it lately.
    """

    row: IssueRow
    answer: str
    is_next: bool
    until: datetime | None
    gates: tuple[tuple[str, Verdict | None], ...]
    score: Score
    limits: tuple[tuple[str, float, int], ...]
    triage: TriagedIssue | None = None


def explain(row: IssueRow, planner: Planner, planned: Planned) -> Explanation:
    """Explain one issue.

    Args:
        row: the issue.
        planner: what the operator wants.
        planned: what the next cycle would do.
    """
    facts, limits, entry = planned.plan.facts, planned.plan.limits, planner.registry.entry(row.repository)
    issue = candidate_issue(row, planner.index)
    room = Room(facts, limits)
    context = context_of(row.repository, row.issue.family, facts, limits=limits, room=room)
    gates = tuple(DEFAULT_RULES.explained(issue, context))
    held = next((item for item in planned.held if _is_in(item.candidate, row)), None)
    is_next = any(_is_in(item.candidate, row) for item in planned.dispatches)
    said = next((said for _, said in gates if said), None)
    answer, until = _answer(row, entry, planned, said=said, held=held, is_next=is_next)
    standing = standing_of(replace(entry, auto_dispatch=True), planner.registry.objectives)  # as it would be, if not
    return Explanation(
        row=row,
        answer=answer,
        is_next=is_next,
        until=until,
        gates=gates,
        score=planned.plan.score(standing, row.issue),
        limits=tuple(room.used(row.repository)),
        triage=planned.plan.triaged.get(row.issue.key or 0),
    )


def _is_in(candidate: Candidate, row: IssueRow) -> bool:
    return candidate.repository == row.repository and any(
        issue.fingerprint == row.issue.fingerprint for issue in candidate.issues
    )


def _answer(
    row: IssueRow, entry: RepositoryEntry, planned: Planned, *, said: Verdict | None, held: Held | None, is_next: bool
) -> tuple[str, datetime | None]:
    """What becomes of it, and until when at least."""
    facts = planned.plan.facts
    pause = facts.paused or (facts.pauses.get(entry.repository.lower(), ""))
    if is_next:
        return "the next cycle starts a session for it", None
    never = _never(row, entry)
    if never:
        return f"nothing is started for it {never}", None
    if pause:
        return f"it waits: paused: {pause}", None
    if said:
        return f"{said.action}: {said.reason}", said.until
    if held:
        return f"{held.action}: {held.reason}", held.until
    return _crowded_out(planned)


def _never(row: IssueRow, entry: RepositoryEntry) -> str:
    """Why nothing is started for its repository, "" when something is."""
    if entry.repository.lower() != row.repository.lower():
        return f"under this name: its repository is {entry.repository} now"
    if entry.auto_dispatch:
        return ""
    why = "auto_dispatch is off for it" if entry.is_listed else "its repository is not in the registry"
    return f"by itself: {why}"


def _crowded_out(planned: Planned) -> tuple[str, datetime | None]:
    """What keeps everything else from a session when all of the plan is started."""
    room = Room(planned.plan.facts, planned.plan.limits)
    for item in planned.dispatches:
        room.take(item.candidate, item.route.agent, item.max_acu)
    full = room.for_any()
    if full is None:
        return "it waits: others are more important, and take all that there is room for", None
    return f"it waits: others are more important, and {full.reason}", full.until
