"""What goes over the wire, without the socket: requests, answers and problems."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import msgspec
from msgspec import Struct

JSON = "application/json"
ADMIN = "/__twin__/"
"""Where whoever started a twin looks behind the scenes."""


class Request(Struct, frozen=True, kw_only=True):
    """A request that was read whole. Names of headers are in lower case; `query` keeps repeated parameters in order.

    `connection` is the number of the connection over which it came: a later one has a larger number.
    """

    method: str
    path: str
    query: Mapping[str, list[str]] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    connection: int = 0

    def __repr__(self) -> str:
        """No header and no body: keys and secrets are in them."""
        return f"Request({self.method} {self.path})"


class Response(Struct, frozen=True, kw_only=True):
    """An answer. `content` is ready to be sent."""

    status: int = 200
    content: bytes = b""
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def answer(value: Any, *, status: int = 200, media_type: str = JSON) -> Response:  # noqa: ANN401 - JSON says anything
    """An answer in JSON."""
    return Response(status=status, content=msgspec.json.encode(value), media_type=media_type)


class Problem(Exception):  # noqa: N818 - RFC 9457 names it
    """The request cannot be done. `errors` are FastAPI's, each with `loc`, `msg` and `type`, for 422 only."""

    def __init__(self, status: int, detail: str, *, errors: tuple[dict[str, object], ...] = ()) -> None:
        self.status, self.detail, self.errors = status, detail, errors
        super().__init__(detail)


class Manner(Enum):
    """How an answer is sent."""

    WHOLE = auto()
    HALF = auto()  # half of the body, and the connection is closed
    DRIP = auto()  # piece by piece, for as long as was said
    LATE = auto()  # whole, after as long as was said
    SILENCE = auto()  # nothing, for as long as was said, and the connection is closed
    RESET = auto()  # nothing, and the connection is reset


class Delivery(Struct, frozen=True, kw_only=True):
    """An answer, when it is sent and how; all times are real seconds."""

    response: Response
    manner: Manner = Manner.WHOLE
    delay_seconds: float = 0.0
    seconds: float = 0.0
