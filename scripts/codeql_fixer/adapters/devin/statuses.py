"""What Devin's words for the state of a session mean to us. Words that are new count as work in progress."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codeql_fixer.domain.session import SessionState

if TYPE_CHECKING:
    from codeql_fixer.domain.session import PullRequestLink, SessionReport

BUDGET_DETAILS = frozenset(
    {
        "usage_limit_exceeded",
        "out_of_credits",
        "out_of_quota",
        "no_quota_allocation",
        "payment_declined",
        "org_usage_limit_exceeded",
        "user_usage_limit_exceeded",
        "total_session_limit_exceeded",
        "contract_expired",  # not documented, seen by another client
    }
)
# How the same is said in refusals, and in details that are newer than this list.
_BUDGET_WORDS = re.compile(
    r"usage.?limit|session.?limit.?exceeded|out.?of.?(credit|quota|acu)|quota.?(exceeded|allocation)|"
    r"insufficient.?(credit|fund|balance|acu)|acu.?limit.?(reached|exceeded)|payment.?(declined|required|failed)|"
    r"contract.?expired",
    re.IGNORECASE,
)
_PAYMENT_REQUIRED = 402

_V3: dict[tuple[str, str], SessionState] = {
    ("new", ""): SessionState.QUEUED,
    ("claimed", ""): SessionState.QUEUED,
    ("running", ""): SessionState.WORKING,
    ("running", "working"): SessionState.WORKING,
    ("running", "waiting_for_user"): SessionState.WAITING,  # also where it rests when its work is done
    ("running", "waiting_for_approval"): SessionState.WAITING,
    ("running", "finished"): SessionState.FINISHED,
    ("suspended", ""): SessionState.WAITING,
    ("suspended", "inactivity"): SessionState.WAITING,  # asleep; a message wakes it
    ("suspended", "user_request"): SessionState.WAITING,
    ("suspended", "error"): SessionState.FAILED,
    ("resuming", ""): SessionState.WORKING,
    ("exit", "finished"): SessionState.FINISHED,
    ("error", ""): SessionState.FAILED,
}
_V1 = {
    "working": SessionState.WORKING,
    "blocked": SessionState.WAITING,
    "finished": SessionState.FINISHED,
    "suspend_requested": SessionState.WAITING,
    "suspend_requested_frontend": SessionState.WAITING,
    "resume_requested": SessionState.WORKING,
    "resume_requested_frontend": SessionState.WORKING,
    "resumed": SessionState.WORKING,
}
# v1 has free text beside its list of states, and nothing else where that is null: those words of v3 that fit.
_V1_TEXTS = {
    "new": SessionState.QUEUED,
    "claimed": SessionState.QUEUED,
    "suspended": SessionState.WAITING,
}


def is_about_budget(status: int, detail: str) -> bool:
    """True for a refusal (4xx) that says that somebody's money is used up."""
    return status == _PAYMENT_REQUIRED or bool(_BUDGET_WORDS.search(detail))


def v3_state(status: str, detail: str) -> SessionState | None:
    """The state that status and status detail ("" for null) mean; None for "ended", without saying how."""
    if status == "exit" and detail != "finished":
        return None
    if status == "suspended" and (detail in BUDGET_DETAILS or _BUDGET_WORDS.search(detail)):
        return SessionState.BUDGET_STOP
    known = _V3.get((status, detail)) or (SessionState.FAILED if status == "error" else None)
    return known or SessionState.WORKING


def v1_state(status: str, status_enum: str) -> SessionState | None:
    """The state that the free text and the word of the list ("" for null) mean; None for "ended", without how."""
    if status in BUDGET_DETAILS:
        return SessionState.BUDGET_STOP
    if status == "error":
        return SessionState.FAILED
    if status_enum == "expired" or status in {"exit", "expired"}:  # "finished" is said of what was ended, too
        return None
    return _V1.get(status_enum) or _V1_TEXTS.get(status if not status_enum else "", SessionState.WORKING)


def ended(report: SessionReport | None, pull_requests: tuple[PullRequestLink, ...]) -> SessionState:
    """What to call a session that ended where the service does not say whether by itself: it left something, or not."""
    has_result = pull_requests or (report is not None and report.status.is_final)
    return SessionState.FINISHED if has_result else SessionState.STOPPED


def raw_state(status: str, detail: str) -> str:
    """The service's own words, `status/detail`."""
    return f"{status}/{detail}" if detail else status
