"""Somebody who hears the webhooks of GitHub's twin: a server on this machine that keeps what comes.

Tests need `@pytest.mark.allow_hosts(["127.0.0.1"])`, since sockets are forbidden otherwise.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.github_twin import GitHubTwin


class Heard(NamedTuple):
    """One request that came."""

    headers: dict[str, str]
    body: bytes

    @property
    def guid(self) -> str:
        return self.headers["X-GitHub-Delivery"]

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON says anything
        return json.loads(self.body)


class Ear:
    """A server that keeps what comes.

    Args:
        url: where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url, self.status, self.heard = url, 204, list[Heard]()

    def wait(self, count: int) -> list[Heard]:
        """What has come, as soon as that much has."""
        for _ in range(500):
            if len(self.heard) >= count:
                return list(self.heard)
            time.sleep(0.02)
        pytest.fail(f"{len(self.heard)} came in the place of {count}")


@contextmanager
def listening() -> Iterator[Ear]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.heard.append(Heard(dict(self.headers), body))
            self.send_response(listener.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Ear(f"http://127.0.0.1:{server.server_address[1]}/hook")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


def settled(twin: GitHubTwin) -> list[dict[str, Any]]:
    """Deliveries, as soon as the last one that was sent has its answer."""
    for _ in range(500):
        found = twin.deliveries()
        if not any(one["left"] for one in found) and all(one["answers"] for one in found):
            return found
        time.sleep(0.02)
    pytest.fail(f"{found}")
