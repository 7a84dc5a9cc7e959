"""A request that found its route, what routes are here, and how bodies are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from codeql_fixer.twin import routing
from codeql_fixer.twin.wire import Problem, Request

T = TypeVar("T")
_DIGITS = 18


class Call(Struct, frozen=True, kw_only=True):
    """A request that found its route, with the variable parts of the path, the twin's time and who asks."""

    request: Request
    now: float
    actor: str = ""
    parts: Mapping[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return self.request.query.get(name, [default])[-1]

    def number(self, name: str) -> int:
        """A part of the path that is a number.

        Raises:
            Problem: 404, it is none.
        """
        number = natural(self.parts[name])
        if number is None:
            raise Problem(404, "Not Found")
        return number

    def body(self, kind: type[T]) -> T:
        """The body as a typed value.

        Raises:
            Problem: 400, it is no JSON; 422, it does not fit.
        """
        try:
            return msgspec.json.decode(self.request.body or b"{}", type=kind)
        except msgspec.ValidationError as error:
            raise Problem(422, f"Invalid request.\n\n{error}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Problem(400, "Problems parsing JSON") from error


def natural(text: str) -> int | None:
    """A number in decimal digits, None for anything else and for what no id or page ever reaches."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _DIGITS else None


Route = routing.Route[Call]
Routes = routing.Routes[Call]
