"""A channel that is a webhook: one signed request per alert (https://www.standardwebhooks.com, version 1).

The signature covers id, time and the very bytes of the body, so that nobody can forge, change or hold back and replay
one. A receiver knows by `webhook-id` what it had already.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import requests
from msgspec import Struct

from codeql_fixer import __version__
from codeql_fixer.errors import UpstreamError, UserError
from codeql_fixer.transport.timed_connections import TimedAdapter

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery

_PREFIX = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64  # of a secret, as the specification has it
_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 20.0
_REFUSED = 300
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class WebhookKey(Struct, frozen=True):
    """What signs; never shown."""

    value: bytes

    def __repr__(self) -> str:
        """Nothing of it."""
        return "WebhookKey()"


def parse_key(secret: str) -> WebhookKey:
    """A secret in the form `whsec_` and base64.

    Raises:
        UserError: it is none; the message does not show it.
    """
    try:
        value = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if not secret.startswith(_PREFIX) or not _FEWEST_BYTES <= len(value) <= _MOST_BYTES:
        raise UserError(
            f"ALERT_WEBHOOK_SECRET: must be {_PREFIX} and {_FEWEST_BYTES} to {_MOST_BYTES} bytes in base64: "
            f'make one with  echo "{_PREFIX}$(openssl rand -base64 32)"'
        )
    return WebhookKey(value)


class Webhook(Struct, frozen=True, kw_only=True):
    """Sends alerts to an address; redirects are refused, and what the answer says is not read.

    Args:
        url: where; https, but for this machine.
        key: signs.
        clock: the time.
    """

    url: str
    key: WebhookKey
    clock: Callable[[], datetime]

    def __post_init__(self) -> None:
        """Refuse an address that would show the alerts to a whole network."""
        parts = urlsplit(self.url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise UserError("ALERT_WEBHOOK_URL: alerts would cross the network in the clear; use https")

    def __repr__(self) -> str:
        """Not the path, which often is a secret of its own."""
        return f"Webhook({urlsplit(self.url).hostname!r})"

    def tell(self, delivery: Delivery) -> str:
        """Send it once; see the port."""
        host = urlsplit(self.url).hostname
        try:
            with requests.Session() as session:
                session.mount("https://", TimedAdapter())
                session.mount("http://", TimedAdapter())
                answer = session.post(
                    self.url,
                    data=(body := _body(delivery)),
                    headers=self._headers(delivery.alert, body),
                    timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                    allow_redirects=False,
                    stream=True,
                )
        except (requests.RequestException, OSError) as error:
            # The text of the error may hold the path.
            raise UpstreamError(f"{host} did not answer: {type(error).__name__}") from None
        if answer.status_code >= _REFUSED:
            raise UpstreamError(f"{host} answered {answer.status_code}")
        return ""

    def _headers(self, alert: str, body: bytes) -> dict[str, str]:
        at = str(int(self.clock().timestamp()))
        signed = hmac.new(self.key.value, f"{alert}.{at}.".encode() + body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "User-Agent": f"codeql-fixer/{__version__}",
            "webhook-id": alert,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }


def _body(delivery: Delivery) -> bytes:
    """The same bytes at every attempt."""
    news = delivery.news
    return msgspec.json.encode(
        {
            "type": news.event.value,
            "timestamp": delivery.noticed_at,
            "data": {
                "id": delivery.alert,
                "title": news.title,
                "text": news.text,
                "repository": news.repository or None,
            },
        }
    )
