"""Posts to an address that somebody configured: once, without a redirect, and to no machine of our own network.

What the answer says is not read, and the address is never told: its path often is a secret.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from msgspec import Struct

from codeql_fixer import __version__
from codeql_fixer.errors import UpstreamError, UserError
from codeql_fixer.transport.public_connections import PrivateAddressError, PublicAdapter, is_public
from codeql_fixer.transport.timed_connections import TimedAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests.adapters import HTTPAdapter

_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 20.0
_REFUSED = 300
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_REMEDY = "set ALERT_ALLOW_PRIVATE=true if it is meant"


class Address(Struct, frozen=True, kw_only=True):
    """Where to post.

    Args:
        url: https, but for this machine.
        option: what its variable is called.
        is_private_allowed: it may be inside a network; then a proxy of the surroundings is used as well.

    Raises:
        UserError: it would show the alerts to a whole network, or is inside one.
    """

    url: str
    option: str
    is_private_allowed: bool = False

    def __post_init__(self) -> None:
        """Refuse what can be seen to be wrong before anything is sent."""
        host = self.host
        if urlsplit(self.url).scheme != "https" and host not in _LOOPBACK:
            raise UserError(f"{self.option}: alerts would cross the network in the clear; use https")
        if not self.is_private_allowed and (host == "localhost" or not _may_be_public(host)):
            raise UserError(f"{self.option}: leads to an address inside a network; {_REMEDY}")

    def __repr__(self) -> str:
        """Not the path."""
        return f"Address({self.host!r})"

    @property
    def host(self) -> str:
        """The only part of it that is told."""
        return urlsplit(self.url).hostname or ""

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send it once.

        Raises:
            UserError: the address is inside a network, and may not be.
            UpstreamError: it did not arrive, or nobody can tell.
        """
        try:
            with requests.Session() as session:
                session.trust_env = self.is_private_allowed
                session.auth = _as_it_is
                session.mount("https://", self._adapter())
                session.mount("http://", self._adapter())
                answer = session.post(
                    self.url,
                    data=body,
                    headers={
                        "Content-Type": "application/json",
                        "User-Agent": f"codeql-fixer/{__version__}",
                        **(headers or {}),
                    },
                    timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                    allow_redirects=False,
                    stream=True,
                )
                status = answer.status_code
        except PrivateAddressError:
            raise UserError(f"{self.host} leads to an address inside a network; {_REMEDY}") from None
        except (requests.RequestException, OSError) as error:
            # The text of the error may hold the path.
            raise UpstreamError(f"{self.host} did not answer: {type(error).__name__}") from None
        if status >= _REFUSED:
            raise UpstreamError(f"{self.host} answered {status}")

    def _adapter(self) -> HTTPAdapter:
        return TimedAdapter() if self.is_private_allowed else PublicAdapter()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Credentials of this machine (.netrc) are for nobody who hears alerts."""
    return request


def _may_be_public(host: str) -> bool:
    """False for a literal address inside a network; a name is looked at when it is resolved."""
    try:
        return is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        return bool(host)
