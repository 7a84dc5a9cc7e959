"""Reads parameters and bodies as the service does: what does not fit is a 422 that names the place."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, TypeVar

import msgspec

from codeql_fixer.twin.devin.wire import invalid

if TYPE_CHECKING:
    from codeql_fixer.twin.devin.wire import Request

T = TypeVar("T")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")


def body_of(request: Request, kind: type[T]) -> T:
    """The body as a typed value.

    Raises:
        Problem: 422, it is no JSON or does not fit.
    """
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.ValidationError as error:
        text = str(error)
        place = _PLACE.search(text)
        names = re.findall(r"[^.\[\]]+", place[1]) if place else []
        raise invalid(_PLACE.sub("", text), "body", *names) from error
    except msgspec.DecodeError as error:
        raise invalid(f"JSON decode error: {error}", "body", kind="json_invalid") from error


def number_of(request: Request, name: str, default: int, *, low: int, high: int | None = None) -> int:
    """A whole number of the query.

    Raises:
        Problem: 422, it is none or out of range.
    """
    text = request.query.get(name, [""])[-1]
    if not text:
        return default
    value = _int(text, name)
    if value < low:
        raise invalid(f"Input should be greater than or equal to {low}", "query", name, kind="greater_than_equal")
    if high is not None and value > high:
        raise invalid(f"Input should be less than or equal to {high}", "query", name, kind="less_than_equal")
    return value


def optional_number(request: Request, name: str) -> int | None:
    """A whole number of the query, None when it is not there.

    Raises:
        Problem: 422, it is none.
    """
    text = request.query.get(name, [""])[-1]
    return _int(text, name) if text else None


def _int(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise invalid(message, "query", name, kind="int_parsing") from error


def optional_flag(request: Request, name: str) -> bool | None:
    """A truth value of the query, None when it is not there.

    Raises:
        Problem: 422, it is none.
    """
    text = request.query.get(name, [""])[-1].lower()
    if not text:
        return None
    if text not in {"true", "1", "yes", "on", "false", "0", "no", "off"}:
        message = "Input should be a valid boolean, unable to interpret input"
        raise invalid(message, "query", name, kind="bool_parsing")
    return text in {"true", "1", "yes", "on"}


def cursor_of(request: Request) -> int | None:
    """Where the page begins: the position that the last one ended at, None for the first page.

    Raises:
        Problem: 422, it is no cursor of ours.
    """
    text = request.query.get("after", [""])[-1]
    if not text:
        return None
    try:
        return int(base64.urlsafe_b64decode(text.encode()).decode().removeprefix("position:"))
    except (ValueError, binascii.Error) as error:
        raise invalid("Invalid cursor", "query", "after") from error


def cursor_at(position: int) -> str:
    """The cursor of a position."""
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()
