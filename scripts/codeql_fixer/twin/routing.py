"""From method and path to the function that answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import unquote

from msgspec import Struct

from codeql_fixer.twin.wire import Problem, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Call = TypeVar("Call")


class Route(Struct, Generic[Call], frozen=True):
    """`pattern` is a path in which {name} stands for one segment; `is_kept`: it changes what clients see."""

    method: str
    pattern: str
    handler: Callable[[Call], Response]
    is_kept: bool = True

    @property
    def is_for_journal(self) -> bool:
        """True when a twin that starts again has to do it again."""
        return self.is_kept and self.method != "GET"


class Routes(Generic[Call]):
    """Finds routes by the number of segments first, so that their number does not matter."""

    def __init__(self, routes: Iterable[Route[Call]]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Route[Call]]]] = defaultdict(list)
        for route in routes:
            segments = route.pattern.split("/")
            self._by_length[len(segments)].append((segments, route))

    def find(self, method: str, path: str) -> tuple[Route[Call], dict[str, str]]:
        """The route and the variable parts of the path.

        Raises:
            Problem: 404 for a path that nobody knows, 405 for a method that it does not have.
        """
        routes = list(self._at(path))
        for wanted, route in routes:
            if route.method == method:
                pairs = zip(wanted, path.split("/"), strict=True)
                return route, {part[1:-1]: unquote(given) for part, given in pairs if part[:1] == "{"}
        raise Problem(405, "Method Not Allowed") if routes else Problem(404, "Not Found")

    def pattern_of(self, path: str) -> str:
        """The pattern of a path, for counting; "other" for one that nobody knows."""
        return next((route.pattern for _, route in self._at(path)), "other")

    def _at(self, path: str) -> Iterator[tuple[list[str], Route[Call]]]:
        segments = path.split("/")
        for wanted, route in self._by_length.get(len(segments), ()):
            if all(part == given or (part[:1] == "{" and given) for part, given in zip(wanted, segments, strict=True)):
                yield wanted, route
