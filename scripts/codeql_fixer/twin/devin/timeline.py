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
    from collections.abc import Iterator, Sequence


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

    `report` is the status in its structured output, "" while there is none, `error` what goes with it. `acu` is what it
    has used when the step begins, `acu_per_second` what it uses in it. `says` is a message that the agent writes then.
    """

    at: float = 0.0
    status: str
    detail: str | None = None
    report: str = ""
    error: str = ""
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


class _Stage(Struct, frozen=True):
    name: str
    seconds: tuple[float, float]  # shortest and longest
    says: str


_STAGES: tuple[_Stage, ...] = (
    _Stage("analyzing", (5.0, 10.0), "I am reading the code and the findings."),
    _Stage("fixing", (10.0, 20.0), "I know what is wrong and am changing the code."),
    _Stage("testing", (8.0, 15.0), "The change is made; I am running the tests."),
    _Stage("creating_pr", (3.0, 8.0), "The tests pass; I am opening a pull request."),
)
_NAMES = [stage.name for stage in _STAGES]
_CLAIM = (0.3, 1.0)  # until a worker has taken it
_BOOT = (1.0, 4.0)  # until it works; seen live: 4 to 5 s from creation
_WAKE = (1.0, 3.0)
_REPLY = (4.0, 8.0)
_WORK_ACU = (0.2, 2.0)
_REPLY_ACU = (0.05, 0.2)

_STUCK = "2 tests fail for a reason that I cannot find."
_DONE = Step(
    status="running",
    detail="waiting_for_user",
    report="completed",
    has_pull_request=True,
    says="The fix is ready for review in the pull request.",
)
_ENDS = {
    Outcome.WAITING_FOR_USER: _DONE,
    Outcome.FINISHED: replace(_DONE, detail="finished"),
    Outcome.EXIT: replace(_DONE, status="exit", detail="finished"),
    Outcome.INACTIVITY: replace(_DONE, status="suspended", detail="inactivity"),
    Outcome.WITHOUT_OUTPUT: replace(_DONE, report=""),
    Outcome.WITHOUT_PULL_REQUEST: replace(_DONE, has_pull_request=False, says="There is nothing to change."),
    Outcome.BLOCKED: Step(
        status="running", detail="waiting_for_user", report="testing", error=_STUCK, says=f"{_STUCK} How do I go on?"
    ),
    Outcome.FAILED: Step(
        status="running", detail="waiting_for_user", report="failed", error=_STUCK, says=f"{_STUCK} I give up."
    ),
    Outcome.ERROR: Step(status="error", report="failed", error="The machine of the session broke."),
    Outcome.SUSPENDED_ERROR: Step(status="suspended", detail="error", report="fixing"),
    Outcome.WAITING_FOR_APPROVAL: Step(
        status="running", detail="waiting_for_approval", report="fixing", says="May I run this command?"
    ),
    Outcome.NEVER_ENDING: Step(
        status="running", detail="working", report="fixing", says="This takes longer than I thought."
    ),
    **{stop: Step(status="suspended", detail=stop.value, report="fixing") for stop in BUDGET_STOPS},
}
_STAGES_BEFORE_END = {  # all of them, where nothing stands here
    **dict.fromkeys((Outcome.WAITING_FOR_APPROVAL, Outcome.SUSPENDED_ERROR, Outcome.NEVER_ENDING, *BUDGET_STOPS), 2),
    **dict.fromkeys((Outcome.BLOCKED, Outcome.FAILED, Outcome.ERROR, Outcome.WITHOUT_PULL_REQUEST), 3),
}


class Course:
    """Draws the steps of one session.

    The same generator gives the same durations for every outcome, so that a session can be led elsewhere half-way.

    Args:
        luck: seeded for this session, and not used for anything else.
        max_acu: what it may use in all, None for no limit.
    """

    def __init__(self, luck: random.Random, max_acu: float | None) -> None:
        self._luck = luck
        self.max_acu = max_acu if max_acu is not None else float("inf")

    def first(self, start: float, outcome: Outcome) -> tuple[Step, ...]:
        """From creation at `start` to where the session rests."""
        claimed = start + self._luck.uniform(*_CLAIM)
        running = claimed + self._luck.uniform(*_BOOT)
        begin = Step(at=running, status="running", detail="working")
        return (Step(at=start, status="new"), Step(at=claimed, status="claimed"), *self._work(begin, outcome))

    def after_message(self, last: Step, now: float, outcome: Outcome) -> tuple[Step, ...]:
        """From a message to a session that rests to where it rests again."""
        at = now
        steps: tuple[Step, ...] = ()
        if last.status == "suspended":
            steps = (replace(last, at=at, status="resuming", detail=None, says=""),)
            at += self._luck.uniform(*_WAKE)
        back = replace(last, at=at, status="running", detail="working", says="")
        if outcome is Outcome.USAGE_LIMIT_EXCEEDED and last.detail == outcome:
            self.max_acu *= 2  # the limit is one per message: there is room again
            return (*steps, *self._work(back, Outcome.WAITING_FOR_USER, first=_NAMES.index(last.report)))
        if last.detail == "user_request" and last.report in {"", *_NAMES}:  # put to sleep while it worked
            return (*steps, *self._work(back, outcome, first=_NAMES.index(last.report or _NAMES[0])))
        seconds = self._luck.uniform(*_REPLY)
        spent = min(self._luck.uniform(*_REPLY_ACU), max(self.max_acu - last.acu, 0.0))
        end = replace(last, at=at + seconds, acu=last.acu + spent, says="I have read your message and dealt with it.")
        if last.detail in {"inactivity", "user_request"}:
            end = replace(end, status="running", detail="waiting_for_user")
        return (*steps, replace(back, acu_per_second=spent / seconds), end)

    def _work(self, begin: Step, outcome: Outcome, *, first: int = 0) -> tuple[Step, ...]:
        """The stages from the first of them on, with the ACUs spread evenly, and the end."""
        seconds = [self._luck.uniform(*stage.seconds) for stage in _STAGES]
        left = max(self.max_acu - begin.acu, 0.0)
        spent = min(self._luck.uniform(*_WORK_ACU), left)
        if outcome is Outcome.USAGE_LIMIT_EXCEEDED and left < float("inf"):
            spent = left
        part = slice(first, _STAGES_BEFORE_END.get(outcome, len(_STAGES)))
        rate = spent / sum(seconds[part])
        step = replace(begin, acu_per_second=rate)
        steps = []
        for stage, duration in zip(_STAGES[part], seconds[part], strict=True):
            step = replace(step, report=stage.name if _ENDS[outcome].report else "", says=stage.says)
            steps.append(step)
            step = replace(step, at=step.at + duration, acu=step.acu + rate * duration)
        more = rate if outcome is Outcome.NEVER_ENDING else 0.0
        return (*steps, replace(_ENDS[outcome], at=step.at, acu=step.acu, acu_per_second=more))


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


def live_spans(steps: Sequence[Step]) -> Iterator[tuple[float, float]]:
    """When it was or will be live, from and until; until infinity for one that never ends."""
    ends = [step.at for step in steps[1:]] + [float("inf")]
    return ((step.at, end) for step, end in zip(steps, ends, strict=True) if step.is_live and end > step.at)
