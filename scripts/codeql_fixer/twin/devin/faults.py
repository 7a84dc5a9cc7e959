"""Faults that only this twin has: of keys, of lists of sessions and of what is said about sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import UNSET, Struct

from codeql_fixer.twin import faults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.twin.devin.session import Session

FAULTS = faults.FAULTS | {"duplicate-listing", "stale-listing", "expired-key", "unknown-enum", "unknown-field"}
"""Faults with a name; beside them, any status from 400 to 599 is answered without doing anything."""

_LASTING = frozenset({"stale-listing", "expired-key"})  # states of the service, not accidents of a request


class Rule(faults.Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. What the other members mean depends on `fault`; docs/guides/devin-twin.md has the table."""

    known: ClassVar[frozenset[str]] = FAULTS

    member: str = ""
    value: Any = "hibernating"

    @property
    def times(self) -> int | None:
        """How many requests it strikes, None for all; once, unless it lasts by its nature."""
        return None if self.match.times is UNSET and self.fault in _LASTING else super().times

    @property
    def refusal(self) -> int:
        """The status that is answered without doing anything, 0 for a fault that is another one."""
        return 401 if self.fault == "expired-key" else super().refusal


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


class Sabotage(faults.Sabotage[Rule], frozen=True):
    """The rules that strike one request, in the order of the script."""

    @property
    def listing(self) -> Listing:
        """How lists go wrong."""
        stale = self.rule("stale-listing")
        return Listing(stale.seconds if stale else 0.0, self.rule("duplicate-listing") is not None)

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


Faults = faults.Faults[Rule]
