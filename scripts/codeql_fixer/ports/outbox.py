"""Port of the outbox: which alerts are on record, and which of them somebody has still to hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery


class Outbox(Protocol):
    """Answers what telling alerts asks."""

    def is_alert_known(self, alert: str) -> bool:
        """True when an alert of this id is on record, delivered or not."""
        ...

    def undelivered(self, *, most: int) -> list[Delivery]:
        """Who has to hear what, the oldest alerts first, and how the last attempt stands."""
        ...
