"""When a session is over, and how it ended. What it reports is a claim; only a scan proves a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.session import ReportStatus, SessionState

if TYPE_CHECKING:
    from codeql_fixer.domain.session import Session

_OVER = frozenset({SessionState.FINISHED, SessionState.FAILED, SessionState.STOPPED, SessionState.BUDGET_STOP})
_NOT_PROPOSED = frozenset({"closed"})


def state_of(session: Session) -> SessionState:
    """What our rules make of a session.

    Services leave a session whose work is done waiting for the next message, often for ever. So it is over when its
    final report is there, or when it waits and its pull request is open.
    """
    if session.state in _OVER - {SessionState.FINISHED}:
        return session.state
    if session.report is not None and session.report.status.is_final:
        return SessionState.FINISHED if session.report.status is ReportStatus.COMPLETED else SessionState.FAILED
    if session.state is SessionState.WAITING and _has_proposal(session):
        return SessionState.FINISHED
    return session.state


def is_over(session: Session) -> bool:
    """True when nothing more is to be expected of it."""
    return state_of(session) in _OVER


def ended_well(session: Session) -> bool:
    """True when it is over and proposed a change."""
    report = session.report.pull_request_url if session.report else ""
    return state_of(session) is SessionState.FINISHED and (_has_proposal(session) or bool(report))


def _has_proposal(session: Session) -> bool:
    return any(link.state not in _NOT_PROPOSED for link in session.pull_requests)
