"""Which claim a pull request came of, and which merged fix it takes back, as its own words tell.

A session's report is the surest sign, and is on record before anybody looks here (policy/session_end.py). A branch, a
title and a body can be copied, so they count only for branches of the repository itself, which takes the right to push
there: else a stranger's fork could hold our issues.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.cycle import LinkedBy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BRANCHES = "cqf/"  # the branch of an intent is this and its id (adapters/local_agent/work.py)
# The title and the lines at the end of a body that prompts ask for (adapters/prompts/templates/fix.md.j2).
_TITLE = re.compile(r"fix\((?P<family>[a-z0-9-]+)\): (?P<issue>CQLF-\S+)(?: and [0-9]+ more)? \[(?P<batch>[^\]\s]+)\]")
_OF_FINGERPRINT = re.compile(r"CQLF-(?P<start>[0-9a-f]{12})")
_FINDING = re.compile(r"^\s*Fixes-Finding: (?P<fingerprint>[0-9a-f]{20})\b", re.MULTILINE)
_INTENT = re.compile(r"^\s*Codeql-Fixer-Intent: (?P<intent>i-[0-9a-f]{24})\s*$", re.MULTILINE)
# What GitHub writes into a pull request that takes back another one, and git into a commit that does.
_REVERT_TITLE = re.compile(r'Revert "')
_REVERTS = re.compile(r"^\s*Reverts (?P<repository>[\w.-]+/[\w.-]+)?#(?P<number>[1-9][0-9]{0,8})\b", re.MULTILINE)
_REVERTED_COMMIT = re.compile(r"\bThis reverts commit (?P<commit>[0-9a-f]{7,40})\b")
_MOST_FINGERPRINTS = 200


class Proposed(Struct, frozen=True, kw_only=True):
    """A pull request in its own words; `is_from_here` when its branch is in the repository and in no fork."""

    repository: str
    number: int
    head: str
    title: str
    body: str
    is_from_here: bool


class KnownClaim(Struct, frozen=True, kw_only=True):
    """A claim that a pull request may have come of; `has_pull_request` when one is linked to it already."""

    intent_id: str
    at: datetime
    family: str
    batch_id: str
    fingerprints: tuple[str, ...]
    has_pull_request: bool


class Link(Struct, frozen=True, kw_only=True):
    """What a pull request came of, and how that is known. `intent_id` is "" for the work of somebody else."""

    intent_id: str
    by: LinkedBy
    fingerprints: tuple[str, ...] = ()


class MergedFix(Struct, frozen=True, kw_only=True):
    """A pull request of ours that was merged."""

    number: int
    merge_commit: str


def link_of(pull: Proposed, claims: Sequence[KnownClaim]) -> Link | None:
    """What a pull request came of that no session reported; None when it has nothing to do with us.

    Args:
        pull: what it says.
        claims: of its repository, in any order.
    """
    if not pull.is_from_here:
        return None
    newest_first = sorted(claims, key=lambda claim: (claim.at, claim.intent_id), reverse=True)
    known = {claim.intent_id for claim in newest_first}
    branch = pull.head.removeprefix(BRANCHES)
    if branch != pull.head and branch in known:
        return Link(intent_id=branch, by=LinkedBy.BRANCH)
    titled = _by_title(pull.title, newest_first)
    if titled:
        return Link(intent_id=titled, by=LinkedBy.TITLE)
    return _by_body(pull.body, newest_first)


def _by_title(title: str, claims: Iterable[KnownClaim]) -> str:
    found = _TITLE.fullmatch(title.strip())
    if not found:
        return ""
    named = _OF_FINGERPRINT.fullmatch(found["issue"])
    for claim in claims:
        if claim.family != found["family"]:
            continue
        if named is None:
            is_it = claim.batch_id == found["batch"]
        else:
            is_it = any(name.startswith(named["start"]) for name in claim.fingerprints)
        if is_it:
            return claim.intent_id
    return ""


def _by_body(body: str, claims: Sequence[KnownClaim]) -> Link | None:
    """By the intent that it names, or by its findings: ours while their claim waits for a pull request."""
    known = {claim.intent_id for claim in claims}
    intent = next((found["intent"] for found in _INTENT.finditer(body) if found["intent"] in known), "")
    if intent:
        return Link(intent_id=intent, by=LinkedBy.BODY)
    named = dict.fromkeys(found["fingerprint"] for found in _FINDING.finditer(body))
    if not named:
        return None
    for claim in claims:
        if not claim.has_pull_request and not named.keys().isdisjoint(claim.fingerprints):
            return Link(intent_id=claim.intent_id, by=LinkedBy.BODY)
    return Link(intent_id="", by=LinkedBy.BODY, fingerprints=tuple(named)[:_MOST_FINGERPRINTS])


def takes_back(pull: Proposed, fixes: Iterable[MergedFix]) -> int | None:
    """The number of the merged fix that a merged pull request reverts; None when it reverts none of them."""
    numbers = set()
    if _REVERT_TITLE.match(pull.title):
        numbers = {
            int(found["number"])
            for found in _REVERTS.finditer(pull.body)
            if (found["repository"] or pull.repository).lower() == pull.repository.lower()
        }
    commits = [found["commit"] for found in _REVERTED_COMMIT.finditer(pull.body)]
    for fix in fixes:
        if fix.number == pull.number:
            continue
        if fix.number in numbers or any(fix.merge_commit.startswith(commit) for commit in commits):
            return fix.number
    return None
