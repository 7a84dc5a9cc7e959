"""The socket: HTTP/1.1 with connections that stay open, and answers that break them when a fault says so."""

from __future__ import annotations

import socket
import struct
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from codeql_fixer.twin.devin.admin import ADMIN
from codeql_fixer.twin.devin.wire import Delivery, Manner, Request

if TYPE_CHECKING:
    from codeql_fixer.twin.devin.service import Service

_DRIPS = 20
_LONGEST_LINE = 65_537


class TwinServer(ThreadingHTTPServer):
    """Serves one twin on the loopback.

    Args:
        port: 0 for a free one.
        service: what answers.
    """

    request_queue_size = 256
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, service: Service) -> None:
        self.service = service
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: TwinServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_one_request(self) -> None:
        """Read a request and answer it, whatever its method is."""
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE)
        if not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self._serve()

    def _serve(self) -> None:
        request = self._request()
        if request is None:
            return
        delivery = self.server.service.handle(request)
        try:
            self._deliver(delivery)
        except OSError:  # the client has gone
            self.close_connection = True
        finally:
            if not request.path.startswith(ADMIN):
                self.server.service.done()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        del format, args

    def _request(self) -> Request | None:
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        address = urlsplit(self.path)
        return Request(
            method=self.command,
            path=address.path,
            query=parse_qs(address.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.delay_seconds:
            time.sleep(delivery.delay_seconds)
        if delivery.manner is Manner.SILENCE:
            time.sleep(delivery.seconds)
            self.close_connection = True
            return
        if delivery.manner is Manner.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        response = delivery.response
        self.send_response_only(response.status)
        if response.content:
            self.send_header("Content-Type", response.media_type)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(response.content)))
        self.end_headers()
        content = response.content
        if delivery.manner is Manner.HALF:
            content = content[: len(content) // 2]
            self.close_connection = True
        if delivery.manner is not Manner.DRIP:
            self.wfile.write(content)
            self.wfile.flush()
            return
        size = max(len(content) // _DRIPS, 1)
        for begin in range(0, len(content), size):
            self.wfile.write(content[begin : begin + size])
            self.wfile.flush()
            time.sleep(delivery.seconds / _DRIPS)
