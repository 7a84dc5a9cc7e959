"""A request that found its route, and what routes are here."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from codeql_fixer.twin import routing
from codeql_fixer.twin.devin.faults import Listing
from codeql_fixer.twin.wire import Request


class Call(Struct, frozen=True, kw_only=True):
    """A request that found its route: the variable parts of the path, the twin's time, and how lists go wrong now."""

    request: Request
    now: float
    parts: Mapping[str, str] = {}
    listing: Listing = Listing()


Route = routing.Route[Call]
Routes = routing.Routes[Call]
