"""How a session goes: the steps that it takes and when, drawn from a seeded generator. Pure.

A session is a list of steps in time; what it looks like at a moment is the last step that has begun. Messages, a stop
or an archive cut what has not begun yet and put other steps there.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence


class Outcome(StrEnum):
    """How a session ends, or where it stays."""

    WAITING_FOR_USER = "waiting_for_user"  # done, with output and pull request; where real sessions rest
    FINISHED = "finished"
    EXIT = "exit"
    INACTIVITY = "inactivity"  # done, and fallen asleep
    WITHOUT_OUTPUT = "without_output"  # done, with a pull request and no structured output
    WITHOUT_PULL_REQUEST = "without_pull_request"  # done, and nothing to change
    BLOCKED = "blocked"  # stuck while testing, waits for a person
    FAILED = "failed"  # says so, and waits for a person
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    ERROR = "error"
    SUSPENDED_ERROR = "suspended_error"
    NEVER_ENDING = "never_ending"
    USAGE_LIMIT_EXCEEDED = "usage_limit_exceeded"
    OUT_OF_CREDITS = "out_of_credits"
    OUT_OF_QUOTA = "out_of_quota"
    NO_QUOTA_ALLOCATION = "no_quota_allocation"
    PAYMENT_DECLINED = "payment_declined"
    ORG_USAGE_LIMIT_EXCEEDED = "org_usage_limit_exceeded"
    USER_USAGE_LIMIT_EXCEEDED = "user_usage_limit_exceeded"
    TOTAL_SESSION_LIMIT_EXCEEDED = "total_session_limit_exceeded"


BUDGET_STOPS = frozenset(outcome for outcome in Outcome if outcome.endswith(("_exceeded", "_credits", "_quota"))) | {
    Outcome.NO_QUOTA_ALLOCATION,
    Outcome.PAYMENT_DECLINED,
}
"""The service stops these for the sake of somebody's money."""


class Step(Struct, frozen=True, kw_only=True):
    """From `at` (seconds since 1970) on, the session looks like this.

    `report` is the status in its structured output, "" while there is none. `acu` is what it has used when the step
    begins, `acu_per_second` what it uses in it. `says` is a message that the agent writes at the beginning.
    """

    at: float
    status: str
    detail: str | None = None
    report: str = ""
    has_pull_request: bool = False
    acu: float = 0.0
    acu_per_second: float = 0.0
    says: str = ""

    @property
    def is_live(self) -> bool:
        """True while it works, or would if somebody approved it: what a limit on concurrent sessions counts."""
        return self.status in {"new", "claimed", "resuming"} or self.detail in {"working", "waiting_for_approval"}

    @property
    def is_over(self) -> bool:
        """True when nothing can wake it."""
        return self.status in {"exit", "error"}


# Name, shortest and longest duration in seconds, what the agent says when it begins.
_STAGES = (
    ("analyzing", 5.0, 10.0, "I am reading the code and the findings."),
    ("fixing", 10.0, 20.0, "I know what is wrong and am changing the code."),
    ("testing", 8.0, 15.0, "The change is made; I am running the tests."),
    ("creating_pr", 3.0, 8.0, "The tests pass; I am opening a pull request."),
)
_NAMES = tuple(name for name, *_ in _STAGES)
_CLAIM = (0.3, 1.0)  # until a worker has taken it
_BOOT = (1.0, 4.0)  # until it works; seen live: 4 to 5 s from creation
_WAKE = (1.0, 3.0)
_REPLY = (4.0, 8.0)
_WORK_ACU = (0.2, 2.0)
_REPLY_ACU = (0.05, 0.2)

_DONE = "The fix is ready for review in the pull request."
_STUCK = "The tests fail for a reason that I cannot find. How should I go on?"
_GAVE_UP = "I could not fix this safely and stopped."
# How it looks in the end: status, detail, report, has a pull request, what it says. "" as report: none at all.
_ENDS: dict[Outcome, tuple[str, str | None, str, bool, str]] = {
    Outcome.WAITING_FOR_USER: ("running", "waiting_for_user", "completed", True, _DONE),
    Outcome.FINISHED: ("running", "finished", "completed", True, _DONE),
    Outcome.EXIT: ("exit", "finished", "completed", True, _DONE),
    Outcome.INACTIVITY: ("suspended", "inactivity", "completed", True, _DONE),
    Outcome.WITHOUT_OUTPUT: ("running", "waiting_for_user", "", True, _DONE),
    Outcome.WITHOUT_PULL_REQUEST: ("running", "waiting_for_user", "completed", False, "There is nothing to change."),
    Outcome.BLOCKED: ("running", "waiting_for_user", "testing", False, _STUCK),
    Outcome.FAILED: ("running", "waiting_for_user", "failed", False, _GAVE_UP),
    Outcome.WAITING_FOR_APPROVAL: ("running", "waiting_for_approval", "fixing", False, "May I run this command?"),
    Outcome.ERROR: ("error", None, "failed", False, ""),
    Outcome.SUSPENDED_ERROR: ("suspended", "error", "fixing", False, ""),
    Outcome.NEVER_ENDING: ("running", "working", "fixing", False, "This takes longer than I thought."),
}
# After which stage the end comes, where it is not after the last one.
_LAST_STAGE = {
    **dict.fromkeys(
        (Outcome.WAITING_FOR_APPROVAL, Outcome.SUSPENDED_ERROR, Outcome.NEVER_ENDING, *BUDGET_STOPS), "fixing"
    ),
    **dict.fromkeys((Outcome.BLOCKED, Outcome.FAILED, Outcome.ERROR, Outcome.WITHOUT_PULL_REQUEST), "testing"),
}


def _end(outcome: Outcome) -> tuple[str, str | None, str, bool, str]:
    return _ENDS.get(outcome) or ("suspended", outcome.value, "fixing", False, "")


class Course:
    """Draws the steps of one session.

    Args:
        luck: seeded for this session, and not used for anything else.
        max_acu: what it may use in all, None for no limit.
    """

    def __init__(self, luck: random.Random, max_acu: float | None) -> None:
        self._luck = luck
        self._cap = max_acu if max_acu is not None else float("inf")

    def first(self, start: float, outcome: Outcome) -> tuple[Step, ...]:
        """From creation at `start` to where the session rests."""
        claimed = start + self._luck.uniform(*_CLAIM)
        running = claimed + self._luck.uniform(*_BOOT)
        begun = (Step(at=start, status="new"), Step(at=claimed, status="claimed"))
        return begun + self._work(Step(at=running, status="running", detail="working"), outcome, _NAMES[0])

    def after_message(self, last: Step, now: float, outcome: Outcome) -> tuple[Step, ...]:
        """From a message to a session that rests to where it rests again."""
        at = now
        steps: tuple[Step, ...] = ()
        if last.status == "suspended":
            steps = (replace(last, at=at, status="resuming", detail=None, says=""),)
            at += self._luck.uniform(*_WAKE)
        back = replace(last, at=at, status="running", detail="working", says="")
        if outcome is Outcome.USAGE_LIMIT_EXCEEDED:  # the limit is one per message: there is room again
            self._cap += self._cap
            return steps + self._work(back, Outcome.WAITING_FOR_USER, "fixing")
        spent = min(self._luck.uniform(*_REPLY_ACU), max(self._cap - last.acu, 0.0))
        seconds = self._luck.uniform(*_REPLY)
        back = replace(back, acu_per_second=spent / seconds)
        end = replace(last, at=at + seconds, acu=last.acu + spent, says="I have read your message and dealt with it.")
        if last.detail in {"inactivity", "user_request"}:
            end = replace(end, status="running", detail="waiting_for_user")
        return (*steps, back, end)

    def _work(self, begin: Step, outcome: Outcome, first_stage: str) -> tuple[Step, ...]:
        """The stages from one on, with the ACUs spread evenly, and the end."""
        last_stage = _LAST_STAGE.get(outcome, _NAMES[-1])
        stages = _STAGES[_NAMES.index(first_stage) : _NAMES.index(last_stage) + 1]
        seconds = [self._luck.uniform(shortest, longest) for _, shortest, longest, _ in stages]
        left = max(self._cap - begin.acu, 0.0)
        spent = left if outcome is Outcome.USAGE_LIMIT_EXCEEDED and left < float("inf") else 0.0
        spent = spent or min(self._luck.uniform(*_WORK_ACU), left)
        rate = spent / sum(seconds)
        steps, at, acu = [], begin.at, begin.acu
        for (name, _, _, words), duration in zip(stages, seconds, strict=True):
            report = "" if outcome is Outcome.WITHOUT_OUTPUT else name
            steps.append(replace(begin, at=at, report=report, acu=acu, acu_per_second=rate, says=words))
            at += duration
            acu += rate * duration
        status, detail, report, has_pull_request, says = _end(outcome)
        end = Step(
            at=at,
            status=status,
            detail=detail,
            report=report,
            has_pull_request=has_pull_request,
            acu=acu,
            acu_per_second=rate if outcome is Outcome.NEVER_ENDING else 0.0,
            says=says,
        )
        return (*steps, end)


def step_at(steps: Sequence[Step], moment: float) -> Step:
    """The step that a session is in; the first one for moments before."""
    return steps[max(bisect_right(steps, moment, key=lambda step: step.at) - 1, 0)]


def acu_at(steps: Sequence[Step], moment: float) -> float:
    """ACUs used until a moment."""
    step = step_at(steps, moment)
    return step.acu + step.acu_per_second * max(moment - step.at, 0.0)


def begun(steps: Sequence[Step], moment: float) -> tuple[Step, ...]:
    """The steps that have begun; at least the first."""
    return tuple(steps[: max(bisect_right(steps, moment, key=lambda step: step.at), 1)])
