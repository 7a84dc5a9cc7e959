"""Reads parameters and bodies as the service does: what does not fit is a 422 that names the place."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from codeql_fixer.twin.devin.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from codeql_fixer.twin.wire import Request

T = TypeVar("T")
MAX_PAGE = 200
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"Object missing required field `(.*?)`")
_NOT_A_NUMBER = "Input should be a valid integer, unable to parse string as an integer"
_NOT_A_FLAG = "Input should be a valid boolean, unable to interpret input"


def body_of(request: Request, kind: type[T]) -> T:
    """The body as a typed value.

    Raises:
        Problem: 422, it is no JSON or does not fit.
    """
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.ValidationError as error:
        text = _PLACE.sub("", str(error))
        place = _PLACE.search(str(error))
        names = re.findall(r"[^.\[\]]+", place[1]) if place else []
        if missing := _MISSING.match(text):
            raise invalid("Field required", "body", *names, missing[1], kind="missing") from error
        raise invalid(text, "body", *names) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"JSON decode error: {error}", "body", kind="json_invalid") from error


def text_of(request: Request, name: str) -> str:
    """A parameter of the query, the last one where it is repeated; "" when it is not there."""
    return request.query.get(name, [""])[-1]


def number_of(request: Request, name: str) -> int | None:
    """A whole number of the query, None when it is not there.

    Raises:
        Problem: 422, it is none.
    """
    text = text_of(request, name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise invalid(_NOT_A_NUMBER, "query", name, kind="int_parsing") from error


def number_between(request: Request, name: str, default: int, *, low: int, high: int | None = None) -> int:
    """A whole number of the query within bounds.

    Raises:
        Problem: 422, it is none or out of bounds.
    """
    value = number_of(request, name)
    if value is None:
        return default
    if value < low:
        raise invalid(f"Input should be greater than or equal to {low}", "query", name, kind="greater_than_equal")
    if high is not None and value > high:
        raise invalid(f"Input should be less than or equal to {high}", "query", name, kind="less_than_equal")
    return value


def flag_of(request: Request, name: str) -> bool | None:
    """A truth value of the query, None when it is not there.

    Raises:
        Problem: 422, it is none.
    """
    text = text_of(request, name).lower()
    if not text:
        return None
    if text not in {"true", "1", "yes", "on", "false", "0", "no", "off"}:
        raise invalid(_NOT_A_FLAG, "query", name, kind="bool_parsing")
    return text in {"true", "1", "yes", "on"}


def words_of(request: Request, name: str, allowed: Iterable[str]) -> list[str]:
    """A repeated parameter of the query that takes certain words only.

    Raises:
        Problem: 422, it is another one.
    """
    words = request.query.get(name, [])
    known = sorted(allowed)
    for word in words:
        if word not in known:
            message = f"Input should be {', '.join(map(repr, known))}"
            raise invalid(message, "query", name, kind="enum")
    return words


def page_of(
    request: Request, entries: Iterable[T], position: Callable[[T], int], *, order: Literal["newest", "oldest"]
) -> tuple[list[T], dict[str, Any]]:
    """The entries of one page, and the other members of the answer. Entries that come meanwhile shift nothing.

    Args:
        request: with `first` and `after`.
        entries: all of them, in order of their position.
        position: a number that an entry keeps, growing with time.
        order: what comes first.

    Raises:
        Problem: 422, `first` is out of bounds or `after` no cursor of ours.
    """
    first = number_between(request, "first", 100, low=1, high=MAX_PAGE)
    begin = position_of(request)
    page: list[T] = []
    for entry in entries:
        if begin is not None and (position(entry) >= begin if order == "newest" else position(entry) <= begin):
            continue
        if len(page) == first:
            return page, {"end_cursor": _cursor(position(page[-1])), "has_next_page": True, "total": None}
        page.append(entry)
    return page, {"end_cursor": None, "has_next_page": False, "total": None}


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()


def position_of(request: Request) -> int | None:
    """Where a page begins: after the entry at this position, at the beginning for None.

    Raises:
        Problem: 422, it is no cursor of ours.
    """
    cursor = text_of(request, "after")
    if not cursor:
        return None
    try:
        return int(base64.b64decode(cursor, altchars=b"-_", validate=True).decode().removeprefix("position:"))
    except (ValueError, binascii.Error) as error:
        raise invalid("Invalid cursor", "query", "after") from error
