"""Makes the host that a token opens."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from codeql_fixer.adapters.github.answers import Answers
from codeql_fixer.adapters.github.caller import Caller
from codeql_fixer.adapters.github.host import GitHubHost
from codeql_fixer.adapters.github.library import Library
from codeql_fixer.adapters.github.limits import CallLimits
from codeql_fixer.errors import UserError
from codeql_fixer.transport.http import Endpoint, HttpClient, Limits
from codeql_fixer.transport.retry import Timing

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_URL = "https://api.github.com"
_STORE = "github-answers.sqlite"


def github_host(
    token: str,
    *,
    base_url: str = "",
    state: Path | None = None,
    limits: CallLimits | None = None,
    http: Limits | None = None,
    timing: Timing | None = None,
) -> GitHubHost:
    """GitHub as a token sees it.

    Args:
        token: of a user, an App's installation or a workflow.
        base_url: of the API; "" for github.com, https://HOST/api/v3 for a server of an enterprise, or of the twin.
        state: the folder in which answers are kept where that can be done, None to keep none.
        limits: how much may be asked.
        http: how long a call may take.
        timing: how time passes between calls.

    Raises:
        UserError: with this token or address nothing can be called. The token is not in the message.
    """
    token, url = token.strip(), base_url.strip().rstrip("/") or DEFAULT_URL
    if not token:
        raise UserError("GITHUB_TOKEN is not set: a token is needed to read repositories and to start workflows")
    Endpoint(base_url=url, bearer=token)  # says what is wrong with the address as it was given
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc.lower()}"
    limits, timing = limits or CallLimits(), timing or Timing()
    http = replace(http or Limits(), waits_when_busy=False)
    client = HttpClient(Endpoint(base_url=origin, bearer=token), http, timing=timing)
    owner = hashlib.sha256(f"{url} {token}".encode()).hexdigest()
    caller = Caller(client, origin, answers=_answers(state, owner), limits=limits, timing=timing)
    return GitHubHost(caller, Library(caller, url))


def _answers(state: Path | None, owner: str) -> Answers | None:
    """The store of answers; without one, everything is fetched."""
    if state is None:
        return None
    try:
        state.mkdir(parents=True, exist_ok=True)
        return Answers(state / _STORE, owner)
    except (OSError, sqlite3.Error):
        return None
