"""What the service's words mean: every documented word, those of budgets above all, and words that nobody knows yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.devin.statuses import BUDGET_DETAILS, ended, is_about_budget, raw_state, v1_state, v3_state
from codeql_fixer.domain.session import PullRequestLink, ReportStatus, SessionReport, SessionState

if TYPE_CHECKING:
    from pathlib import Path

Q, W, A, F = SessionState.QUEUED, SessionState.WORKING, SessionState.WAITING, SessionState.FINISHED
FAILED, BUDGET = SessionState.FAILED, SessionState.BUDGET_STOP


@pytest.mark.parametrize(
    ("status", "detail", "state"),
    [
        ("new", "", Q),
        ("claimed", "", Q),
        ("running", "", W),  # creation and messages are answered without the detail
        ("running", "working", W),
        ("running", "waiting_for_user", A),
        ("running", "waiting_for_approval", A),
        ("running", "finished", F),
        ("suspended", "", A),
        ("suspended", "inactivity", A),
        ("suspended", "user_request", A),
        ("suspended", "error", FAILED),
        *(("suspended", detail, BUDGET) for detail in sorted(BUDGET_DETAILS)),
        ("suspended", "enterprise_usage_limit_exceeded", BUDGET),  # new, and yet clear
        ("resuming", "", W),
        ("exit", "finished", F),
        ("exit", "", None),
        ("exit", "working", None),
        ("error", "", FAILED),
        ("error", "working", FAILED),
        # Nobody knows: it may cost, so it counts as work.
        ("creating", "", W),
        ("running", "thinking", W),
        ("suspended", "maintenance", W),
        ("", "", W),
        ("Running", "", W),
    ],
)
def test_v3__word(status: str, detail: str, state: SessionState | None) -> None:
    assert v3_state(status, detail) is state


def test_v3__every_documented_word_has_a_meaning(shared: Path) -> None:
    contract = json.loads((shared / "reference/devin-openapi/v3-combined.json").read_text())
    members = contract["components"]["schemas"]["SessionResponse"]["properties"]
    statuses, details = members["status"]["enum"], members["status_detail"]["anyOf"][0]["enum"]

    unknown = {status for status in statuses if v3_state(status, "") is W} - {"running", "resuming"}
    budget = {detail for detail in details if v3_state("suspended", detail) is BUDGET}

    assert unknown == set()
    assert budget == BUDGET_DETAILS - {"contract_expired"}
    assert {"inactivity", "user_request", "error"} | budget == {
        detail for detail in details if v3_state("suspended", detail) is not W
    }


@pytest.mark.parametrize(
    ("status", "status_enum", "state"),
    [
        ("running", "working", W),
        ("running", "blocked", A),
        ("finished", "finished", F),
        ("exit", "finished", None),  # said of what was ended, too
        ("running", "expired", None),
        ("error", "expired", FAILED),
        ("running", "suspend_requested", A),
        ("running", "suspend_requested_frontend", A),
        ("suspended", "resume_requested", W),
        ("suspended", "resume_requested_frontend", W),
        ("running", "resumed", W),
        # Without a word of the list, the free text has to do.
        ("new", "", Q),
        ("claimed", "", Q),
        ("running", "", W),
        ("suspended", "", A),
        ("error", "", FAILED),
        ("exit", "", None),
        ("exit", "working", None),  # it had not noticed yet
        ("out_of_credits", "", BUDGET),
        ("usage_limit_exceeded", "blocked", BUDGET),
        ("dreaming", "", W),
        ("running", "dreaming", W),
        ("", "", W),
    ],
)
def test_v1__word(status: str, status_enum: str, state: SessionState | None) -> None:
    assert v1_state(status, status_enum) is state


LINK = PullRequestLink("https://github.com/acme/shop/pull/1")


@pytest.mark.parametrize(
    ("status", "pull_requests", "state"),
    [
        (None, (), SessionState.STOPPED),
        (ReportStatus.TESTING, (), SessionState.STOPPED),
        (ReportStatus.COMPLETED, (), F),
        (ReportStatus.FAILED, (), F),
        (None, (LINK,), F),
    ],
)
def test_ended__by_itself_if_it_left_something(
    status: ReportStatus | None, pull_requests: tuple[PullRequestLink, ...], state: SessionState
) -> None:
    assert ended(SessionReport(status=status) if status else None, pull_requests) is state


@pytest.mark.parametrize(
    ("status", "detail", "is_budget"),
    [
        (402, "", True),
        (403, "Your organization is out of credits", True),
        (403, "Organization usage limit exceeded", True),
        (429, "out_of_quota", True),
        (400, "ACU limit reached", True),
        (403, "payment_declined", True),
        (403, "Total session limit exceeded", True),
        (403, "You do not have permission to access this resource", False),
        (429, "Too many requests, rate limit exceeded", False),
        (429, "Too many concurrent sessions", False),  # others end, and there is room again
        (422, "body.max_acu_limit: must be greater than 0", False),
        (404, "Repository acme/payment-billing was not found", False),
    ],
)
def test_refusal__about_budget(status: int, detail: str, *, is_budget: bool) -> None:
    assert is_about_budget(status, detail) is is_budget


def test_raw_state__is_the_services_words() -> None:
    assert (raw_state("running", "working"), raw_state("new", "")) == ("running/working", "new")
