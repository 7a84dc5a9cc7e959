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

    from codeql_fixer.bootstrap.hosting import Hosted
    from codeql_fixer.settings import DispatchSettings


class Followed(Struct, frozen=True, kw_only=True):
    """Where pull requests are found, None for nowhere; and where one reads and says things, None while nobody can."""

    source: PullRequestSource | None = None
    pulls: PullRequests | None = None


def followed(hosted: Hosted | None, settings: DispatchSettings, environ: Mapping[str, str]) -> Followed:
    """The host where one is set up; else the forge on this machine, where local agents have one."""
    if hosted is not None:
        return Followed(source=hosted.hosting, pulls=hosted.pull_requests)
    if not settings.forge:
        return Followed()
    from codeql_fixer.adapters.forge.local import LocalForge  # noqa: PLC0415
    from codeql_fixer.adapters.forge.local_pulls import LocalPullRequests  # noqa: PLC0415

    now = SystemClock().now
    forge = LocalForge(Path(settings.forge), environment=environ, now=now)
    return Followed(source=forge, pulls=LocalPullRequests(forge, now=now))
