"""The record of an orchestrator's cycle: what it observed, what it decided and why, what it claimed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from codeql_fixer.domain.alert import Channel
from codeql_fixer.domain.record import Count, Fingerprint, Name, Number, Record, RepositoryName, Text, Time, Url
from codeql_fixer.domain.session import SessionState


class PullRequestState(StrEnum):
    """What GitHub says of a pull request; `closed` was not merged."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class PullRequestCondition(StrEnum):
    """What an open pull request needs next (policy/pull_request_state.py); the most pressing of what is true."""

    CONFLICTING = "conflicting"
    CHANGES_REQUESTED = "changes_requested"
    CHECKS_FAILING = "checks_failing"
    DRAFT = "draft"
    APPROVED = "approved"
    WAITING = "waiting"  # for a review


class LinkedBy(StrEnum):
    """How a pull request is known to be about issues of ours, the surest first (policy/linking.py)."""

    SESSION = "session"  # its session told
    BRANCH = "branch"
    TITLE = "title"
    BODY = "body"


class SessionObservation(Struct, frozen=True, kw_only=True):
    """A session as its service described it at `observed_at`; `raw_state` is the service's own word for its state.

    `state` is what our rules make of all that (policy/session_end.py): one that waits with its work done is finished.
    """

    session_id: Annotated[str, Meta(min_length=1)]
    state: SessionState
    observed_at: Time
    raw_state: Text = ""
    intent_id: str = ""
    session_url: Url = ""
    acu_used: Annotated[float, Meta(ge=0)] | None = None
    detail: Text = ""


class PullRequestObservation(Struct, frozen=True, kw_only=True):
    """A pull request as GitHub described it at `observed_at`; `fingerprints` are what it says it fixes.

    It is our doing through `intent_id`, or through `session_id` where the intent is not known; somebody else's where
    it has `fingerprints` and neither. `condition` is None where nobody looked so closely. A merge that was taken back
    has `reverted_at`, and what took it back in `reverted_by`.
    """

    target_repo: RepositoryName
    number: Number
    state: PullRequestState
    observed_at: Time
    merged_at: Time | None = None
    url: Url = ""
    head_commit: str = ""
    merge_commit: str = ""
    session_id: str = ""
    intent_id: str = ""
    fingerprints: tuple[Fingerprint, ...] = ()
    linked_by: LinkedBy | None = None
    condition: PullRequestCondition | None = None
    reverted_at: Time | None = None
    reverted_by: Number | None = None


class DecisionAction(StrEnum):
    """What a cycle decided about some issues."""

    DISPATCH = "dispatch"
    SKIP = "skip"
    WAIT = "wait"
    STOP = "stop"  # no more dispatches for this repository until a person says otherwise
    RESUME = "resume"
    SETTLE = "settle"  # a person says what became of a claim: the session observed beside it, or none
    ASK = "ask"  # these issues need a person
    SCAN = "scan"


class Decision(Struct, frozen=True, kw_only=True):
    """One decision with its reason; no fingerprints means the whole repository.

    `terms` are what `score` is the sum of, by name. `not_before` is the earliest time at which the decision could be
    another one, None when only somebody's doing changes it.
    """

    action: DecisionAction
    reason: Text
    target_repo: RepositoryName
    fingerprints: tuple[Fingerprint, ...] = ()
    intent_id: str = ""
    score: float | None = None
    terms: dict[str, float] = {}
    not_before: Time | None = None


class ObjectiveObservation(Struct, frozen=True, kw_only=True):
    """How many issues an objective is about. `definition` tells objectives of one name apart that ask for other things.

    The first observation of a definition is the baseline that a reduction is measured against.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    definition: str
    open_issues: Count


class DecisionInputs(Struct, frozen=True, kw_only=True):
    """What decisions rested on beside the ledger: with both, anybody can decide again and come to the same.

    `registry` is the text of the operator's file, "" where there was none; `only` are the repositories that were meant,
    None for all; `note` is what a person had put on the ledger to hold the fleet. `agent`, `max_acu_per_session` and
    `max_retry_attempts` are what the run wanted beside the registry (policy/wishes.py).
    """

    decided_at: Time
    registry: str
    max_sessions: Count
    sla_hours: dict[str, Count]
    agents: tuple[Name, ...]
    only: tuple[str, ...] | None = None
    note: str | None = None
    agent: str = ""
    max_acu_per_session: Count | None = None
    max_retry_attempts: Count | None = None


class Cycle(Record, frozen=True, kw_only=True):
    """What one cycle saw and decided. `ledger_commit` is the state it decided on.

    `channels` are those over which alerts go and that nobody had seen before.
    """

    schema_version: Literal[2]
    kind: Literal["cycle"]
    id: Name
    started_at: Time
    finished_at: Time
    ledger_commit: str
    issues_considered: Count = 0
    sessions: tuple[SessionObservation, ...] = ()
    pull_requests: tuple[PullRequestObservation, ...] = ()
    decisions: tuple[Decision, ...] = ()
    objectives: tuple[ObjectiveObservation, ...] = ()
    warnings: tuple[Text, ...] = ()
    inputs: DecisionInputs | None = None
    channels: tuple[Channel, ...] = ()
