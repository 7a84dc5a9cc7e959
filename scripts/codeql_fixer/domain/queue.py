"""The fleet's queue: open issues in lines.

Issues of one standing, tier, family, reach and recurrence differ in nothing but age, so they stand in one line, oldest
first.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from codeql_fixer.domain.cycle import PullRequestCondition, PullRequestState
from codeql_fixer.domain.severity import SeverityTier


class Line(Struct, frozen=True, order=True):
    """Open issues that nothing but recurrence and age tells apart.

    `standing` is that of their repositories, `reach` how many tenths of those depend on the files with the issues.
    """

    standing: str
    tier: SeverityTier
    family: str
    reach: int = 0


class Stretch(Struct, frozen=True, kw_only=True):
    """Issues of a line that all score alike: seen `recurrence` times (6 stands for more), opened after `since`.

    `since` is None for no such bound; `until` is when they were opened at the latest.
    """

    line: Line
    recurrence: int
    until: datetime
    since: datetime | None = None


class Waiting(Struct, frozen=True):
    """One issue in a line: its key, its repository, and since when it is open."""

    key: int
    repository: str
    opened_at: datetime


class ScanState(Struct, frozen=True, kw_only=True):
    """The last scan of a repository's default branch, and the requests since then, oldest first."""

    last_at: datetime | None = None
    requests: tuple[datetime, ...] = ()


class FixCount(Struct, frozen=True, kw_only=True):
    """How many attempts at issues of one kind fixed them as scans prove, and how many turned out not to have.

    `merged` of them had their pull request merged, `unmerged` proposed nothing or were turned down; what is still open
    is in neither. `prompt` and `playbook` are the versions that the agent was told by. `last_at` is when the last of
    them all was claimed.
    """

    family: str
    rule_id: str = ""
    language: str = ""
    agent: str = ""
    prompt: str = ""
    playbook: str = ""
    fixed: int = 0
    failed: int = 0
    merged: int = 0
    unmerged: int = 0
    last_at: datetime


class SessionEnd(Struct, frozen=True):
    """When a session ended, and whether it led to a pull request that was not turned down."""

    at: datetime
    is_success: bool


class KnownPullRequest(Struct, frozen=True):
    """A pull request, and the claim or session that it came of, "" where that is not known.

    The rest is as somebody saw it last; `url` is "" where nobody told.
    """

    repository: str
    number: int
    intent_id: str
    session_id: str
    state: PullRequestState = PullRequestState.OPEN
    condition: PullRequestCondition | None = None
    head_commit: str = ""
    merge_commit: str = ""
    url: str = ""
    merged_at: datetime | None = None
    is_reverted: bool = False
