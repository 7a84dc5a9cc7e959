"""Faults by script: which requests go wrong, and how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

if TYPE_CHECKING:
    from codeql_fixer.twin.devin.wire import Request


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
    """One fault. What the numbers mean depends on `fault`; docs/guides/devin-twin.md has the table."""

    fault: str
    match: Match = Match()
    seconds: Annotated[float, Meta(ge=0)] = 30.0
    ms: Annotated[float, Meta(ge=0)] = 0.0
    retry_after: int | str | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody knows."""
        if self.fault not in FAULTS and not _STATUS.fullmatch(self.fault):
            known = ", ".join(sorted(FAULTS))
            raise ValueError(f"unknown fault {self.fault!r}: take one of {known}, or a status from 400 to 599")
        try:
            re.compile(self.match.path)
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from error

    @property
    def times(self) -> int | None:
        """How many requests it strikes, None for all: once, unless it is a state of the service."""
        if self.match.times is UNSET:
            return None if self.fault in _STATES else 1
        return self.match.times


FAULTS = frozenset(
    {
        "commit-then-500",
        "timeout-after-commit",
        "timeout-before",
        "half-body",
        "slow-drip",
        "reset",
        "duplicate-listing",
        "stale-listing",
        "expired-key",
        "unknown-enum",
        "unknown-field",
        "latency",
    }
)
"""Faults with a name; beside them, any status from 400 to 599 is answered without doing anything."""

_STATES = frozenset({"stale-listing", "expired-key"})
_STATUS = re.compile(r"[45]\d\d")


class Faults:
    """The script, in the order in which it was given."""

    def __init__(self) -> None:
        self._rules: list[_Counted] = []

    def add(self, rule: Rule) -> None:
        """One rule more."""
        self._rules.append(_Counted(rule))

    def clear(self) -> None:
        """No faults any more."""
        self._rules = []

    def take(self, request: Request) -> list[Rule]:
        """The rules that strike a request, which counts for all that it matches."""
        return [counted.rule for counted in self._rules if counted.strikes(request)]

    def described(self) -> list[dict[str, object]]:
        """The rules, how many requests each matched, and how many it struck."""
        return [{"rule": one.rule, "matched": one.matched, "struck": one.struck} for one in self._rules]


class _Counted:
    def __init__(self, rule: Rule) -> None:
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
