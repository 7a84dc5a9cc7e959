"""Wires what follows pull requests: where they are, what looks at them, and what answers what is said there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.clock import SystemClock
from codeql_fixer.ports.hosting import PullRequestSource
from codeql_fixer.ports.pull_requests import PullRequests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.ports.hosting import Hosting
    from codeql_fixer.settings import DispatchSettings


class Followed(Struct, frozen=True, kw_only=True):
    """Where pull requests are found, None for nowhere; and where one reads and says things, None while nobody can."""

    source: PullRequestSource | None = None
    pulls: PullRequests | None = None


def followed(
    hosting: Hosting | None,
    settings: DispatchSettings,
    environ: Mapping[str, str],
    *,
    pulls: PullRequests | None = None,
) -> Followed:
    """The host where one is set up; else the forge on this machine, where local agents have one.

    Args:
        hosting: of the fleet's repositories, None where no token is given.
        settings: where that forge is.
        environ: where git is.
        pulls: what the host tells of reviews and takes comments by; None where nobody can.
    """
    if hosting is not None:
        return Followed(source=hosting, pulls=pulls)
    if not settings.forge:
        return Followed()
    from codeql_fixer.adapters.forge.local import LocalForge  # noqa: PLC0415
    from codeql_fixer.adapters.forge.local_pulls import LocalPullRequests  # noqa: PLC0415

    now = SystemClock().now
    forge = LocalForge(Path(settings.forge), environment=environ, now=now)
    return Followed(source=forge, pulls=LocalPullRequests(forge, now=now))
