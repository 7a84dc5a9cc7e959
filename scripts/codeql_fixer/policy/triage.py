"""When agents are asked how much issues matter, what of their answer counts, and whether it was any good.

An agent has read strangers' text, so its word moves issues up and down and nothing else: gates, limits and budgets hold
as they are. What cannot be used changes nothing, and the formula's score stands.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.session import ReportStatus, SessionState
from codeql_fixer.domain.triage import MOST_REASON, TriageScore, TriageStatus
from codeql_fixer.policy.beta import Beta
from codeql_fixer.policy.claims import PATIENCE
from codeql_fixer.policy.plain_text import one_line
from codeql_fixer.policy.session_end import is_over, state_of
from codeql_fixer.policy.shrinkage import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from codeql_fixer.domain.priority import Score
    from codeql_fixer.domain.session import Session
    from codeql_fixer.domain.triage import KnownTriage, TriageAnswer, TriagedTry

FRESH = timedelta(days=7)  # for so long an answer counts
TIME_LIMIT = timedelta(hours=1)
FEWEST_ISSUES = 2  # one alone has no order
_FULL = 100
_MOST_PROBLEM = 1000
_NO_SESSION = frozenset({DispatchStatus.REFUSED, DispatchStatus.RELEASED, DispatchStatus.AMBIGUOUS})


class TriageEnd(Struct, frozen=True, kw_only=True):
    """How a triage ended."""

    status: TriageStatus
    scores: tuple[TriageScore, ...] = ()
    reason: str = ""


class TriageLesson(Struct, frozen=True, kw_only=True):
    """How attempts at issues ended that triage put up, or down."""

    is_up: bool
    tally: Tally

    @property
    def belief(self) -> Beta:
        """Beta(1 + fixed, 1 + failed)."""
        return Beta(1 + self.tally.good, 1 + self.tally.bad)


def is_due(known: Iterable[KnownTriage], now: datetime, every: timedelta) -> bool:
    """True when an agent is to be asked: no triage is open, and none began lately but for those that never did."""
    return not any(
        one.status is None or (one.outcome is not DispatchStatus.RELEASED and one.claimed_at > now - every)
        for one in known
    )


def end_without_session(known: KnownTriage) -> TriageEnd | None:
    """The end of a triage that has no session; None while it has one, or nobody can tell."""
    if known.outcome not in _NO_SESSION:
        return None
    return TriageEnd(status=TriageStatus.FAILED, reason=f"no session, {known.outcome}: {known.problem}"[:_MOST_PROBLEM])


def given_up(problem: str, age: timedelta) -> TriageEnd | None:
    """The end of a triage whose agent cannot be asked, once that has been so for a day; `age` is since its claim."""
    if age < PATIENCE:
        return None
    return TriageEnd(status=TriageStatus.FAILED, reason=f"its agent could not be asked: {problem}"[:_MOST_PROBLEM])


def end_of(session: Session, asked: Sequence[str], *, age: timedelta) -> TriageEnd | None:
    """How a triage ended by what its session says; None while it may still answer. One that is late is to be stopped.

    An answer counts as a whole or not at all, also that of a session which somebody ended afterwards.

    Args:
        session: as its service describes it.
        asked: the fingerprints that it was asked about.
        age: since its claim.
    """
    state = state_of(session)
    has_said_so = session.report is not None and session.report.status is ReportStatus.COMPLETED
    if session.triage is not None and (has_said_so or state is SessionState.FINISHED):
        scores, notes = judged(session.triage, asked)
        return TriageEnd(status=TriageStatus.ANSWERED if scores else TriageStatus.FAILED, scores=scores, reason=notes)
    if is_over(session):
        reason = f"its session is {state}, and left no answer that can be read"
        return TriageEnd(status=TriageStatus.FAILED, reason=reason)
    late = f"no answer in {TIME_LIMIT.total_seconds() / 3600:g} h"
    return TriageEnd(status=TriageStatus.LATE, reason=late) if age >= TIME_LIMIT else None


def judged(answer: TriageAnswer, asked: Sequence[str]) -> tuple[tuple[TriageScore, ...], str]:
    """What of an answer counts, in the order of the questions, and a note about the rest.

    Each entry is judged for itself. Of two about one issue neither counts: nobody knows which was meant.
    """
    given = Counter(one.fingerprint for one in answer.scores)
    wanted = frozenset(asked)
    dropped: Counter[str] = Counter(malformed=answer.malformed)
    found: dict[str, TriageScore] = {}
    for one in answer.scores:
        if one.fingerprint not in wanted:
            dropped["about something else"] += 1
        elif given[one.fingerprint] > 1:
            dropped["given twice"] += 1
        elif not 0 <= one.score <= _FULL:  # what is not a number is in no range
            dropped["out of range"] += 1
        else:
            reason = one_line(one.reason, MOST_REASON)[:MOST_REASON]
            found[one.fingerprint] = TriageScore(fingerprint=one.fingerprint, score=round(one.score), reason=reason)
    notes = [f"{count} {what}" for what, count in dropped.items() if count]
    missing = len(wanted) - len(found)
    if missing:
        notes.insert(0, f"{missing} of {len(wanted)} have no score")
    return tuple(found[name] for name in asked if name in found), "; ".join(notes)


def merged(score: Score, points: int, weight: float) -> Score:
    """(1 - weight) * the formula's total + weight * points / 100; what that adds or takes is a term of its own."""
    return replace(score, triage=weight * (points / _FULL - score.total))


def triage_lessons(tries: Iterable[TriagedTry]) -> list[TriageLesson]:
    """How attempts ended that were put up, and those that were put down; what stayed in its place is in neither.

    Those put up should be fixed more often, if the agent sees what the formula does not.
    """
    found: dict[bool, Tally] = {}
    for one in tries:
        shift = one.points / _FULL - one.formula
        if shift:
            so_far = found.get(shift > 0, Tally())
            found[shift > 0] = Tally(so_far.good + one.is_fixed, so_far.bad + (not one.is_fixed))
    return [TriageLesson(is_up=is_up, tally=found[is_up]) for is_up in (True, False) if is_up in found]
