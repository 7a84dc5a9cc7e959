"""When a session is over: one row for each way in which services end them, or do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codeql_fixer.domain.session import PullRequestLink, ReportStatus, SessionReport, SessionState
from codeql_fixer.policy.session_end import ended_well, is_over, proposals, state_of
from tests.dispatching import session

if TYPE_CHECKING:
    from codeql_fixer.domain.session import Session

URL = "https://github.com/acme/shop/pull/7"
OPEN, MERGED, CLOSED = (PullRequestLink(URL, state) for state in ("open", "merged", "closed"))
DONE = SessionReport(status=ReportStatus.COMPLETED)
DONE_WITH_PR = SessionReport(status=ReportStatus.COMPLETED, pull_request_url=URL)
GAVE_UP = SessionReport(status=ReportStatus.FAILED, error="the tests broke")
TESTING = SessionReport(status=ReportStatus.TESTING)
WAITING = SessionState.WAITING


@pytest.mark.parametrize(
    ("seen", "state", "is_good"),
    [
        (session(), "working", False),
        (session(state=SessionState.QUEUED), "queued", False),
        (session(pull_requests=(OPEN,)), "working", False),  # still pushing to it, perhaps
        (session(report=TESTING), "working", False),
        (session(report=DONE), "finished", False),  # a final report ends it, whatever the service says
        (session(report=DONE_WITH_PR), "finished", True),
        (session(state=WAITING), "waiting", False),  # a person is asked something
        (session(state=WAITING, report=TESTING), "waiting", False),
        (session(state=WAITING, report=DONE, pull_requests=(OPEN,)), "finished", True),
        (session(state=WAITING, pull_requests=(OPEN,)), "finished", True),  # the usual rest after success
        (session(state=WAITING, pull_requests=(MERGED,)), "finished", True),
        (session(state=WAITING, pull_requests=(CLOSED,)), "waiting", False),
        (session(state=WAITING, report=GAVE_UP), "failed", False),
        (session(state=SessionState.FINISHED), "finished", False),
        (session(state=SessionState.FINISHED, report=GAVE_UP), "failed", False),  # it ended, and says that it failed
        (session(state=SessionState.FINISHED, pull_requests=(CLOSED,)), "finished", False),
        (session(state=SessionState.FINISHED, pull_requests=(OPEN,)), "finished", True),
        (session(state=SessionState.FAILED, report=DONE_WITH_PR), "failed", False),
        (session(state=SessionState.STOPPED), "stopped", False),
        (session(state=SessionState.BUDGET_STOP, report=TESTING), "budget_stop", False),
    ],
)
def test_state_of(seen: Session, state: str, *, is_good: bool) -> None:
    assert state_of(seen) == state
    assert is_over(seen) == (state in {"finished", "failed", "stopped", "budget_stop"})
    assert ended_well(seen, "acme/shop", {"github.com"}) == is_good


LINKS = {
    "https://github.com/acme/shop/pull/7": 7,
    "https://github.com/ACME/Shop/pull/7": 7,
    "https://github.com/acme/shop/pull/7/": 7,
    "https://github.com/acme/shop/pull/7/files?w=1#diff": 7,
    "https://github.com/acme/shop/pull/0": None,
    "https://github.com/acme/other/pull/7": None,
    "https://evil.example/acme/shop/pull/7": None,
    "https://github.com@evil.example/acme/shop/pull/7": None,
    "javascript:alert(1)": None,
    "": None,
}


@pytest.mark.parametrize(("url", "number"), LINKS.items())
def test_proposals__count_in_the_sessions_own_repository_only(url: str, number: int | None) -> None:
    """Addresses are the agent's words, and the agent has read strangers' text."""
    said = SessionReport(status=ReportStatus.COMPLETED, pull_request_url=url)
    linked = session(state=WAITING, pull_requests=(PullRequestLink(url, "open"),), report=DONE)

    for seen in (linked, session(report=said)):
        assert list(proposals(seen, "acme/shop", {"github.com"})) == ([] if number is None else [number])
        assert ended_well(seen, "acme/shop", {"github.com"}) == (number is not None)
