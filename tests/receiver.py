"""Somebody who hears alerts: a server on this machine that keeps what comes and checks its signature.

Tests need `@pytest.mark.allow_hosts(["127.0.0.1"])`, since sockets are forbidden otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = b"k" * 32
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
_ACCEPTED = 300
_LONGEST_SECONDS = 60.0


class Heard(Struct, frozen=True):
    """One request: what it brought, and what it was answered."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def alert(self) -> str:
        """The alert's id."""
        return self.headers["webhook-id"]


class Receiver:
    """What a server heard.

    Args:
        url: where it listens.
        status: what it answers.
    """

    def __init__(self, url: str, status: int) -> None:
        self.url, self.status = url, status
        self.requests: list[Heard] = []
        self.forged: list[str] = []
        self._lock = threading.Lock()
        self._holds = threading.Semaphore(0)
        self._goes_on = threading.Event()
        self.is_held = threading.Event()

    def hold_next(self) -> None:
        """The next request is not answered before `let_go`; those that come after it are."""
        self.is_held.clear()
        self._goes_on.clear()
        self._holds.release()

    def let_go(self) -> None:
        """Answer it, and hold nothing any more."""
        self._holds.acquire(blocking=False)
        self._goes_on.set()

    def accepted(self) -> list[str]:
        """The ids of alerts that were taken, once for each time."""
        return [one.alert for one in self.requests if one.status < _ACCEPTED]

    def hear(self, headers: dict[str, str], body: bytes) -> int:
        """Take a request; returns the status."""
        if self._holds.acquire(blocking=False):
            self.is_held.set()
            self._goes_on.wait(_LONGEST_SECONDS)
        with self._lock:
            if headers.get("webhook-signature") != _signature(headers, body):
                self.forged.append(headers.get("webhook-id", ""))
            self.requests.append(Heard(headers, body, self.status))
            return self.status


def _signature(headers: dict[str, str], body: bytes) -> str:
    """As https://www.standardwebhooks.com has it."""
    signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()}"


@contextmanager
def receiver(status: int = 204) -> Iterator[Receiver]:
    """A server that listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(found.hear({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_header("Location", f"{found.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_port}/hooks/secret-path", status)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
