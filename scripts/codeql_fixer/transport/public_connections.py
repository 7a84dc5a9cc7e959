"""Connections that lead out of the network only: to who asks us to call an address, our own machines are none of it.

A name is resolved once, every address that it has is checked, and the connection goes to one of those. So a name that
leads elsewhere a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from codeql_fixer.errors import UserError
from codeql_fixer.transport.timed_connections import TimedAdapter, TimedConnection, TimedTlsConnection

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LOW_32_BITS = 0xFFFF_FFFF


class PrivateAddressError(UserError):
    """A name leads to an address inside a network."""


def is_public(address: str) -> bool:
    """True for an address of the internet at large; an IPv4 address inside one of IPv6 has to be one as well."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv4Address):
        return _is_global(found)
    return _is_global(found) and found not in _LOCAL_NAT64 and all(map(_is_global, _embedded(found)))


def _is_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not address.is_multicast and not is_site_local


def _embedded(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The addresses that a translator or a tunnel would send it on to."""
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(address) & _LOW_32_BITS))
    return [one for one in found if one is not None]


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, in the order in which the system would try them."""
    return [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _connect(connection: HTTPConnection) -> socket.socket:
    """What `HTTPConnection._new_conn` does, to a checked address.

    Raises:
        PrivateAddressError: one of the addresses is no public one; nothing was sent to any.
    """
    host, port = connection._dns_host, connection.port  # noqa: SLF001 - the name as the library resolves it
    try:
        addresses = resolve(host, port)
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(host, connection, socket.gaierror(str(error))) from error
    if not all(map(is_public, addresses)):
        raise PrivateAddressError(f"{host} leads to an address inside a network")
    problem: OSError = OSError("no address")
    for address in addresses:
        try:
            return create_connection(
                (address, port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            problem = error
    raise NewConnectionError(connection, f"no connection: {problem}") from problem


class _PublicConnection(TimedConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _PublicTlsConnection(TimedTlsConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTlsConnection


class PublicAdapter(TimedAdapter):
    """Transport adapter of requests that makes such connections.

    Only for a session that takes no proxy from its surroundings: a proxy would resolve the name again.
    """

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        """Make the pools."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
