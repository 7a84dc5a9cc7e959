"""The record of a dismissal: a person's word that an issue is not going to be fixed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from codeql_fixer.domain.record import Fingerprint, Name, Record, RepositoryName, Text, Time


class DismissalReason(StrEnum):
    """Why nothing is done about an issue."""

    FALSE_POSITIVE = "false_positive"
    ACCEPTED_RISK = "accepted_risk"
    WONT_FIX = "wont_fix"


class Dismissal(Record, frozen=True, kw_only=True):
    """One issue dismissed by `owner`, until `expires_at` where that is given.

    It is about the fingerprint, so it lapses by itself when the flagged code changes.
    """

    schema_version: Literal[1]
    kind: Literal["dismissal"]
    id: Name
    target_repo: RepositoryName
    fingerprint: Fingerprint
    reason: DismissalReason
    owner: Annotated[str, Meta(min_length=1, max_length=200)]
    comment: Text = ""
    expires_at: Time | None = None
