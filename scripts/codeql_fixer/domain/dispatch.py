"""The two records of a dispatch: the intent, durable before anything is paid, and the outcome."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from codeql_fixer.domain.record import Count, Fingerprint, Name, Number, Record, RepositoryName, Text, Time, Url


class DispatchIntent(Record, frozen=True, kw_only=True):
    """A claim: these issues of this repository get a session of this agent. `id` is the intent id.

    Whoever claimed may act on it until `act_before`, and others may settle it from then on; None where nobody said so.
    `reason` says why this agent got it, `mode` is the agent's word for a model or way of working. `account` names what
    its session lives in: only who asks the same account can tell what became of it. `parent` is the claim whose pull
    request its session goes on with, "" for work of its own. `prompt` and `playbook` are what the agent is told by: the
    digest of the prompt's template, and name and digest of the playbook.
    """

    schema_version: Literal[2]
    kind: Literal["dispatch_intent"]
    id: Name
    target_repo: RepositoryName
    fingerprints: Annotated[tuple[Fingerprint, ...], Meta(min_length=1)]
    agent: Name
    attempt: Number
    cycle_id: str = ""
    batch_id: str = ""
    max_acu: Count | None = None
    act_before: Time | None = None
    account: Text = ""
    family: str = ""
    complexity: str = ""
    mode: str = ""
    reason: Text = ""
    parent: str = ""
    prompt: Text = ""
    playbook: Text = ""


class DispatchStatus(StrEnum):
    """What became of a claim."""

    CREATED = "created"
    ADOPTED = "adopted"  # the session was there already, found by its tag after a crash
    REFUSED = "refused"  # the agent's service said no: nothing was started, nothing is owed
    AMBIGUOUS = "ambiguous"  # nobody can tell whether a session exists; a person has to
    RELEASED = "released"  # its claimer never acted, and nobody will any more: the issues are free again


class DispatchOutcome(Record, frozen=True, kw_only=True):
    """The end of a claim. `id` is the intent's; `session_id` is "" when there is no session."""

    schema_version: Literal[2]
    kind: Literal["dispatch_outcome"]
    id: Name
    status: DispatchStatus
    session_id: str = ""
    session_url: Url = ""
    created_at: Time | None = None
    reason: Text = ""
