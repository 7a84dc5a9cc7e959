"""What proves a verified fix, all in one place, so that others can look at it without us."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from codeql_fixer.domain.proof import TargetVerdict
from codeql_fixer.domain.record import Producer


class Material(Struct, frozen=True, kw_only=True):
    """A file that the verdicts rest on: its digest, and its content where it is small enough to go along."""

    name: str
    media_type: str
    sha256: str
    content: bytes | None = None


class ToolUsed(Struct, frozen=True, kw_only=True):
    """A scanner of the later scan, with its rule packs as (name, version)."""

    name: str
    version: str
    packs: tuple[tuple[str, str], ...] = ()


class TestOutcome(Struct, frozen=True):
    """What a check of the change came to, in the forge's words."""

    __test__ = False  # no test itself, whatever pytest makes of the name

    name: str
    outcome: str


class Origin(Struct, frozen=True, kw_only=True):
    """Where a fix comes from; all of it is "" where nobody said. `tests` are the checks that ran on it."""

    repository: str = ""
    baseline_commit: str = ""
    candidate_commit: str = ""
    pull_request_url: str = ""
    session_id: str = ""
    intent_id: str = ""
    tests: tuple[TestOutcome, ...] = ()


class Evidence(Struct, frozen=True, kw_only=True):
    """The evidence for some verified fixes of one change.

    `had_code` says that the code of both states was at hand when they were judged, so that somebody who has none may
    come to know less.
    """

    origin: Origin
    decided_at: datetime
    verifier: Producer
    baseline: tuple[Material, ...]
    candidate: tuple[Material, ...]
    change: Material | None
    tools: tuple[ToolUsed, ...]
    targets: tuple[TargetVerdict, ...]
    had_code: bool
