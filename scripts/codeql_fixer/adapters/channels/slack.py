"""A channel that is an incoming webhook of Slack, or of a chat that takes the same (Mattermost, Rocket.Chat)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from codeql_fixer.adapters.channels.posting import Address
from codeql_fixer.adapters.channels.words import Words

if TYPE_CHECKING:
    from codeql_fixer.domain.delivery import Delivery

_MOST = 3500  # Slack cuts long messages at 4,000 characters, entities and all


class Slack(Struct, frozen=True, kw_only=True):
    """Says alerts in a chat. Nobody there knows what was said before: a lost answer may bring one twice.

    Args:
        address: where.
        words: what is said.
    """

    address: Address
    words: Words

    def tell(self, delivery: Delivery) -> str:
        """Say it once; see the port."""
        text = self.words.of("slack", delivery, most=_MOST)
        self.address.post(msgspec.json.encode({"text": text, "unfurl_links": False, "unfurl_media": False}))
        return ""
