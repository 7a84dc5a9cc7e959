"""Makes what a token or the key of an App opens."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from codeql_fixer.adapters.github.answers import Answers
from codeql_fixer.adapters.github.apps import AppKey, Installations
from codeql_fixer.adapters.github.caller import Caller
from codeql_fixer.adapters.github.host import GitHubHost
from codeql_fixer.adapters.github.library import Library
from codeql_fixer.adapters.github.limits import CallLimits
from codeql_fixer.adapters.github.pull_requests import GitHubPullRequests
from codeql_fixer.errors import UserError
from codeql_fixer.transport.http import Endpoint, HttpClient, Limits
from codeql_fixer.transport.retry import Timing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from codeql_fixer.adapters.github.identity import Identity

DEFAULT_URL = "https://api.github.com"
_STORE = "github-answers.sqlite"


class GitHub(NamedTuple):
    """What one token opens; both share its calls and their limits."""

    host: GitHubHost
    pull_requests: GitHubPullRequests


def github_host(
    token: str,
    *,
    base_url: str = "",
    state: Path | None = None,
    limits: CallLimits | None = None,
    http: Limits | None = None,
    timing: Timing | None = None,
) -> GitHubHost:
    """The repositories of GitHub as a token sees them; arguments and errors are those of `github`."""
    return github(token, base_url=base_url, state=state, limits=limits, http=http, timing=timing).host


def github(
    key: str | AppKey,
    *,
    base_url: str = "",
    state: Path | None = None,
    limits: CallLimits | None = None,
    http: Limits | None = None,
    timing: Timing | None = None,
) -> GitHub:
    """GitHub as a key opens it.

    Args:
        key: a token of a user, an App's installation or a workflow; or the key of an App, whose tokens are made here.
        base_url: of the API; "" for github.com, https://HOST/api/v3 for a server of an enterprise, or of the twin.
        state: the folder in which answers are kept where that can be done, None to keep none.
        limits: how much may be asked.
        http: how long a call may take.
        timing: how time passes between calls.

    Raises:
        UserError: with this token or address nothing can be called. The token is not in the message.
    """
    url = base_url.strip().rstrip("/") or DEFAULT_URL
    limits, timing = limits or CallLimits(), timing or Timing()
    http = replace(http or Limits(), waits_when_busy=False)
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc.lower()}"

    def client(bearer: str) -> HttpClient:
        Endpoint(base_url=url, bearer=bearer)  # says what is wrong with the address as it was given
        return HttpClient(Endpoint(base_url=origin, bearer=bearer), http, timing=timing)

    def caller(client_for: Callable[[str], HttpClient], owner: str) -> Caller:
        kept = _answers(state, hashlib.sha256(f"{url} {owner}".encode()).hexdigest()) if owner else None
        return Caller(client_for, origin, answers=kept, limits=limits, timing=timing)

    if isinstance(key, AppKey):
        prefix = parts.path.rstrip("/")
        app = Installations(key, caller(lambda _: client(key.jwt()), ""), prefix, client=client, timing=timing)
        return _made(caller(app.client_for, f"app {key.id}"), url, app.identity)
    token = key.strip()
    if not token:
        raise UserError(
            "GITHUB_TOKEN is not set: a token is needed to read repositories and to start workflows, or an App "
            "(GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY)"
        )
    only = client(token)
    return _made(caller(lambda _: only, token), url, None)


def _made(caller: Caller, url: str, identity: Callable[[], Identity] | None) -> GitHub:
    library = Library(caller, url)
    return GitHub(GitHubHost(caller, library), GitHubPullRequests(caller, library, identity))


def _answers(state: Path | None, owner: str) -> Answers | None:
    """The store of answers; without one, everything is fetched."""
    if state is None:
        return None
    try:
        state.mkdir(parents=True, exist_ok=True)
        return Answers(state / _STORE, owner)
    except (OSError, sqlite3.Error):
        return None
