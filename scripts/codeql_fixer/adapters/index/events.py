"""An issue's life as a list of events, from the rows of tables that speak of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.index.rows import time_of
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.tracked import TrackedIssue, Tracking
from codeql_fixer.ports.index import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codeql_fixer.adapters.index.rows import Row


LIFE = ("appearances", "dispatches", "pull_requests", "follow_ups", "verdicts", "dismissals")


def events_of(issue: TrackedIssue, rows: Mapping[str, Sequence[Row]]) -> list[Event]:
    """All events, oldest first; `rows` are what the query `<name>_of_issue` gives for each name of `LIFE`."""
    found = [
        *_of_scans(issue, rows["appearances"]),
        *(event for row in rows["dispatches"] for event in _of_dispatch(row)),
        *(event for row in rows["pull_requests"] for event in _of_pull_request(row)),
        *(event for row in rows["follow_ups"] for event in _of_follow_up(row)),
        *(event for row in rows["verdicts"] for event in _of_verdict(row)),
        *(event for row in rows["dismissals"] for event in _of_dismissal(row)),
    ]
    return sorted(found, key=lambda event: event.at)


def _of_scans(issue: TrackedIssue, appearances: Sequence[Row]) -> Iterator[Event]:
    first = time_of(appearances[0][0]) if appearances else None
    if first is None or issue.first_seen_at < first:
        yield Event(issue.first_seen_at, "seen", "under an earlier fingerprint", issue.first_run)
    for at, record_id, commit, line in appearances:
        where = f"at line {line}" if line else ""
        yield from _event(
            at, "seen", " ".join(filter(None, [where, f"in {commit[:12]}" if commit else ""])), source=record_id
        )
    if issue.fixed_at is not None:
        others = "; findings that look the same are told apart by their number only" if issue.occurrence > 1 else ""
        yield Event(issue.fixed_at, "fixed", f"a comparable scan does not find it{others}", issue.fixed_run)
    if issue.tracking is Tracking.RENAMED:
        yield Event(issue.last_seen_at, "renamed", f"lives on as {issue.renamed_to}", issue.last_run)


def _of_dispatch(row: Row) -> Iterator[Event]:
    intent_id, agent, attempt, claimed_at, outcome, outcome_at, session_id, reason, status, url, observed_at, detail = (
        row
    )
    yield from _event(claimed_at, "claimed", f"for {agent}, attempt {attempt}", source=intent_id)
    if outcome:
        yield from _event(outcome_at, "dispatch", _joined(outcome, session_id, reason), source=intent_id)
    if status:
        yield from _event(observed_at, "session", _joined(status, detail), source=url or session_id)


def _of_pull_request(row: Row) -> Iterator[Event]:
    number, state, url, observed_at, merged_at, condition, reverted_at, reverted_by = row
    at = observed_at if merged_at is None else merged_at
    words = condition.replace("_", " ") if state == PullRequestState.OPEN else ""
    yield from _event(at, "pull request", _joined(f"#{number} {state}", words), source=url)
    if reverted_at is not None:
        by = f" by #{reverted_by}" if reverted_by else ""
        yield from _event(reverted_at, "pull request", f"#{number} was reverted{by}", source=url)


def _of_follow_up(row: Row) -> Iterator[Event]:
    number, round_number, attempt, claimed_at, ended_at, status, reason, round_id = row
    what = f"#{number}, round {round_number}"
    if claimed_at is not None:
        yield from _event(claimed_at, "follow-up", f"{what}, attempt {attempt}: claimed", source=round_id)
    if status:
        ended = _joined(f"{what}: {status.replace('_', ' ')}", reason)
        yield from _event(ended_at, "follow-up", ended, source=round_id)


def _of_verdict(row: Row) -> Iterator[Event]:
    recorded_at, verdict, reason, record_id = row
    yield from _event(recorded_at, "verdict", _joined(verdict, reason), source=record_id)


def _of_dismissal(row: Row) -> Iterator[Event]:
    recorded_at, reason, owner, comment, expires_at, record_id = row
    until = time_of(expires_at)
    end = f"until {until:%Y-%m-%d}" if until else ""
    yield from _event(recorded_at, "dismissed", _joined(f"{reason} by {owner}", end, comment), source=record_id)


def _event(at: int, kind: str, text: str, *, source: str) -> Iterator[Event]:
    time = time_of(at)
    if time is not None:
        yield Event(time, kind, text, source)


def _joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)
