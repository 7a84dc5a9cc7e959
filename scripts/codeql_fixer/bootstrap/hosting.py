"""Wires GitHub, as the host of the fleet's repositories and as the place where changes are reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.adapters.dry_run import DryHosting, DryPullRequests
from codeql_fixer.github_settings import GitHubApp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from codeql_fixer.ports.hosting import Hosting
    from codeql_fixer.ports.pull_requests import PullRequests

_NO_APP = GitHubApp()


class Hosted(NamedTuple):
    """GitHub by two ports, which share calls and their limits."""

    hosting: Hosting
    pull_requests: PullRequests

    def dry(self, tell: Callable[[str], None]) -> Hosted:
        """The same, where nothing is written and what would be is told."""
        return Hosted(DryHosting(self.hosting, tell), DryPullRequests(self.pull_requests, tell))


def opened(token: str, base_url: str, *, state: Path | None, app: GitHubApp = _NO_APP) -> Hosted:
    """GitHub as a token sees it, or an App where no token is given.

    Args:
        token: of a user, an installation or a workflow; "" for none.
        base_url: of the API; "" for github.com.
        state: where answers are kept, None for nowhere.
        app: whose tokens are made here.

    Raises:
        UserError: there is neither, the address is none, or PyGithub is not installed.
    """
    from codeql_fixer.adapters.github.apps import AppKey  # noqa: PLC0415
    from codeql_fixer.adapters.github.factory import github as connect  # noqa: PLC0415

    is_by_app = app.is_given and not token.strip()
    key = AppKey(id=app.id, private_key=app.private_key) if is_by_app else token
    found = connect(key, base_url=base_url, state=state)
    return Hosted(found.host, found.pull_requests)


def github(token: str, base_url: str, *, state: Path | None, app: GitHubApp = _NO_APP) -> Hosting:
    """The repositories; arguments and errors are those of `opened`."""
    return opened(token, base_url, state=state, app=app).hosting
