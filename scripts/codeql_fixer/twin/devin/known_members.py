"""What members of a structured output are called, and what a session has to say under each name."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Facts(Struct, frozen=True, kw_only=True):
    """What a session has to report; `status` is one of analyzing, fixing, testing, creating_pr, completed, failed."""

    status: str
    error: str = ""
    issue_ids: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()  # what it is to say how much it matters, by its name
    files: tuple[str, ...] = ()
    pull_request_url: str = ""


# percent, approach, tests
_PROGRESS = {
    "analyzing": (10, "Reading the code.", "Not run yet."),
    "fixing": (35, "Removing the cause.", "Not run yet."),
    "testing": (60, "Removed the cause.", "Running."),
    "creating_pr": (85, "Removed the cause.", "All tests pass."),
    "completed": (100, "Removed the cause.", "All tests pass."),
    "failed": (100, "Tried to remove the cause.", "2 tests fail."),
}
# What schemas of other people call a status; the first that they allow is taken.
_STATUS_WORDS = {
    "completed": ("completed", "complete", "done", "success", "succeeded", "finished", "fixed"),
    "failed": ("failed", "failure", "error", "blocked"),
}
_AT_WORK = ("in_progress", "working", "running", "started")


def members_of(facts: Facts) -> dict[str, list[Any]]:
    """By name, the values that make sense there, the best first. Names are in lower case, without `_` and `-`."""
    percent, approach, tests = _PROGRESS[facts.status]
    is_done = facts.status == "completed"
    files = list(facts.files or ("src/app.py",)) if facts.status not in {"analyzing", "failed"} else []
    statuses = [facts.status, *_STATUS_WORDS.get(facts.status, _AT_WORK)]
    number = int(facts.pull_request_url.rpartition("/")[2] or 0)
    result = "fixed" if is_done else "not_fixed"
    issues = [{"id": [name], "issueid": [name], "result": [result], "status": [result]} for name in facts.issue_ids]
    scores = [{"fingerprint": [name], "score": [_score(name)]} for name in facts.asked if is_done]
    links: list[Any] = [facts.pull_request_url or None, facts.pull_request_url]
    errors: list[Any] = [facts.error, None] if facts.error else [None, ""]
    return {
        "status": statuses,
        "stage": statuses,
        "currentstep": statuses,
        "progress": [percent, percent / 100],
        "progresspercent": [percent],
        "progresspct": [percent],
        "approach": [approach],
        "summary": [approach],
        "fileschanged": [files, len(files)],
        "filesmodified": [files, len(files)],
        "files": [files],
        "tests": [tests, is_done],
        "testspassed": [is_done, int(is_done)],
        "confidence": ["high", 0.9] if is_done else ["low", 0.2],
        "pullrequesturl": links,
        "prurl": links,
        "pullrequestnumber": [number],
        "prnumber": [number],
        "issues": [issues],
        "scores": [scores],
        "issueids": [list(facts.issue_ids)],
        "error": errors,
        "errormessage": errors,
        "result": [result],
        "note": [""],
    }


def _score(name: str) -> int:
    """The same for a name whenever it is asked for."""
    return sum(name.encode()) % 101


def normal(name: str) -> str:
    """A name as `members_of` has it."""
    return name.lower().replace("_", "").replace("-", "")
