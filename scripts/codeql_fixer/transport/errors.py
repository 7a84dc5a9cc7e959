"""What goes wrong with a call over HTTP, told by two questions: may the server have acted, and is another try worth it?

Free of the HTTP library, so that whoever only reads answers does not pay for its import.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from codeql_fixer.errors import UpstreamError
from codeql_fixer.policy.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

TOO_MANY_REQUESTS = 429
_REQUEST_TIMEOUT = 408
_SERVER_ERRORS = 500
_DETAIL_LENGTH = 600
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class HttpError(UpstreamError):
    """A call that brought no answer to use.

    Args:
        problem: what happened, in our words only.
        may_have_acted: False when the server surely did nothing of what it was asked.
        is_transient: True when the same call may succeed later.
        words: what the server or a library says about it, which may quote anything that was sent.
    """

    def __init__(self, problem: str, *, may_have_acted: bool, is_transient: bool, words: str = "") -> None:
        self.problem, self.may_have_acted, self.is_transient = problem, may_have_acted, is_transient
        super().__init__(f"{problem}: {words}" if words else problem)


class NoAnswerError(HttpError):
    """No whole answer came: no connection, a broken one, or one that took too long."""


class CircuitOpenError(HttpError):
    """Nothing was sent, since the server failed several times in a row just now."""


class DamagedAnswerError(HttpError):
    """The server agreed, in words that cannot be read: broken JSON, a missing field, far too much."""

    def __init__(self, problem: str, *, words: str = "") -> None:
        super().__init__(problem, may_have_acted=True, is_transient=False, words=words)


class StatusError(HttpError):
    """The server said no; `detail` is what it said about it, on one line, and `places` what it said that it is about.

    `retry_after_seconds` is None where the server does not say when to come back; `headers` are those of the answer.
    """

    def __init__(
        self,
        call: str,
        status: int,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
        places: tuple[str, ...] = (),
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        self.status, self.detail, self.retry_after_seconds = status, detail, retry_after_seconds
        self.places, self.headers = places, headers
        is_outage = status >= _SERVER_ERRORS or status == _REQUEST_TIMEOUT
        super().__init__(
            f"{call}: {status}",
            may_have_acted=is_outage,
            is_transient=is_outage or status == TOO_MANY_REQUESTS,
            words=detail,
        )


def is_outage(error: HttpError) -> bool:
    """True when the error says that the server is not well, and not merely that it is busy or does not agree."""
    return isinstance(error, NoAnswerError) or (isinstance(error, StatusError) and error.status >= _SERVER_ERRORS)


def detail_of(body: bytes) -> str:
    """What an error's body says: `detail` as text or list, `errors`, `message` or `title` of JSON, else the body.

    Of a list only places and messages are taken: some servers put the refused value beside them, which may be a secret.
    """
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return one_line(body[: 4 * _DETAIL_LENGTH].decode(errors="replace"), _DETAIL_LENGTH)
    return one_line(_told(found), _DETAIL_LENGTH)


def places_of(body: bytes) -> tuple[str, ...]:
    """The places that an error's body names, such as `body.prompt` or `/prompt`."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ()
    return tuple(filter(None, map(_place, _faults(found))))


def _told(found: Any) -> str:  # noqa: ANN401 - an error's body may be anything
    if isinstance(found, str):
        return found
    if not isinstance(found, dict):
        return ""
    detail, title = found.get("detail"), found.get("title") or found.get("message") or found.get("error")
    words = detail if isinstance(detail, str) else title if isinstance(title, str) else ""
    return "; ".join(filter(None, (words, *map(_fault, _faults(found)))))


def _faults(found: Any) -> list[Any]:  # noqa: ANN401 - an error's body may be anything
    lists = (found.get("detail"), found.get("errors")) if isinstance(found, dict) else ()
    return [fault for faults in lists if isinstance(faults, list) for fault in faults]


def _fault(fault: Any) -> str:  # noqa: ANN401 - an error's body may be anything
    if isinstance(fault, str):
        return fault
    if not isinstance(fault, dict):
        return ""
    what = fault.get("msg") or fault.get("message") or fault.get("detail")
    return ": ".join(filter(None, (_place(fault), what if isinstance(what, str) else "")))


def _place(fault: Any) -> str:  # noqa: ANN401 - an error's body may be anything
    if not isinstance(fault, dict):
        return ""
    place = fault.get("loc") or fault.get("pointer") or fault.get("field") or ()
    return ".".join(map(str, place)) if isinstance(place, list) else str(place or "")
