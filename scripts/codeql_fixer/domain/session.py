"""A session of an agent: what it is asked to do, and what its service tells about it. Whatever it claims is a claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from codeql_fixer.domain.triage import TriageAnswer

TAG_PREFIX = "cqf:"  # of the tag that names the intent; a session without one is not ours


class SessionState(StrEnum):
    """How far a session is. The word that its service used is kept beside it; one that is new to us counts as work."""

    QUEUED = "queued"
    WORKING = "working"
    WAITING = "waiting"  # for a person, or for nothing more: services leave finished sessions like this
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"
    BUDGET_STOP = "budget_stop"  # somebody's money is used up; to go on costs more


class FixTarget(Struct, frozen=True, kw_only=True):
    """One issue that a session is to fix; `start_line` counts from 1."""

    id: str
    fingerprint: str
    rule_id: str
    family: str
    file: str
    start_line: int | None
    message: str


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that goes with the request."""

    name: str
    content: bytes


class SessionRequest(Struct, frozen=True, kw_only=True):
    """What a session is asked to do.

    `base_branch` is "" where the agent has to find it, `head_branch` the one of a pull request to go on with, "" for a
    new one. `mode` is the agent's own word for a model or way of working,
    "" for its default. `playbook` names a file of playbooks/ without its suffix. `secrets` go to the agent's store for
    this session only, and never into the prompt. One that `is_triage` asks how much issues matter and changes no code:
    it is about no repository, and `target_repo` is "".
    """

    intent_id: str
    target_repo: str
    title: str
    prompt: str
    family: str
    targets: tuple[FixTarget, ...]
    tags: tuple[str, ...] = ()
    base_branch: str = ""
    head_branch: str = ""
    playbook: str = ""
    mode: str = ""
    max_acu: int | None = None
    attachments: tuple[Attachment, ...] = ()
    secrets: Mapping[str, str] = {}
    is_triage: bool = False

    @property
    def tag(self) -> str:
        """The tag that names the intent; always among the tags that a session bears."""
        return f"{TAG_PREFIX}{self.intent_id}"

    def __repr__(self) -> str:
        """Nothing that is secret or long."""
        return f"SessionRequest({self.intent_id!r}, {self.target_repo!r})"


class ReportStatus(StrEnum):
    """How far an agent says that it is; the last two are final."""

    ANALYZING = "analyzing"
    FIXING = "fixing"
    TESTING = "testing"
    CREATING_PR = "creating_pr"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """True when the agent says that nothing more will come."""
        return self in {ReportStatus.COMPLETED, ReportStatus.FAILED}


class IssueResult(StrEnum):
    """What an agent says about one issue."""

    FIXED = "fixed"
    NOT_FIXED = "not_fixed"
    FALSE_POSITIVE = "false_positive"


class IssueReport(Struct, frozen=True, kw_only=True):
    """What an agent says about one issue, by the issue's id."""

    id: str
    result: IssueResult
    note: str = ""


class SessionReport(Struct, frozen=True, kw_only=True):
    """The structured output of a session, valid against its schema (adapters/devin/output_schema.py).

    `confidence` is "low", "medium" or "high"; `pull_request_url` is "" when there is none.
    """

    status: ReportStatus
    progress_percent: int = 0
    approach: str = ""
    files_changed: tuple[str, ...] = ()
    tests: str = ""
    confidence: str = ""
    pull_request_url: str = ""
    issues: tuple[IssueReport, ...] = ()
    error: str = ""


class PullRequestLink(Struct, frozen=True):
    """A pull request as the agent's service names it; `state` is its word, "" when it says none."""

    url: str
    state: str = ""


class Session(Struct, frozen=True, kw_only=True):
    """A session as its service describes it. `id` is what the service takes in a path; `acu_used` may lag behind.

    `triage` is what it says of issues, None where it was not asked or what it says has not the form of an answer.
    """

    id: str
    agent: str
    state: SessionState
    raw_state: str
    url: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    acu_used: float | None = None
    report: SessionReport | None = None
    triage: TriageAnswer | None = None
    pull_requests: tuple[PullRequestLink, ...] = ()
    detail: str = ""

    @property
    def intent_id(self) -> str:
        """The intent that the session is for, "" when it is not ours."""
        return next((tag.removeprefix(TAG_PREFIX) for tag in self.tags if tag.startswith(TAG_PREFIX)), "")


class SessionMessage(Struct, frozen=True, kw_only=True):
    """One message of a session; `is_agent` is False for what people and we wrote."""

    id: str
    is_agent: bool
    text: str
    at: datetime | None = None
