"""What a run tells about its sessions."""

from __future__ import annotations

from codeql_fixer.domain.dispatch import DispatchStatus
from codeql_fixer.domain.sessions import SessionsSummary, SessionSummary


def _session(status: DispatchStatus | None) -> SessionSummary:
    return SessionSummary(batch_id="B001", intent_id="i-1", agent="devin", reason="", issues=1, status=status)


def test_sessions_summary__counts_what_exists_what_was_refused_and_what_nobody_knows() -> None:
    statuses = [None, *DispatchStatus]

    summary = SessionsSummary(sessions=tuple(map(_session, statuses)))

    assert (summary.created, summary.failed, summary.unsettled) == (2, 1, 1)
