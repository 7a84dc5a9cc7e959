"""Starts a twin: `python -m codeql_fixer.twin.devin --port 0 --seed 7 --speed 60`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.twin.devin.clock import TwinClock
from codeql_fixer.twin.devin.journal import Asked, Journal, JournalError
from codeql_fixer.twin.devin.outcomes import DEFAULT_MIX
from codeql_fixer.twin.devin.server import TwinServer
from codeql_fixer.twin.devin.service import Service
from codeql_fixer.twin.devin.state import State, Switches
from codeql_fixer.twin.devin.timeline import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_wall = time.time  # noqa: TID251 - the twin is a program of its own, and this is where its clock is made
_STANDARD_INPUT = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit code 2 when the arguments or the journal are at fault."""
    parser = _parser()
    given = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        _serve(given)
    except (JournalError, OSError, ValueError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        pass
    return 0


def _serve(given: argparse.Namespace) -> None:
    state = State(given.seed, mix=_mix(given.outcomes), switches=_switches(given))
    journal, resumed_at, asked = _journal(given)
    start = given.start if given.start is not None else _wall()
    clock = TwinClock(start=start if resumed_at is None else resumed_at, speed=given.speed, monotonic=time.monotonic)
    service = Service(state, clock, journal=journal)
    for one in asked:
        service.repeat(one)
    with _server(given.port, service) as server:
        state.url = server.url
        if journal:
            journal.begin(clock.now())
        _announce(state)
        if given.ends_with_stdin:
            threading.Thread(target=_wait_for_end_of_input, daemon=True).start()
        server.serve_forever()


def _server(port: int, service: Service) -> TwinServer:
    try:
        return TwinServer(port, service)
    except OSError as error:
        raise OSError(f"cannot listen on port {port}: {error.strerror}") from error


def _announce(state: State) -> None:
    """One line of JSON for whoever started the twin; the keys open nothing but this twin."""
    started = {
        "url": state.url,
        "admin_url": f"{state.url}/__twin__",
        "api_key": state.api_key,
        "v1_api_key": state.v1_api_key,
        "org_id": state.org_id,
    }
    sys.stdout.write(json.dumps(started) + "\n")
    sys.stdout.flush()


def _journal(given: argparse.Namespace) -> tuple[Journal | None, float | None, list[Asked]]:
    if given.journal is None:
        return None, None, []
    journal = Journal(given.journal, seed=given.seed, speed=given.speed, wall=_wall)
    return journal, *journal.resume()


def _mix(text: str | None) -> dict[Outcome, float]:
    if text is None:
        return dict(DEFAULT_MIX)
    pairs = dict(part.partition("=")[::2] for part in text.split(","))
    mix = {Outcome(name.strip()): float(weight or 1) for name, weight in pairs.items()}
    if not all(0 < weight < float("inf") for weight in mix.values()):
        raise ValueError("--outcomes: weights are numbers larger than 0")
    return mix


def _switches(given: argparse.Namespace) -> Switches:
    pairs = dict(text.partition("=")[::2] for text in given.set)
    return msgspec.convert({"latency_ms": given.latency_ms, **pairs}, Switches, strict=False)


def _wait_for_end_of_input() -> None:
    """End when whoever started the twin has ended, however that came about."""
    while os.read(_STANDARD_INPUT, 1024):  # not by sys.stdin, whose lock would keep the program from ending
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m codeql_fixer.twin.devin",
        description="A twin of Devin's API on the loopback. It prints one line of JSON with its address and keys.",
        epilog="docs/guides/devin-twin.md has the switches, the outcomes and the surface for faults.",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 (default) takes a free one")
    add("--seed", type=int, default=0, help="keys, ids and fates of sessions are drawn from it (default 0)")
    add("--speed", type=float, default=1.0, help="twin seconds per second (default 1); 0 stands still")
    add("--start", type=float, help="what time it is at first, in seconds since 1970 (default: now)")
    add("--latency-ms", type=float, default=0.0, help="what every answer takes at least (default 0)")
    add("--outcomes", metavar="NAME=WEIGHT,...", help="how sessions end (default: 85 of 100 well)")
    add("--journal", type=Path, metavar="FILE", help="keep sessions here, also for the next start with the same seed")
    add("--ends-with-stdin", action="store_true", help="end when standard input does")
    add("--set", action="append", default=[], metavar="SWITCH=VALUE", help="which form answers have; can be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
