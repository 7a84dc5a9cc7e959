"""A claim with what came of it: the intent, its outcome and the last word about its session."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import SessionState

_AT_WORK = frozenset({SessionState.QUEUED, SessionState.WORKING, SessionState.WAITING})
_STARTED = frozenset({DispatchStatus.CREATED, DispatchStatus.ADOPTED})


class Claim(Struct, frozen=True, kw_only=True):
    """One claim as the ledger knows it. `outcome` is None while nobody wrote what became of it.

    `act_before` is until when its claimer may start a session; `session` is None while nobody asked about it.
    `account` is whose sessions it is among, "" where anybody can see them. That of a triage has no issues, and
    `repository` is "".
    """

    intent_id: str
    repository: str
    fingerprints: tuple[str, ...]
    agent: str
    attempt: int
    claimed_at: datetime
    act_before: datetime | None = None
    family: str = ""
    max_acu: int | None = None
    outcome: DispatchStatus | None = None
    session_id: str = ""
    session: SessionState | None = None
    acu_used: float | None = None
    account: str = ""
    batch_id: str = ""

    @property
    def is_settled(self) -> bool:
        """False while nobody knows what became of it."""
        return self.outcome is not None

    @property
    def has_session(self) -> bool:
        """True when there is a session, or may be one."""
        return self.outcome in _STARTED or self.outcome in {None, DispatchStatus.AMBIGUOUS}

    @property
    def is_at_work(self) -> bool:
        """True while its session may be running: unknown counts as running."""
        return is_at_work(self.outcome, self.session)


def is_at_work(outcome: DispatchStatus | None, session: SessionState | None) -> bool:
    """True while the session of a claim may be running, by what is on record of both."""
    if outcome is None:
        return True
    return outcome in _STARTED and (session is None or session in _AT_WORK)
