"""What twins have in common as programs: options, signals, and an end when whoever started them has ended."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from codeql_fixer.twin.server import TwinServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

    from codeql_fixer.twin.server import Service

wall = time.time  # noqa: TID251 - twins are programs of their own, and this is where their clocks are made
"""The machine's clock, in seconds since 1970."""

_STANDARD_INPUT = 0


def parser_of(module: str, service: str, guide: str) -> argparse.ArgumentParser:
    """A parser with the options that every twin has.

    Args:
        module: what is started.
        service: whose twin it is.
        guide: where the reader finds more.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=f"A twin of {service} on the loopback. It prints one line of JSON with its address and keys.",
        epilog=guide,
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 (default) takes a free one")
    add("--seed", type=int, default=0, help="keys, ids and fates are drawn from it (default 0)")
    add("--speed", type=float, default=1.0, help="twin seconds per second (default 1); 0 stands still")
    add("--start", type=float, help="what time it is at first, in seconds since 1970 (default: now)")
    add("--latency-ms", type=float, default=0.0, help="what every answer takes at least (default 0)")
    add("--ends-with-stdin", action="store_true", help="end when standard input does")
    return parser


def run(
    parser: argparse.ArgumentParser,
    serve: Callable[[argparse.Namespace], None],
    arguments: Sequence[str] | None,
) -> int:
    """Serve until SIGTERM or SIGINT; exit code 2 when the arguments are at fault.

    Args:
        parser: of the arguments.
        serve: does the work.
        arguments: None for those of the process.
    """
    given = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        if given.ends_with_stdin:
            threading.Thread(target=_wait_for_end_of_input, daemon=True).start()
        serve(given)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        pass
    return 0


def server(port: int, service: Service) -> TwinServer:
    """The server of a twin.

    Raises:
        OSError: the port is taken.
    """
    try:
        return TwinServer(port, service)
    except OSError as error:
        raise OSError(f"cannot listen on port {port}: {error.strerror}") from error


def announce(started: Mapping[str, str]) -> None:
    """One line of JSON for whoever started the twin; the keys open nothing but this twin."""
    sys.stdout.write(json.dumps(started) + "\n")
    sys.stdout.flush()


def _wait_for_end_of_input() -> None:
    """End when whoever started the twin has ended, however that came about."""
    while os.read(_STANDARD_INPUT, 1024):  # not by sys.stdin, whose lock would keep the program from ending
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
