"""All that a twin knows, and the switches for what has more than one form or is not documented."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from codeql_fixer.twin.devin.library import Attachment, Note, Playbook, Secret, Shelf
from codeql_fixer.twin.devin.outcomes import DEFAULT_MIX, Outcomes
from codeql_fixer.twin.devin.sessions import PREFIX, Sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.twin.devin.session import Session
    from codeql_fixer.twin.devin.timeline import Outcome

_KEY_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_KEY_LENGTH = 52  # as scanners for leaked keys know it

Version = Literal["v1", "v3"]


class Switches(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the twin does where the real service has several forms, or nobody knows.

    `errors`: "problem" is RFC 9457 (v3; v1 has "detail"), the others are the older member `detail` as a text (a list
    for 422), always as FastAPI's list, or null. `v1_era`: the answers of v1 as documented in 2025 ("old") or since.
    `wraps_arrays`: {"items": [...]} where the reference documents a bare array and clients saw both.
    """

    v3_ids: Literal["bare", "prefixed"] = "bare"
    v1_ids: Literal["bare", "prefixed"] = "prefixed"
    errors: Literal["problem", "detail", "list", "null"] = "problem"
    v1_era: Literal["old", "new"] = "new"
    tags_match: Literal["any", "all"] = "any"
    wraps_arrays: bool = False
    latency_ms: Annotated[float, Meta(ge=0)] = 0.0


class State:
    """The state of one twin. Whoever uses it holds the twin's lock.

    Args:
        seed: keys, ids and fates are drawn from it.
        mix: weights of outcomes.
        switches: at first.
    """

    def __init__(
        self, seed: int, *, mix: Mapping[Outcome, float] = DEFAULT_MIX, switches: Switches | None = None
    ) -> None:
        self._seed, self._mix = seed, mix
        self.switches = switches or Switches()
        self.url = ""
        self.api_key = "cog_" + self._drawn_key("key")
        self.v1_api_key = "apk_" + self._drawn_key("v1 key")
        self.org_id = "org-" + self.drawn_id("organization")
        self.service_user_id = "service-user-" + self.drawn_id("service user")
        self.folder_id = "folder-" + self.drawn_id("folder")
        self.first_connection = 0  # requests that come over earlier ones are not done any more
        self.reset()

    def reset(self) -> None:
        """Forget all that clients did."""
        self.outcomes = Outcomes(self._mix)
        self.sessions = Sessions(self.outcomes, self._seed)
        self.playbooks: Shelf[Playbook] = Shelf("playbook-", self.drawn_id)
        self.notes: Shelf[Note] = Shelf("note-", self.drawn_id)
        self.secrets: Shelf[Secret] = Shelf("secret-", self.drawn_id)
        self.attachments: Shelf[Attachment] = Shelf("", self.drawn_id)

    def _drawn_key(self, purpose: str) -> str:
        digest = int.from_bytes(sha256(f"{self._seed} {purpose}".encode()).digest() * 2)
        return "".join(_KEY_LETTERS[(digest >> 5 * place) % 32] for place in range(_KEY_LENGTH))

    def drawn_id(self, purpose: str) -> str:
        """32 hexadecimal digits, the same for the same seed and purpose."""
        return sha256(f"{self._seed} {purpose}".encode()).hexdigest()[:32]

    def shown_id(self, session: Session, version: Version) -> str:
        """The id of a session as an answer of that version shows it."""
        form = self.switches.v1_ids if version == "v1" else self.switches.v3_ids
        return PREFIX + session.id if form == "prefixed" else session.id

    def attachment_url(self, attachment: Attachment, version: Version) -> str:
        """Where a file can be fetched with a key."""
        base = f"{self.url}/v1" if version == "v1" else f"{self.url}/v3/organizations/{self.org_id}"
        return f"{base}/attachments/{attachment.id}/{attachment.name}"
