"""Reads from the index what a decision about sessions has to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from codeql_fixer.policy.dispatching import Facts
from codeql_fixer.policy.fix_rates import MEMORY, rates_of
from codeql_fixer.policy.ledger_paths import PAUSE_PATH
from codeql_fixer.policy.monitoring import FAILURE_MEMORY, Ended, failing_families
from codeql_fixer.policy.plain_text import one_line
from codeql_fixer.policy.room import longest_window

if TYPE_CHECKING:
    from datetime import datetime

    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.policy.dispatching import Limits
    from codeql_fixer.ports.index import Index

_MOST_NOTE = 300


def facts_of(index: Index, limits: Limits, now: datetime, *, note: str | None = None) -> Facts:
    """All of it, at the state of the ledger that the index reflects; `note` is what `Ledger.pause` gave."""
    ends = {
        family: [Ended(end.at, end.is_success) for end in found]
        for family, found in (index.session_ends(now - FAILURE_MEMORY) if limits.family_failure_limit else {}).items()
    }
    claims = index.claims(now - longest_window(limits))
    pulls = index.open_pull_requests_by_claim()
    fix_rates, rule_rates = rates_of(index.rule_counts(now - MEMORY))
    return Facts(
        now=now,
        claims=tuple(_known_as(claim, limits) for claim in claims),
        paused=limits.paused or held_by(note),
        note=note,
        pauses={limits.known_as(name): pause.reason for name, pause in index.pauses().items()},
        acu_by_family=_AcuByFamily(index),
        fix_rates=fix_rates,
        rule_rates=rule_rates,
        failing=failing_families(ends, limits.family_failure_limit),
        busy_files=_busy_files(index, claims, limits) if limits.keeps_files_apart else {},
        open_pull_requests=_open_pull_requests(index, claims, limits, pulls=pulls),
        pull_requests_of_claims=pulls,
    )


def held_by(note: str | None) -> str:
    """Why a person holds the fleet, "" when nobody does; `note` is what `Ledger.pause` gave."""
    return "" if note is None else one_line(note, _MOST_NOTE) or f"{PAUSE_PATH} is on the ledger"


def _known_as(claim: Claim, limits: Limits) -> Claim:
    """A claim under the present name of its repository: else the same issues would be paid again after a renaming."""
    name = limits.known_as(claim.repository)
    return claim if name == claim.repository else replace(claim, repository=name)


def _open_pull_requests(
    index: Index, claims: Sequence[Claim], limits: Limits, *, pulls: Mapping[str, int]
) -> Counter[str]:
    """Pull requests that are open, and those that sessions at work may still open."""
    found: Counter[str] = Counter()
    for name, count in index.open_pull_requests().items():
        found[limits.known_as(name)] += count
    found.update(
        limits.known_as(claim.repository) for claim in claims if claim.is_at_work and claim.intent_id not in pulls
    )
    return found


def _busy_files(index: Index, claims: Sequence[Claim], limits: Limits) -> dict[str, frozenset[str]]:
    """The files that sessions at work change."""
    found: dict[str, frozenset[str]] = {}
    for claim in claims:
        repository = limits.known_as(claim.repository)
        for name in claim.fingerprints if claim.is_at_work else ():
            found[repository] = found.get(repository, frozenset()) | index.files_of(claim.repository, name)
    return found


class _AcuByFamily(Mapping[str, tuple[float, ...]]):
    """What sessions took, read when somebody asks for a family: few decisions do."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[str, tuple[float, ...]] = {}

    def __getitem__(self, family: str) -> tuple[float, ...]:
        if family not in self._known:
            self._known[family] = self._index.acu_of(family)
        return self._known[family]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
