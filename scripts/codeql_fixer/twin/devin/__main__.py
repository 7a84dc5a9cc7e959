"""Starts a twin: `python -m codeql_fixer.twin.devin --port 0 --seed 7 --speed 60`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from typing import TYPE_CHECKING

from codeql_fixer.twin.devin.clock import TwinClock
from codeql_fixer.twin.devin.server import TwinServer
from codeql_fixer.twin.devin.service import Service
from codeql_fixer.twin.devin.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    state = State(given.seed)
    clock = TwinClock(start=_start(given), speed=given.speed, monotonic=time.monotonic)
    service = Service(state, clock, latency_seconds=given.latency_ms / 1000)
    with TwinServer(given.port, service) as server:
        started = {
            "url": server.url,
            "admin_url": f"{server.url}/__twin__",
            "api_key": state.api_key,
            "v1_api_key": state.v1_api_key,
            "org_id": state.org_id,
        }
        sys.stdout.write(json.dumps(started) + "\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _start(given: argparse.Namespace) -> float:
    if given.start is not None:
        return float(given.start)
    return time.time()  # noqa: TID251 - the twin is a program of its own, and this is where its clock is made


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m codeql_fixer.twin.devin",
        description="A twin of Devin's API on the loopback. It prints one line of JSON with its address and keys.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    parser.add_argument("--seed", type=int, default=0, help="keys, ids and fates of sessions are drawn from it")
    parser.add_argument("--speed", type=float, default=1.0, help="twin seconds per second; 0 stands still")
    parser.add_argument("--start", type=float, help="what time it is at first, in seconds since 1970; default: now")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="what every answer takes at least")
    return parser


if __name__ == "__main__":
    sys.exit(main())
