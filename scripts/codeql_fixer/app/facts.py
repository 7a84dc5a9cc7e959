"""Reads from the index what a decision about sessions has to know."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from codeql_fixer.policy.dispatching import Facts
from codeql_fixer.policy.fix_rates import FixRate
from codeql_fixer.policy.monitoring import Ended, failing_families
from codeql_fixer.policy.room import longest_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from codeql_fixer.domain.claim import Claim
    from codeql_fixer.policy.dispatching import Limits
    from codeql_fixer.ports.index import Index

_MEMORY = timedelta(days=30)  # what a family did before says little about what it does now


def facts_of(index: Index, limits: Limits, now: datetime) -> Facts:
    """All of it, at the state of the ledger that the index reflects."""
    ends = {
        family: [Ended(end.at, end.is_success) for end in found]
        for family, found in (index.session_ends(now - _MEMORY) if limits.family_failure_limit else {}).items()
    }
    claims = tuple(index.claims(now - longest_window(limits)))
    by_claim = index.open_pull_requests_by_claim()
    return Facts(
        now=now,
        claims=claims,
        paused=limits.paused,
        pauses={name: pause.reason for name, pause in index.pauses().items()},
        acu_by_family=index.acu_by_family(),
        fix_rates={
            family: FixRate(family=family, fixed=count.fixed, failed=count.failed)
            for family, count in index.fix_counts().items()
        },
        failing=failing_families(ends, limits.family_failure_limit),
        busy_files=index.files_at_work() if limits.keeps_files_apart else {},
        open_pull_requests=Counter(index.open_pull_requests()) + _on_the_way(claims, by_claim),
        pull_requests_of_claims=by_claim,
    )


def _on_the_way(claims: Iterable[Claim], by_claim: Mapping[str, int]) -> Counter[str]:
    """The pull requests, by repository, that sessions at work have not opened yet."""
    return Counter(claim.repository for claim in claims if claim.is_at_work and not by_claim.get(claim.intent_id))
