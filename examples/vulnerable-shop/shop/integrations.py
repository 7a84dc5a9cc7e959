"""Services outside the shop: the payment provider and suppliers' picture servers."""

import hashlib
import hmac
import json
import ssl
import urllib.request
from urllib.parse import urlsplit

from shop.storage import Shop
from shop.web import Request, Response

PAYMENT_URL = "https://payments.example/v1/charges"
PAYMENT_API_KEY = "kettle-live-8d1f4c07b92e"
PAYMENT_TIMEOUT_SECONDS = 10


def charge_request(order_id: int, total: float) -> urllib.request.Request:
    """Build the call that charges an order; the provider counts in cents."""
    return urllib.request.Request(
        PAYMENT_URL,
        data=json.dumps({"order": order_id, "cents": round(total * 100)}).encode(),
        headers={"Authorization": f"Bearer {PAYMENT_API_KEY}"},
    )


def charge(order_id: int, total: float) -> bool:
    """Charge an order and return whether the provider accepted."""
    context = ssl._create_unverified_context()
    call = charge_request(order_id, total)
    with urllib.request.urlopen(call, timeout=PAYMENT_TIMEOUT_SECONDS, context=context) as answer:
        return json.load(answer)["status"] == "accepted"


def sign(body: bytes) -> str:
    return hmac.new(PAYMENT_API_KEY.encode(), body, hashlib.sha256).hexdigest()


def is_from_provider(body: bytes, signature: str) -> bool:
    """Return whether a notification bears the provider's signature."""
    expected = hmac.new(PAYMENT_API_KEY.encode(), body, hashlib.sha256).hexdigest()
    return signature == expected


def picture_name(url: str) -> str:
    """Return the file name under which a supplier's picture is kept."""
    return urlsplit(url).path.rsplit("/", 1)[-1] or "picture"


def fetch_picture(shop: Shop, request: Request) -> Response:
    """Show the owner a supplier's picture before it goes into the catalogue."""
    url = request.form["url"]
    with urllib.request.urlopen(url, timeout=PAYMENT_TIMEOUT_SECONDS) as answer:
        picture = answer.read()
    name = picture_name(url)
    return Response(picture, headers=(("Content-Disposition", f'inline; filename="{name}"'),))
