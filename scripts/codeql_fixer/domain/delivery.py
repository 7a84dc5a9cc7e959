"""News, and their way over one channel, as the ledger knows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from codeql_fixer.domain.alert import AlertEvent

_DIGITS = 20


class News(Struct, frozen=True, kw_only=True):
    """Something that people want to hear of, once. `key` tells it from other news of its event.

    `repository` is "" where it is about the fleet. `at` is when it happened, None for what is so now, however long.
    `fields` are for programs and templates. `covers` are ids of alerts that it stands for.
    """

    event: AlertEvent
    key: str
    title: str
    text: str = ""
    repository: str = ""
    at: datetime | None = None
    fields: Mapping[str, str] = {}
    covers: tuple[str, ...] = ()

    @property
    def alert(self) -> str:
        """The id of its alert: the same wherever and whenever somebody notices."""
        return f"{self.event.value}-{sha256(self.key.encode()).hexdigest()[:_DIGITS]}"


class Delivery(Struct, frozen=True, kw_only=True):
    """News for a channel that nobody delivered yet; `alert` is the id on record, `noticed_at` when that was written.

    `attempts` counts those on record. Of the last one: until when its claimer may act, when it ended (None while nobody
    said so) and why it failed.
    """

    news: News
    alert: str
    noticed_at: datetime
    channel: str
    attempts: int = 0
    act_before: datetime | None = None
    failed_at: datetime | None = None
    reason: str = ""
