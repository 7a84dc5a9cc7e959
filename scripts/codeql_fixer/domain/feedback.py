"""Feedback: what became of a pull request of ours, as far as its session has to know it to go on."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.follow_up import FollowUpStatus
from codeql_fixer.domain.pull_request import Check, Review


class StillSeen(Struct, frozen=True, kw_only=True):
    """An issue that a verification of the pull request still sees; `verification` names that."""

    verification: str
    fingerprint: str
    verdict: str
    reason: str = ""
    place: str = ""


class Feedback(Struct, frozen=True, kw_only=True):
    """All that is said in one round. `round_id` names it; `is_for_new_session` that nobody was there who knew more."""

    round_id: str
    round: int
    most_rounds: int
    repository: str
    number: int
    url: str
    head: str
    reviews: tuple[Review, ...] = ()
    checks: tuple[Check, ...] = ()
    still_seen: tuple[StillSeen, ...] = ()
    fingerprints: tuple[str, ...] = ()
    is_for_new_session: bool = False


class Round(Struct, frozen=True, kw_only=True):
    """One round at a pull request as the ledger knows it, by its last attempt.

    `status` is None while nobody said what became of that. `child` is what became of the claim of the session that goes
    on, None where there is no such claim or nobody knows yet.
    """

    round_id: str
    number: int
    attempt: int
    events: frozenset[str]
    at: datetime
    act_before: datetime | None = None
    status: FollowUpStatus | None = None
    reason: str = ""
    child: DispatchStatus | None = None
