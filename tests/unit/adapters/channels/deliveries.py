"""Alerts for tests of channels."""

from __future__ import annotations

from codeql_fixer.domain.alert import AlertEvent
from codeql_fixer.domain.delivery import Delivery, News
from tests.records import at

HOSTILE = "<!channel> @everyone **x** [y](https://evil.example) <script>\r\nX-Header: 1\n# heading #1"
DELIVERY = Delivery(
    news=News(
        event=AlertEvent.SLA_BREACH,
        key="k",
        title="py/xss in acme/shop missed its deadline",
        text="It is of tier high.\n- one\n- two",
        repository="acme/shop",
        fields={"tier": "high", "url": "https://github.com/acme/shop/pull/7"},
    ),
    alert="sla_breach-00000000000000000001",
    noticed_at=at(0),
    channel="slack",
)
