"""The record of a fix that was proved: what later sessions can learn from."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from codeql_fixer.domain.record import Fingerprint, Name, Number, Record, RepositoryName, Text, Url

MOST_DIFF = 2000  # characters; three of them fit into a prompt


class FixExample(Record, frozen=True, kw_only=True):
    """A change that fixed issues of a rule, as a scan proved: one for each pull request and rule.

    `fingerprint` is of one of those issues. `diff` has no secrets that could be told as such, and is cut; "" where
    nothing of it can be shown. `verification` names the record that proves the fix, "" where the scans alone do.
    """

    schema_version: Literal[1]
    kind: Literal["fix_example"]
    id: Name
    target_repo: RepositoryName
    fingerprint: Fingerprint
    rule_id: Annotated[str, Meta(max_length=400)]
    family: Annotated[str, Meta(max_length=100)]
    pull_request: Number
    diff: Annotated[str, Meta(max_length=MOST_DIFF)]
    language: Annotated[str, Meta(max_length=100)] = ""
    pull_request_url: Url = ""
    intent_id: str = ""
    verification: Text = ""


class ProvedFix(Struct, frozen=True, kw_only=True):
    """A fix of which there is no example yet. `pull_repository` is where its pull request is, which may be a fork."""

    repository: str
    fingerprint: str
    rule_id: str
    family: str
    language: str
    file: str
    pull_repository: str
    pull_request: int
    pull_request_url: str
    intent_id: str
    verification: str = ""


class KnownExample(Struct, frozen=True, kw_only=True):
    """An example that the index has."""

    id: str
    repository: str
    rule_id: str
    family: str
    language: str
    pull_request: int
    pull_request_url: str
    diff: str
