"""What both generations of the API have in common on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from codeql_fixer.domain.session import PullRequestLink
from codeql_fixer.transport.errors import DamagedAnswerError
from codeql_fixer.transport.message_types import ready

AGENT = "devin"
_ID_PREFIX = "devin-"
_T = TypeVar("_T")

SessionId = Annotated[str, Meta(min_length=1)]


class Page(Struct, frozen=True):
    """Items of a list; `end_cursor` is "" where the service names no end, and `has_next` tells if it is the last."""

    items: tuple[Any, ...]
    end_cursor: str = ""
    has_next: bool = False

    @property
    def next_cursor(self) -> str:
        """Where the next page begins; "" when there is none."""
        return self.end_cursor if self.has_next else ""


def path_id(session_id: str) -> str:
    """The form that paths take: with a prefix, which some answers leave out."""
    return _ID_PREFIX + session_id.removeprefix(_ID_PREFIX)


def decoded(body: bytes, kind: type[_T], what: str) -> _T:
    """An answer of a known kind; members that are new are passed over.

    Raises:
        DamagedAnswerError: it is none; the message names the place.
    """
    try:
        return msgspec.json.decode(body, type=ready(kind))
    except msgspec.MsgspecError as error:
        raise DamagedAnswerError(f"the answer of Devin to '{what}' cannot be read", words=str(error)) from error


def moment(value: float | str | None) -> datetime | None:
    """A time in seconds since 1970 or ISO 8601 (UTC where it names no zone); None for none and for nonsense."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        return None if value is None else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def links(found: list[tuple[str | None, str | None]]) -> tuple[PullRequestLink, ...]:
    """Pull requests by address and state."""
    return tuple(PullRequestLink(url, state or "") for url, state in found if url)
