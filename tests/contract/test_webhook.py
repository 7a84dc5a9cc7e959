"""Webhooks against a real receiver, which checks signatures as the specification says."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codeql_fixer.adapters.channels.posting import Address
from codeql_fixer.adapters.channels.webhook import Webhook, WebhookKey, parse_key
from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import Delivery, News
from codeql_fixer.errors import UpstreamError, UserError
from codeql_fixer.transport import public_connections
from tests.receiver import SECRET, receiver
from tests.records import at

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

DELIVERY = Delivery(
    news=News(
        event=AlertEvent.FAMILY_STOPPED,
        key="xss",
        title="Stopped\u2028é",
        text="why",
        repository="acme/shop",
        fields={"b": "2", "a": "1"},
    ),
    alert="family_stopped-00000000000000000001",
    noticed_at=at(0),
    channel="webhook",
)


def _webhook(url: str, *, is_private_allowed: bool = True) -> Webhook:
    address = Address(url=url, option="ALERT_WEBHOOK_URL", is_private_allowed=is_private_allowed)
    return Webhook(address=address, key=parse_key(SECRET), clock=lambda: at(5))


def test_tell__is_signed_as_the_specification_says() -> None:
    with receiver() as hook:
        _webhook(hook.url).tell(DELIVERY)

    [heard] = hook.requests
    assert (hook.forged, heard.alert) == ([], DELIVERY.alert)
    assert heard.headers["webhook-timestamp"] == str(int(at(5).timestamp()))
    assert json.loads(heard.body) == {
        "type": "family_stopped",
        "timestamp": "2026-03-01T00:00:00Z",
        "data": {
            "id": DELIVERY.alert,
            "title": "Stopped\u2028é",
            "text": "why",
            "repository": "acme/shop",
            "fields": {"a": "1", "b": "2"},
        },
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

    shown = repr(_webhook("https://hooks.example/secret-path"))
    assert ("hooks.example" in shown, "secret-path" in shown, "kkk" in shown) == (True, False, False)
    assert repr(parse_key(SECRET)) == repr(WebhookKey(b"")) == "WebhookKey()"


@pytest.mark.parametrize(
    "url",
    ["http://localhost/x", "http://127.0.0.1:9/x", "https://127.0.0.1/x", "https://10.1.2.3/x", "https://[fe80::1]/x"],
)
def test_webhook__refuses_an_address_inside_a_network_before_anything_is_sent(url: str) -> None:
    with pytest.raises(UserError, match="ALERT_WEBHOOK_URL: leads to an address inside a network; set ALERT_ALLOW"):
        _webhook(url, is_private_allowed=False)


def test_tell__a_name_that_leads_inside_a_network_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several addresses one is enough."""
    with receiver() as hook:
        monkeypatch.setattr(public_connections, "resolve", lambda *_: ["93.184.215.14", "127.0.0.1"])
        port = hook.url.split(":")[2].partition("/")[0]

        with pytest.raises(UserError, match=r"^hooks.example leads to an address inside a network; set ALERT_ALLOW"):
            _webhook(f"https://hooks.example:{port}/secret-path", is_private_allowed=False).tell(DELIVERY)

    assert hook.requests == []


def test_tell__hostile_text_stays_in_the_body_and_credentials_of_this_machine_at_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    text = "a\r\nX-Evil: 1\r\n\r\n<b>" + "é" * 5000
    hostile = replace(DELIVERY, news=replace(DELIVERY.news, title=text, text=text, fields={"place": text}))

    with receiver() as hook:
        _webhook(hook.url).tell(DELIVERY)
        _webhook(hook.url).tell(hostile)

    plain, heard = hook.requests
    assert (heard.headers.keys(), "authorization" in heard.headers) == (plain.headers.keys(), False)
    assert json.loads(heard.body)["data"]["title"] == text
    assert hook.forged == []
