"""Wires who hears alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.dry_run import DryChannel
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from codeql_fixer.ports.channel import Channel
    from codeql_fixer.settings import AlertSettings


def channels_of(
    settings: AlertSettings, *, clock: Callable[[], datetime], tell: Callable[[str], None], is_dry: bool
) -> Mapping[str, Channel]:
    """The channels that are set up, by name; none where none is.

    Raises:
        UserError: half of one is set up, or its address or secret cannot be used.
    """
    if not settings.webhook_url and not settings.webhook_secret:
        return {}
    if not settings.webhook_url or not settings.webhook_secret:
        raise UserError("alerts need both ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET")
    from codeql_fixer.adapters.webhook import Webhook, parse_key  # noqa: PLC0415

    webhook = Webhook(url=settings.webhook_url, key=parse_key(settings.webhook_secret), clock=clock)
    return {"webhook": DryChannel("webhook", tell) if is_dry else webhook}
