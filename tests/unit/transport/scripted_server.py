"""A server that does what a script says: late, broken, half or dripped answers, and none at all.

Run as a program of its own with the script as its argument, it prints its address. A script maps paths to steps, one
for each request; the last one goes on for ever.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Step = dict[str, Any]
_SEEN = "/__seen__"


class Seen(Struct, frozen=True):
    """A request that came; `connection` counts from 1."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    connection: int


class Scripted(Struct, frozen=True):
    """A running server."""

    url: str

    def seen(self) -> list[Seen]:
        """The requests so far."""
        connection = HTTPConnection(urlsplit(self.url).netloc)
        connection.request("GET", _SEEN)
        found = [Seen(*one) for one in json.loads(connection.getresponse().read())]
        connection.close()
        return found


@contextmanager
def scripted(script: Mapping[str, Sequence[Step]], *, certificate: str = "") -> Iterator[Scripted]:
    """A server in a process of its own, stopped by its id; over TLS with a file of certificate and key.

    A step may have `status` (200), `headers` (with `Content-Encoding: gzip` the body is packed), `body` ("{}"), `wait`
    (seconds before the answer), `missing` (bytes announced that never come), `drip` (seconds between the bytes),
    `dripped` ("head" or "body"), `reset` (True: the connection breaks instead of an answer).
    """
    command = [sys.executable, __file__, json.dumps(script), certificate]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Scripted(process.stdout.readline().strip())
        finally:
            process.terminate()


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True

    def __init__(self, script: dict[str, list[Step]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script, self.lock = script, threading.Lock()
        self.seen: list[tuple[str, str, dict[str, str], str, int]] = []
        self.connections = 0

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up as they like."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.server.lock:
            self.server.connections += 1
            self.number = self.server.connections

    def do_GET(self) -> None:
        if self.path == _SEEN:
            self.server.connections -= 1
            self._answer({"body": json.dumps(self.server.seen)})
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        with self.server.lock:
            steps = self.server.script[urlsplit(self.path).path]
            step = steps.pop(0) if len(steps) > 1 else steps[0]
            self.server.seen.append((self.command, self.path, dict(self.headers), body, self.number))
        self._answer(step)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the base class names them

    def _answer(self, step: Step) -> None:
        time.sleep(step.get("wait", 0))
        if step.get("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        body = step.get("body", "{}").encode()
        if step.get("headers", {}).get("Content-Encoding") == "gzip":
            body = gzip.compress(body)
        lines = [f"HTTP/1.1 {step.get('status', 200)} OK", f"Content-Length: {len(body) + step.get('missing', 0)}"]
        lines += [f"{name}: {value}" for name, value in step.get("headers", {}).items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        try:
            self._send(head, step.get("drip", 0) if step.get("dripped") == "head" else 0)
            self._send(body, step.get("drip", 0) if step.get("dripped") == "body" else 0)
        except OSError:
            self.close_connection = True  # whoever asked has gone
        if step.get("missing"):
            self.close_connection = True

    def _send(self, data: bytes, drip: float) -> None:
        if not drip:
            self.connection.sendall(data)
            return
        for byte in data:
            self.connection.sendall(bytes([byte]))
            time.sleep(drip)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        del format, args

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()


if __name__ == "__main__":
    server = _Server(json.loads(sys.argv[1]))
    scheme = "https" if sys.argv[2] else "http"
    if sys.argv[2]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"{scheme}://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - whoever started it reads this
    server.serve_forever()
