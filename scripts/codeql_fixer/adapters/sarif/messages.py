"""Plain text out of SARIF messages: message strings, arguments, embedded links (sections 3.11.5, 3.11.6, 3.11.11)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codeql_fixer.adapters.sarif import wire

_LINK = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]\((?:\\.|[^()\\\s])*\)")
_ESCAPE = re.compile(r"\\([\\\[\]])")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d{1,4})\}")


def plain_text(message: wire.Message | None, strings: dict[str, wire.MultiformatMessage] | None) -> str:
    """The message as a person reads it; "" when it has neither text nor a known id.

    Link targets are dropped: they point into `relatedLocations`, whose numbers move from scan to scan.
    """
    if message is None:
        return ""
    text = message.text
    if text is None:
        string = strings.get(message.id) if strings and message.id is not None else None
        text = (string.text if string else None) or ""
    if message.arguments:
        text = _fill(text, message.arguments)
    return _without_markup(text)


@lru_cache(maxsize=4096)  # the messages of a rule differ little, and a large scan has few rules
def _without_markup(text: str) -> str:
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    return text


def _fill(text: str, arguments: list[str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        position = int(match[1])
        return arguments[position] if position < len(arguments) else match[0]

    return _PLACEHOLDER.sub(value, text)
