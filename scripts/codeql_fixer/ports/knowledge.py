"""Knowledge: notes that an agent's service keeps for us and brings to sessions they matter to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Note(Struct, frozen=True, kw_only=True):
    """A note as it ought to be. `trigger` says when to think of it, `pinned_repo` in which repository it holds."""

    name: str
    body: str
    trigger: str
    pinned_repo: str


class Knowledge(Protocol):
    """Keeps notes of ours; nobody else's are ever changed.

    Raises:
        SessionRefusedError: the key may not do that; it may be good for sessions all the same.
        AgentDeniedError: the key is not accepted.
        AgentUnavailableError: the service does not answer.
    """

    def sync_notes(self, notes: Sequence[Note], *, stale: Collection[str], most: int) -> int:
        """Bring notes up to date, each once by its name, and take away those whose names are stale.

        There are never more than `most`: what comes later in the order is left out. Returns how many are there.
        """
        ...
