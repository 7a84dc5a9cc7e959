"""Port of a channel: where people, or their programs, hear of alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery


class Channel(Protocol):
    """Tells alerts. One that a receiver had already is to be known there by `Delivery.alert`."""

    def tell(self, delivery: Delivery) -> str:
        """Tell one; returns where people can read it, "" for nowhere.

        Raises:
            CodeqlFixerError: it did not arrive, or nobody can tell.
        """
        ...
