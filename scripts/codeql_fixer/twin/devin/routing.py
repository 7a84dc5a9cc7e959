"""From method and path to the function that answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct

from codeql_fixer.twin.devin.wire import Problem, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable


class Call(Struct, frozen=True, kw_only=True):
    """A request that found its route: the variable parts of the path, and the twin's time."""

    request: Request
    now: float
    parts: Mapping[str, str] = {}


Handler = Callable[[Call], Response]


class Route(Struct, frozen=True):
    """`pattern` is a path in which {name} stands for one segment."""

    method: str
    pattern: str
    handler: Handler


class Routes:
    """Finds routes by the number of segments first, so that their number does not matter."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Route]]] = defaultdict(list)
        for route in routes:
            segments = route.pattern.split("/")
            self._by_length[len(segments)].append((segments, route))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the variable parts of the path.

        Raises:
            Problem: 404 for a path that nobody knows, 405 for a method that it does not have.
        """
        segments = path.split("/")
        is_known = False
        for wanted, route in self._by_length[len(segments)]:
            if all(part == given or (part[:1] == "{" and given) for part, given in zip(wanted, segments, strict=True)):
                is_known = True
                if route.method == method:
                    return route, {
                        part[1:-1]: unquote(given)
                        for part, given in zip(wanted, segments, strict=True)
                        if part[:1] == "{"
                    }
        raise Problem(405, "Method Not Allowed") if is_known else Problem(404, "Not Found")
