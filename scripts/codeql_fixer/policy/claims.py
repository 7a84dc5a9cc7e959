"""Claims: their identity, how long their claimer may act on them, and when others may settle them.

A claim is a promise with an end. Its claimer starts no session after `act_before`; others touch it only after
`settles_at`, which lies so much later that a request on its way has arrived by then and clocks may differ. So no two
of them ever act on one claim.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from codeql_fixer.domain.claim import Claim

LEASE = timedelta(minutes=10)
# Clocks in good order differ by seconds; a request ends within two minutes (transport); listings may lag a little.
GRACE = timedelta(minutes=10)
# A service that cannot be asked for so long has to be asked by a person.
PATIENCE = timedelta(hours=24)
_DIGITS = 24


def intent_id_of(repository: str, fingerprints: Iterable[str], *, agent: str, attempt: int) -> str:
    """The id of a claim: the same issues, agent and attempt are the same claim, whoever makes it."""
    parts = [repository.lower(), *sorted(fingerprints), agent, str(attempt)]
    return f"i-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:_DIGITS]}"


def settles_at(claim: Claim) -> datetime:
    """From when on others may settle a claim of which nobody wrote what became of it."""
    return (claim.act_before or claim.claimed_at + LEASE) + GRACE


def is_hopeless(claim: Claim, now: datetime) -> bool:
    """True when its agent could not be asked for so long that a person has to."""
    return now > settles_at(claim) + PATIENCE
