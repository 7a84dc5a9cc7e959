"""Faults by script: which requests go wrong, and how their answers are sent. Twins add faults of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from codeql_fixer.twin.wire import Manner

if TYPE_CHECKING:
    from codeql_fixer.twin.wire import Request

FAULTS = frozenset(
    {"commit-then-500", "timeout-after-commit", "timeout-before", "half-body", "slow-drip", "reset", "latency"}
)
"""Faults with a name; beside them, any status from 400 to 599 is answered without doing anything."""

_STATUS = re.compile(r"[45]\d\d")


class Match(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which requests a fault is for.

    `path` is a regular expression that is looked for in the path, `body` a text in the body. The fault begins with the
    `nth` such request and lasts for `times` of them; null is for ever.
    """

    method: str = ""
    path: str = ""
    body: str = ""
    nth: Annotated[int, Meta(ge=1)] = 1
    times: Annotated[int, Meta(ge=1)] | UnsetType | None = UNSET


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. What the other members mean depends on `fault`; the twin's guide has the table."""

    known: ClassVar[frozenset[str]] = FAULTS

    fault: str
    match: Match = Match()
    seconds: Annotated[float, Meta(ge=0)] = 30.0
    ms: Annotated[float, Meta(ge=0)] = 0.0
    then: Literal["close", "answer"] = "close"
    commits: bool = True
    retry_after: int | str | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody knows."""
        if self.fault not in self.known and not _STATUS.fullmatch(self.fault):
            known = ", ".join(sorted(self.known))
            raise ValueError(f"unknown fault {self.fault!r}: take one of {known}, or a status from 400 to 599")
        try:
            re.compile(self.match.path)
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from error

    @property
    def times(self) -> int | None:
        """How many requests it strikes, None for all; once, unless it says otherwise."""
        return 1 if self.match.times is UNSET else self.match.times

    @property
    def refusal(self) -> int:
        """The status that is answered without doing anything, 0 for a fault that is another one."""
        return int(self.fault) if self.fault.isdigit() else 0


AnyRule = TypeVar("AnyRule", bound=Rule)


class Sabotage(Struct, Generic[AnyRule], frozen=True):
    """The rules that strike one request, in the order of the script."""

    rules: tuple[AnyRule, ...] = ()

    def rule(self, *faults: str) -> AnyRule | None:
        """The first rule with one of these faults."""
        return next((rule for rule in self.rules if rule.fault in faults), None)

    @property
    def delay_seconds(self) -> float:
        """What the answer takes longer, in real seconds."""
        return sum(rule.ms for rule in self.rules if rule.fault == "latency") / 1000

    @property
    def refusal(self) -> AnyRule | None:
        """The rule that answers an error in the place of doing anything."""
        return next((rule for rule in self.rules if rule.refusal), None)

    @property
    def lost_answer(self) -> AnyRule | None:
        """The rule that answers an error after all was done."""
        return self.rule("commit-then-500")

    @property
    def is_before(self) -> bool:
        """True when the connection breaks before anything was done."""
        reset = self.rule("reset")
        return self.rule("timeout-before") is not None or (reset is not None and not reset.commits)

    @property
    def manner(self) -> tuple[Manner, float]:
        """How the answer is sent, and for how many real seconds; one that refuses is sent whole."""
        rule = self.rule("timeout-before", "timeout-after-commit", "reset", "half-body", "slow-drip")
        if rule is None or self.refusal is not None:
            return Manner.WHOLE, 0.0
        manners = {"reset": Manner.RESET, "half-body": Manner.HALF, "slow-drip": Manner.DRIP}
        if rule.fault in manners:
            return manners[rule.fault], rule.seconds
        return Manner.LATE if rule.then == "answer" else Manner.SILENCE, rule.seconds


class Faults(Generic[AnyRule]):
    """The script, in the order in which it was given."""

    def __init__(self) -> None:
        self._rules: list[_Counted[AnyRule]] = []

    def add(self, rule: AnyRule) -> None:
        """One rule more."""
        self._rules.append(_Counted(rule))

    def clear(self) -> None:
        """No faults any more."""
        self._rules = []

    def take(self, request: Request) -> tuple[AnyRule, ...]:
        """The rules that strike a request, which counts for all that it matches."""
        return tuple(counted.rule for counted in self._rules if counted.strikes(request))

    def described(self) -> list[dict[str, object]]:
        """The rules, how many requests each matched, and how many it struck."""
        return [{"rule": one.rule, "matched": one.matched, "struck": one.struck} for one in self._rules]


class _Counted(Generic[AnyRule]):
    def __init__(self, rule: AnyRule) -> None:
        self.rule, self.matched, self.struck = rule, 0, 0
        self._path = re.compile(rule.match.path)

    def strikes(self, request: Request) -> bool:
        match = self.rule.match
        if (match.method and match.method != request.method) or not self._path.search(request.path):
            return False
        if match.body and match.body.encode() not in request.body:
            return False
        self.matched += 1
        if self.matched < match.nth or (self.rule.times is not None and self.struck >= self.rule.times):
            return False
        self.struck += 1
        return True
