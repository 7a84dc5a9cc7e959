"""Triage: an agent says how much issues matter. What the operator wants of it, its two records, and what it answers.

It orders issues and fixes none: a triage is no attempt, and no issue counts as dispatched for one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.record import Count, Fingerprint, Name, Record, RepositoryName, Text, Time

MOST_ISSUES = 100
MOST_REASON = 300
TRIAGE = "triage"  # where a session of dispatching has a weakness family
Share = Annotated[float, Meta(ge=0, le=1)]
Points = Annotated[int, Meta(ge=0, le=100)]


class Triaging(Struct, frozen=True, kw_only=True):
    """What the operator wants. `agent` is "" for whichever can; `max_acu` is the limit of one triage."""

    is_enabled: bool = False
    weight: float = 0.3
    agent: str = ""
    every: timedelta = timedelta(hours=24)
    most_issues: int = 50
    max_acu: int = 5


class Asked(Struct, frozen=True, kw_only=True):
    """An issue that is asked about; `score` is what the formula makes of it, as plans have it."""

    target_repo: RepositoryName
    fingerprint: Fingerprint
    score: float


class Triage(Record, frozen=True, kw_only=True):
    """A claim: these issues are put before this agent, in one session that bears the tag of `id`.

    As with other claims whoever made it may start the session until `act_before`, and a `dispatch_outcome` under its id
    says what became of that. Every fingerprint is there once.
    """

    schema_version: Literal[1]
    kind: Literal["triage"]
    id: Name
    agent: Name
    issues: Annotated[tuple[Asked, ...], Meta(min_length=1, max_length=MOST_ISSUES)]
    act_before: Time
    account: Text = ""
    max_acu: Count | None = None


class TriageStatus(StrEnum):
    """How it ended."""

    ANSWERED = "answered"
    FAILED = "failed"  # no session, or none of its answer could be used
    LATE = "late"  # the session took too long, and was ended


class TriageScore(Struct, frozen=True, kw_only=True):
    """What an agent makes of an issue; `reason` is its text, cleaned and cut."""

    fingerprint: Fingerprint
    score: Points
    reason: Annotated[str, Meta(max_length=MOST_REASON)] = ""


class TriageOutcome(Record, frozen=True, kw_only=True):
    """The end of a triage, under its `id`. `reason` says why it failed, or what of the answer was left out."""

    schema_version: Literal[1]
    kind: Literal["triage_outcome"]
    id: Name
    status: TriageStatus
    scores: Annotated[tuple[TriageScore, ...], Meta(max_length=MOST_ISSUES)] = ()
    reason: Text = ""


class GivenScore(Struct, frozen=True, kw_only=True):
    """One entry of an answer, of the right form and not judged yet: nobody may have asked, it may be out of range."""

    fingerprint: str
    score: float
    reason: str = ""


class TriageAnswer(Struct, frozen=True, kw_only=True):
    """What a session answers so far; `malformed` counts entries that have not the form of one."""

    scores: tuple[GivenScore, ...] = ()
    malformed: int = 0


class KnownTriage(Struct, frozen=True, kw_only=True):
    """A triage as the ledger knows it. `status` is None while it is open, `outcome` while nobody says what began.

    `problem` is what was said of a session that could not be started.
    """

    id: str
    agent: str
    account: str
    claimed_at: datetime
    session_id: str = ""
    outcome: DispatchStatus | None = None
    problem: str = ""
    status: TriageStatus | None = None


class Question(Struct, frozen=True, kw_only=True):
    """An issue as an agent is asked about it. `points` are the formula's, 0 to 100; `failures` attempts that failed."""

    repository: str
    fingerprint: str
    rule_id: str
    severity: str
    family: str
    file: str
    start_line: int | None
    message: str
    deadline: str
    appearances: int
    failures: int
    points: int


class TriagedIssue(Struct, frozen=True, kw_only=True):
    """An open issue with the last score that an agent gave it, and that of the formula when it was asked."""

    key: int
    repository: str
    fingerprint: str
    points: int
    reason: str
    agent: str
    at: datetime
    formula: float


class TriagedTry(Struct, frozen=True):
    """An attempt at an issue after a triage: the agent's points, the formula's score, whether it fixed the issue."""

    points: int
    formula: float
    is_fixed: bool
