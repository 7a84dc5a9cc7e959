"""Connections whose read timeout is for the whole answer: a server that drips byte by byte is cut off all the same.

The HTTP library's own read timeout starts again with every byte that comes, for the head as for the body.
"""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket

    from urllib3 import PoolManager


class _TimedReader(io.RawIOBase):
    """What a socket receives until the timeout that it had at first is over."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._sock, self._file = sock, sock.makefile("rb", buffering=0)  # keeps the socket open, as a response must
        timeout = sock.gettimeout()
        self._end = None if timeout is None else time.monotonic() + timeout

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - the base class takes any buffer
        """Receive, within what is left of the time."""
        if self._end is not None:
            rest = self._end - time.monotonic()
            if rest <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(rest)
        return self._file.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock))


class TimedConnection(HTTPConnection):
    """Such a connection."""

    response_class = _TimedResponse


class TimedTlsConnection(HTTPSConnection):
    """The same over TLS."""

    response_class = _TimedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = TimedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = TimedTlsConnection


class TimedAdapter(HTTPAdapter):
    """Transport adapter of requests that makes such connections, also through a proxy."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        """Make the pools."""
        super().init_poolmanager(*arguments, **options)
        _use_timed_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - as the base class has it
        """The pools of a proxy; one of the SOCKS kind brings connections of its own."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            _use_timed_connections(manager)
        return manager


def _use_timed_connections(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
