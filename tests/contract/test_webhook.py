"""Webhooks against a real receiver, which checks signatures as the specification says."""

from __future__ import annotations

import base64
import json

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.webhook import Webhook, WebhookKey, parse_key
from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import Delivery, News
from codeql_fixer.errors import UpstreamError, UserError
from tests.receiver import SECRET, receiver
from tests.records import at

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

DELIVERY = Delivery(
    news=News(event=AlertEvent.FAMILY_STOPPED, key="xss", title="Stopped\u2028é", text="why", repository="acme/shop"),
    alert="family_stopped-00000000000000000001",
    noticed_at=at(0),
    channel="webhook",
)


def _webhook(url: str) -> Webhook:
    return Webhook(url=url, key=parse_key(SECRET), clock=lambda: at(5))


def test_tell__is_signed_as_the_specification_says() -> None:
    with receiver() as hook:
        _webhook(hook.url).tell(DELIVERY)

    [heard] = hook.requests
    assert (hook.forged, heard.alert) == ([], DELIVERY.alert)
    assert heard.headers["webhook-timestamp"] == str(int(at(5).timestamp()))
    assert json.loads(heard.body) == {
        "type": "family_stopped",
        "timestamp": "2026-03-01T00:00:00Z",
        "data": {"id": DELIVERY.alert, "title": "Stopped\u2028é", "text": "why", "repository": "acme/shop"},
    }


def test_tell__says_the_same_at_every_attempt() -> None:
    with receiver() as hook:
        _webhook(hook.url).tell(DELIVERY)
        _webhook(hook.url).tell(replace(DELIVERY, attempts=3))

    first, second = hook.requests
    assert (first.alert, first.body) == (second.alert, second.body)


@pytest.mark.parametrize("status", [302, 400, 410, 429, 500])
def test_tell__anything_but_success_is_a_failure_and_no_redirect_is_followed(status: int) -> None:
    with receiver(status) as hook:
        with pytest.raises(UpstreamError, match=f"^127.0.0.1 answered {status}$"):
            _webhook(hook.url).tell(DELIVERY)

        assert len(hook.requests) == 1


def test_tell__nobody_there_is_told_without_the_path() -> None:
    with receiver() as hook:
        pass

    with pytest.raises(UpstreamError, match=r"^127\.0\.0\.1 did not answer: ConnectionError$"):
        _webhook(hook.url).tell(DELIVERY)


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_!!!", base64.b64encode(b"k" * 32).decode(), "whsec_" + base64.b64encode(b"k" * 23).decode()],
)
def test_parse_key__refuses_what_is_none_without_showing_it(secret: str) -> None:
    with pytest.raises(UserError, match="ALERT_WEBHOOK_SECRET: must be whsec_") as caught:
        parse_key(secret)

    assert not secret.strip("whsec_") or secret not in str(caught.value)


def test_webhook__refuses_the_clear_network_and_hides_its_path() -> None:
    with pytest.raises(UserError, match="ALERT_WEBHOOK_URL: alerts would cross the network in the clear"):
        _webhook("http://hooks.example/x")

    assert repr(_webhook("https://hooks.example/x")) == "Webhook('hooks.example')"
    assert repr(parse_key(SECRET)) == repr(WebhookKey(b"")) == "WebhookKey()"
