"""The steps of a session, in their order."""

from __future__ import annotations

from msgspec import Struct

from codeql_fixer.domain.session import ReportStatus


class Step(Struct, frozen=True):
    """How far a session is, in our words, in per cent and in those of a report."""

    name: str
    percent: int
    status: ReportStatus


QUEUED = Step("queued", 0, ReportStatus.ANALYZING)
FETCHING = Step("fetching", 5, ReportStatus.ANALYZING)
FIXING = Step("fixing", 20, ReportStatus.FIXING)
CHECKING = Step("checking", 50, ReportStatus.TESTING)
TESTING = Step("testing", 60, ReportStatus.TESTING)
PUSHING = Step("pushing", 85, ReportStatus.CREATING_PR)
PROPOSING = Step("proposing", 95, ReportStatus.CREATING_PR)
STEPS = {step.name: step for step in (QUEUED, FETCHING, FIXING, CHECKING, TESTING, PUSHING, PROPOSING)}
