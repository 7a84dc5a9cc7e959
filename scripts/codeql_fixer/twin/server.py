"""The socket: HTTP/1.1 with connections that stay open, and answers that break them when a fault says so."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs

from codeql_fixer.twin.wire import ADMIN, Delivery, Manner, Request

_DRIPS = 20
_LONGEST_LINE = 65_537
_LARGEST_BODY = 64 * 1024 * 1024


class Service(Protocol):
    """A twin without its socket."""

    @property
    def first_connection(self) -> int:
        """Requests over connections with smaller numbers are not done any more."""
        ...

    def handle(self, request: Request) -> Delivery:
        """A request in, an answer and the manner of its delivery out."""
        ...

    def done(self) -> None:
        """A client's request was answered."""
        ...


class TwinServer(ThreadingHTTPServer):
    """Serves one twin on the loopback, each connection in a thread of its own.

    Args:
        port: 0 for a free one.
        service: what answers.

    Raises:
        OSError: the port is taken.
    """

    request_queue_size = 256
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, service: Service) -> None:
        self.service = service
        self._accepted = 0
        self.numbers: dict[socket.socket, int] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection, and number it: connections are accepted in the order in which they were made."""
        connection, address = super().get_request()
        self._accepted += 1
        self.numbers[connection] = self._accepted
        return connection, address

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base class takes more than sockets
        """Let go of a connection."""
        self.numbers.pop(request, None)
        super().shutdown_request(request)

    def cut(self) -> None:
        """Close the connections over which nothing is done any more, so that their clients make new ones."""
        for connection, number in list(self.numbers.items()):
            if number < self.service.first_connection:
                with suppress(OSError):  # it was closed meanwhile
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: TwinServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet

    def handle(self) -> None:
        """Answer requests until the client or a fault closes the connection."""
        with suppress(ConnectionError, TimeoutError):  # the client has gone
            super().handle()

    def finish(self) -> None:
        """Send what is left, if anybody is there to take it."""
        with suppress(ConnectionError):
            super().finish()

    def handle_one_request(self) -> None:
        """Read a request and answer it, whatever its method is."""
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE)
        if not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request() and (request := self._request()) is not None:
            self._serve(request)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        del format, args

    def _request(self) -> Request | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        if int(length) > _LARGEST_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # the client died while it wrote: nothing is done
            self.close_connection = True
            return None
        path, _, query = self.path.partition("?")
        return Request(
            method=self.command,
            path=path,
            query=parse_qs(query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            connection=self.server.numbers[self.connection],
        )

    def _serve(self, request: Request) -> None:
        is_counted = not request.path.startswith(ADMIN)
        try:
            self._deliver(self.server.service.handle(request))
        finally:
            if is_counted:
                self.server.service.done()
            else:
                self.server.cut()

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.delay_seconds:
            time.sleep(delivery.delay_seconds)
        match delivery.manner:
            case Manner.SILENCE:
                time.sleep(delivery.seconds)
                self.close_connection = True
            case Manner.RESET:
                # Closed with this option and without a shutdown, a connection sends RST in the place of FIN.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
            case Manner.LATE:
                time.sleep(delivery.seconds)
                self._send(delivery)
            case Manner.WHOLE | Manner.HALF | Manner.DRIP:
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
        if delivery.manner is Manner.DRIP:
            self._drip(response.content, delivery.seconds)
        elif delivery.manner is Manner.HALF:
            self.wfile.write(response.content[: len(response.content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(response.content)
        self.wfile.flush()

    def _drip(self, content: bytes, seconds: float) -> None:
        size = max(len(content) // _DRIPS, 1)
        for begin in range(0, len(content), size):
            self.wfile.write(content[begin : begin + size])
            self.wfile.flush()
            time.sleep(seconds / _DRIPS)
