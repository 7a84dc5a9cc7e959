"""Starts a twin: `python -m codeql_fixer.twin.devin --port 0 --seed 7 --speed 60`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.twin.clock import TwinClock
from codeql_fixer.twin.devin.journal import Asked, Journal
from codeql_fixer.twin.devin.outcomes import DEFAULT_MIX
from codeql_fixer.twin.devin.service import Service
from codeql_fixer.twin.devin.state import State, Switches
from codeql_fixer.twin.devin.timeline import Outcome
from codeql_fixer.twin.program import announce, parser_of, run, server, wall

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit code 2 when the arguments or the journal are at fault."""
    return run(_parser(), _serve, arguments)


def _serve(given: argparse.Namespace) -> None:
    state = State(given.seed, mix=_mix(given.outcomes), switches=_switches(given))
    journal, resumed_at, asked = _journal(given)
    start = given.start if given.start is not None else wall()
    clock = TwinClock(start=start if resumed_at is None else resumed_at, speed=given.speed, monotonic=time.monotonic)
    service = Service(state, clock, journal=journal)
    for one in asked:
        service.repeat(one)
    with server(given.port, service) as serving:
        state.url = serving.url
        if journal:
            journal.begin(clock.now())
        announce(
            {
                "url": state.url,
                "admin_url": f"{state.url}/__twin__",
                "api_key": state.api_key,
                "v1_api_key": state.v1_api_key,
                "org_id": state.org_id,
            }
        )
        serving.serve_forever()


def _journal(given: argparse.Namespace) -> tuple[Journal | None, float | None, list[Asked]]:
    if given.journal is None:
        return None, None, []
    journal = Journal(given.journal, seed=given.seed, speed=given.speed, wall=wall)
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


def _parser() -> argparse.ArgumentParser:
    guide = "docs/guides/devin-twin.md has the switches, the outcomes and the surface for faults."
    parser = parser_of("codeql_fixer.twin.devin", "Devin's API", guide)
    add = parser.add_argument
    add("--outcomes", metavar="NAME=WEIGHT,...", help="how sessions end (default: 85 of 100 well)")
    add("--journal", type=Path, metavar="FILE", help="keep sessions here, also for the next start with the same seed")
    add("--set", action="append", default=[], metavar="SWITCH=VALUE", help="which form answers have; can be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
