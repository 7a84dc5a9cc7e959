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

import msgspec
from msgspec import Struct

from codeql_fixer.adapters.channels.posting import Address
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery

_PREFIX = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64  # of a secret, as the specification has it


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
    """Sends alerts to an address.

    Args:
        address: where.
        key: signs.
        clock: the time.
    """

    address: Address
    key: WebhookKey
    clock: Callable[[], datetime]

    def tell(self, delivery: Delivery) -> str:
        """Send it once; see the port."""
        self.address.post(body := _body(delivery), self._headers(delivery.alert, body))
        return ""

    def _headers(self, alert: str, body: bytes) -> dict[str, str]:
        at = str(int(self.clock().timestamp()))
        signed = hmac.new(self.key.value, f"{alert}.{at}.".encode() + body, hashlib.sha256).digest()
        return {
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
                "fields": dict(sorted(news.fields.items())),
            },
        }
    )
