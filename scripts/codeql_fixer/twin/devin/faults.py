"""Faults by script: which requests go wrong, and how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from codeql_fixer.twin.devin.wire import Manner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.twin.devin.session import Session
    from codeql_fixer.twin.devin.wire import Request

FAULTS = frozenset(
    {
        *("commit-then-500", "timeout-after-commit", "timeout-before", "half-body", "slow-drip", "reset", "latency"),
        *("duplicate-listing", "stale-listing", "expired-key", "unknown-enum", "unknown-field"),
    }
)
"""Faults with a name; beside them, any status from 400 to 599 is answered without doing anything."""

_STATUS = re.compile(r"[45]\d\d")
_LASTING = frozenset({"stale-listing", "expired-key"})  # states of the service, not accidents of a request


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
    """One fault. What the other members mean depends on `fault`; docs/guides/devin-twin.md has the table."""

    fault: str
    match: Match = Match()
    seconds: Annotated[float, Meta(ge=0)] = 30.0
    ms: Annotated[float, Meta(ge=0)] = 0.0
    then: Literal["close", "answer"] = "close"
    commits: bool = True
    retry_after: int | str | None = None
    detail: str = ""
    member: str = ""
    value: Any = "hibernating"

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
        """How many requests it strikes, None for all; once, unless it lasts by its nature."""
        if self.match.times is UNSET:
            return None if self.fault in _LASTING else 1
        return self.match.times

    @property
    def refusal(self) -> int:
        """The status that is answered without doing anything, 0 for a fault that is another one."""
        if self.fault == "expired-key":
            return 401
        return int(self.fault) if self.fault.isdigit() else 0


class Listing(Struct, frozen=True):
    """How lists of sessions go wrong: what is younger than so many twin seconds is missing, something comes twice."""

    stale_seconds: float = 0.0
    has_duplicate: bool = False

    def shown(self, sessions: Iterable[Session], now: float) -> Iterable[Session]:
        """Those of the sessions that a list knows of."""
        return (one for one in sessions if one.created_at <= now - self.stale_seconds)

    def page(self, sessions: list[Session]) -> list[Session]:
        """A page, in which the first session may come again at the end."""
        return [*sessions, *sessions[:1]] if self.has_duplicate else sessions


class Sabotage(Struct, frozen=True):
    """The rules that strike one request, in the order of the script."""

    rules: tuple[Rule, ...] = ()

    def _rule(self, *faults: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.fault in faults), None)

    @property
    def delay_seconds(self) -> float:
        """What the answer takes longer, in real seconds."""
        return sum(rule.ms for rule in self.rules if rule.fault == "latency") / 1000

    @property
    def refusal(self) -> Rule | None:
        """The rule that answers an error in the place of doing anything."""
        return next((rule for rule in self.rules if rule.refusal), None)

    @property
    def lost_answer(self) -> Rule | None:
        """The rule that answers an error after all was done."""
        return self._rule("commit-then-500")

    @property
    def is_before(self) -> bool:
        """True when the connection breaks before anything was done."""
        reset = self._rule("reset")
        return self._rule("timeout-before") is not None or (reset is not None and not reset.commits)

    @property
    def manner(self) -> tuple[Manner, float]:
        """How the answer is sent, and for how many real seconds."""
        rule = self._rule("timeout-before", "timeout-after-commit", "reset", "half-body", "slow-drip")
        if rule is None:
            return Manner.WHOLE, 0.0
        manners = {"reset": Manner.RESET, "half-body": Manner.HALF, "slow-drip": Manner.DRIP}
        if rule.fault in manners:
            return manners[rule.fault], rule.seconds
        return Manner.LATE if rule.then == "answer" else Manner.SILENCE, rule.seconds

    @property
    def listing(self) -> Listing:
        """How lists go wrong."""
        stale = self._rule("stale-listing")
        return Listing(stale.seconds if stale else 0.0, self._rule("duplicate-listing") is not None)

    def garbled(self, content: bytes) -> bytes:
        """An answer with what clients do not know in each of its sessions."""
        rules = [rule for rule in self.rules if rule.fault in {"unknown-enum", "unknown-field"}]
        if not rules:
            return content
        body = msgspec.json.decode(content)
        for session in _sessions_in(body):
            for rule in rules:
                default = "status_enum" if "status_enum" in session else "status"
                session[rule.member or (default if rule.fault == "unknown-enum" else "mood")] = rule.value
        return msgspec.json.encode(body)


def _sessions_in(body: Any) -> Iterable[dict[str, Any]]:  # noqa: ANN401 - any JSON
    if not isinstance(body, dict):
        return ()
    found = [body, *body.get("items", ()), *body.get("sessions", ())]
    return [one for one in found if "session_id" in one]


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

    def take(self, request: Request) -> Sabotage:
        """What strikes a request, which counts for all rules that it matches."""
        return Sabotage(tuple(counted.rule for counted in self._rules if counted.strikes(request)))

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
