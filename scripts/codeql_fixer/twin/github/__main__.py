"""Starts a twin: `python -m codeql_fixer.twin.github --port 0 --seed 7 --speed 60`."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.twin.clock import TwinClock
from codeql_fixer.twin.github.service import Service
from codeql_fixer.twin.github.state import State, Switches
from codeql_fixer.twin.program import announce, parser_of, run, server, wall

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit code 2 when the arguments are at fault."""
    guide = "docs/guides/github-twin.md has the switches and the surface for what is in it and for faults."
    parser = parser_of("codeql_fixer.twin.github", "GitHub's REST API", guide)
    parser.add_argument(
        "--set", action="append", default=[], metavar="SWITCH=VALUE", help="limits and forms; can be repeated"
    )
    return run(parser, _serve, arguments)


def _serve(given: argparse.Namespace) -> None:
    pairs = dict(text.partition("=")[::2] for text in given.set)
    switches = msgspec.convert({"latency_ms": given.latency_ms, **pairs}, Switches, strict=False)
    state = State(given.seed, switches=switches)
    start = given.start if given.start is not None else wall()
    clock = TwinClock(start=start, speed=given.speed, monotonic=time.monotonic)
    with server(given.port, Service(state, clock)) as serving:
        state.url = state.hooks.url = serving.url
        threading.Thread(target=state.hooks.run, args=(clock,), daemon=True).start()
        announce(
            {
                "url": state.url,
                "admin_url": f"{state.url}/__twin__",
                "token": state.token,
                "read_only_token": state.read_token,
            }
        )
        serving.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
