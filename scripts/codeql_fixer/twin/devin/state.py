"""All that a twin knows, and the switches for what is not documented or has more than one form."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from codeql_fixer.twin.devin.outcomes import Outcomes
from codeql_fixer.twin.devin.sessions import PREFIX, Sessions

if TYPE_CHECKING:
    from codeql_fixer.twin.devin.session import Session

_KEY_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_KEY_LENGTH = 52  # as scanners for leaked keys know it


class Switches(Struct, frozen=True, kw_only=True):
    """What the twin does where the real service has several forms.

    `errors`: "problem" (RFC 9457), or the legacy member `detail` as text, as FastAPI's list, or null.
    """

    v3_ids: Literal["bare", "prefixed"] = "bare"
    v1_ids: Literal["bare", "prefixed"] = "prefixed"
    errors: Literal["problem", "detail", "list", "null"] = "problem"


class State:
    """The state of one twin. Whoever uses it holds the twin's lock.

    Args:
        seed: keys, ids and fates are drawn from it.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.switches = Switches()
        self.api_key = "cog_" + self._drawn("key")
        self.v1_api_key = "apk_" + self._drawn("v1 key")
        self.org_id = "org-" + self.drawn_id("organization")
        self.service_user_id = "service-user-" + self.drawn_id("service user")
        self.reset()

    def reset(self) -> None:
        """Forget all that clients did."""
        self.outcomes = Outcomes()
        self.sessions = Sessions(self.outcomes, self._seed)

    def _drawn(self, what: str) -> str:
        digest = int.from_bytes(sha256(f"{self._seed} {what}".encode()).digest() * 2)
        return "".join(_KEY_LETTERS[(digest >> 5 * place) % 32] for place in range(_KEY_LENGTH))

    def drawn_id(self, what: str) -> str:
        """32 hexadecimal digits, the same for the same seed and word."""
        return sha256(f"{self._seed} {what}".encode()).hexdigest()[:32]

    def shown_id(self, session: Session, version: Literal["v1", "v3"]) -> str:
        """The id of a session as an answer of that version shows it."""
        form = self.switches.v1_ids if version == "v1" else self.switches.v3_ids
        return PREFIX + session.id if form == "prefixed" else session.id
