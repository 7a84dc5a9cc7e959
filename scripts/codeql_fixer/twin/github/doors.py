"""Who may ask: users by their tokens, installations by theirs, and the App by what it signed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import Problem

if TYPE_CHECKING:
    from codeql_fixer.twin.github.state import State
    from codeql_fixer.twin.wire import Request

_APPS_OWN = re.compile(r"/app(?:/.*)?|/(?:repos/[^/]+/[^/]+|orgs/[^/]+|users/[^/]+)/installation")
USER, READER = "fixer", "reader"
"""The accounts of the token that may write, and of the one that may not."""


def bearer_of(request: Request) -> str:
    """What a request shows, "" for nothing."""
    return request.headers.get("authorization", "").partition(" ")[2]


def actor_of(request: Request, state: State, now: float) -> str:
    """Under which name a request is made.

    Raises:
        Problem: 401, it shows nothing that is known; 403, it may only read; 404, its installation is elsewhere.
    """
    token, slug = bearer_of(request), f"{state.apps.slug}[bot]"
    if _APPS_OWN.fullmatch(request.path):
        state.apps.check(token, now)
        return slug
    if token in {state.token, state.read_token}:
        if request.method != "GET" and token == state.read_token:
            raise Problem(403, "Resource not accessible by personal access token")
        return USER if token == state.token else READER
    installation = state.apps.opened_by(token, now)
    if installation is None:
        raise Problem(401, "Bad credentials" if token else "Requires authentication")
    match request.path.split("/"):
        case ["", "repos", owner, name, *_] if not installation.has(owner, name):
            raise not_found()
        case _:
            return slug
