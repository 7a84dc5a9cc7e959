"""The rows of follow-ups: how sessions were sent back to their pull requests, and what is said there by us."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codeql_fixer.adapters.index.rows import micros, parse_time, text, time_of
from codeql_fixer.domain.cycle import PullRequestCondition, PullRequestState
from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.feedback import Round, StillSeen
from codeql_fixer.domain.follow_up import FollowUp, FollowUpStatus
from codeql_fixer.domain.queue import KnownPullRequest
from codeql_fixer.domain.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codeql_fixer.adapters.index.rows import Row
    from codeql_fixer.domain.follow_up import FollowUpOutcome

_STILL_SEEN = frozenset({Verdict.STILL_PRESENT, Verdict.MOVED, Verdict.GAMED})


def add_follow_up(
    queries: Any,  # noqa: ANN401 - aiosql makes its methods from a file
    connection: Any,  # noqa: ANN401 - drivers have no common type
    record: FollowUp | FollowUpOutcome,
    *,
    repository: str,
) -> None:
    """Add one of the two records, in whatever order they come; `repository` is its one name."""
    place = {
        "round_id": record.round_id,
        "attempt": record.attempt,
        "repository": repository,
        "number": record.pull_request,
        "round": record.round,
        "intent_id": record.intent_id,
    }
    if isinstance(record, FollowUp):
        queries.add_follow_up(
            connection,
            **place,
            events=" ".join(record.events),
            claimed_at=micros(record.recorded_at),
            act_before=micros(record.act_before),
        )
        return
    queries.add_follow_up_outcome(
        connection,
        **place,
        ended_at=micros(record.recorded_at),
        status=record.status.value,
        reason=text(record.reason),
        child=text(record.follow_up_intent),
    )


def parse_rounds(rows: Iterable[Row]) -> dict[tuple[str, int], tuple[Round, ...]]:
    """Rounds by repository and pull request, from rows of `rounds_of_open_pull_requests`."""
    return {key: tuple(_rounds(found)) for key, found in groupby(rows, key=itemgetter(0, 1))}


def _rounds(rows: Iterable[Row]) -> Iterable[Round]:
    """One for each round, as its last attempt left it; what any attempt was to tell belongs to it."""
    for _, found in groupby(rows, key=itemgetter(2)):
        attempts = [_round(row) for row in found]
        yield replace(attempts[-1], events=frozenset[str]().union(*(one.events for one in attempts)))


def _round(row: Row) -> Round:
    return Round(
        round_id=row[2],
        number=row[3],
        attempt=row[4],
        events=frozenset(row[5].split()),
        at=parse_time(row[6]),
        act_before=time_of(row[7]),
        status=FollowUpStatus(row[8]) if row[8] else None,
        reason=row[9],
        child=DispatchStatus(row[10]) if row[10] else None,
    )


def parse_still_seen(rows: Iterable[Row]) -> dict[tuple[str, int], tuple[StillSeen, ...]]:
    """What the last verification of each pull request still sees, from rows of `still_seen_at_open_pull_requests`."""
    return {
        key: tuple(StillSeen(verification=row[2], fingerprint=row[3], verdict=row[4], reason=row[5]) for row in found)
        for key, found in groupby(rows, key=itemgetter(0, 1))
    }


def parse_verdict(rows: Sequence[Row]) -> StillSeen | None:
    """The last of the rows of `verdicts_of_issue`, if it still saw the issue."""
    if not rows or rows[-1][1] not in _STILL_SEEN:
        return None
    _, verdict, reason, record_id = rows[-1]
    return StillSeen(verification=record_id, fingerprint="", verdict=verdict, reason=reason)


def parse_linked(rows: Iterable[Row]) -> dict[tuple[str, int], tuple[str, ...]]:
    """Intents by repository and pull request, from rows of `claims_of_open_pull_requests`."""
    return {key: tuple(row[2] for row in found) for key, found in groupby(rows, key=itemgetter(0, 1))}


def parse_known(row: Row) -> KnownPullRequest:
    """A pull request, from a row of `pull_requests_to_watch` or `pull_requests_merged_since`."""
    repository, number, intent_id, session_id, state, condition, head, merge, url, merged_at, reverted_at = row
    return KnownPullRequest(
        repository,
        number,
        intent_id,
        session_id,
        PullRequestState(state),
        PullRequestCondition(condition) if condition else None,
        head,
        merge,
        url,
        time_of(merged_at),
        reverted_at is not None,
    )
