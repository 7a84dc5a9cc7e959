"""The records of follow-ups: the claim to send a session back to its pull request, and what became of that."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from codeql_fixer.domain.record import Name, Number, Record, RepositoryName, Text, Time

MARKER = "cqf-follow-up:"  # of the word in a message that names the round, so that it is known again
Events = Annotated[
    tuple[Name, ...], Meta(min_length=1, max_length=200, description="what is answered, each under a name of its own")
]


class FollowUp(Record, frozen=True, kw_only=True):
    """The right to tell a session, until `act_before`, what became of its pull request.

    A round answers some `events`, as reviews and failed checks are; it has the id `round_id` whoever notices. Where a
    claim lapses the round is tried again: `id` is `<round_id>.<attempt>`. `intent_id` is the claim of the session.
    """

    schema_version: Literal[1]
    kind: Literal["follow_up"]
    id: Name
    round_id: Name
    attempt: Number
    target_repo: RepositoryName
    pull_request: Number
    round: Number
    events: Events
    intent_id: Name
    agent: Name
    session_id: Annotated[str, Meta(min_length=1)]
    act_before: Time
    reason: Text = ""


class FollowUpStatus(StrEnum):
    """What became of it."""

    SENT = "sent"
    FOUND = "found"  # the message was there already: whoever sent it was killed before saying so
    HANDED_OVER = "handed_over"  # its session is gone, and another one was claimed, which the outcome names
    FAILED = "failed"  # surely nothing was sent; it is tried again
    ASKED = "asked"  # a person has to go on


class FollowUpOutcome(Record, frozen=True, kw_only=True):
    """The end of a claim, under its `id`; one that is `asked` may have had none.

    `follow_up_intent` is the claim of the session that goes on with the pull request, "" where the old one does.
    """

    schema_version: Literal[1]
    kind: Literal["follow_up_outcome"]
    id: Name
    round_id: Name
    attempt: Number
    target_repo: RepositoryName
    pull_request: Number
    round: Number
    intent_id: Name
    status: FollowUpStatus
    follow_up_intent: str = ""
    reason: Text = ""
