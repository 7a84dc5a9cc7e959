"""Wires the host of the fleet's repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from codeql_fixer.ports.hosting import Hosting


def github(token: str, base_url: str, *, state: Path | None) -> Hosting:
    """GitHub as a token sees it; `state` is where answers are kept, None for nowhere.

    Raises:
        UserError: there is no token, the address is none, or PyGithub is not installed.
    """
    from codeql_fixer.adapters.github.factory import github_host  # noqa: PLC0415

    return github_host(token, base_url=base_url, state=state)
