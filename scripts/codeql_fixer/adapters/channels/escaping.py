"""Strangers' text made harmless for the place where it is shown: no markup of theirs, no mention, no link."""

from __future__ import annotations

import re

from codeql_fixer.policy.plain_text import clean

_MOST = 20_000
_BREAK = "\u200b"  # zero-width: what stands beside it is no word of a command any more
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_REFERENCE = re.compile(r"\b(gh)-(?=[0-9])", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<![^\W_])[*_~`]+|[*_~`]+(?![^\W_])")
_BROKEN_UP = {sign: f"{sign[0]}{_BREAK}{sign[1:]}" for sign in ("@", "#", "://", "](")}
_SAFE_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/%?=&+#-]*)?")


class Link(str):
    """An address that is checked, and may be one to click on."""

    __slots__ = ()


def link_of(text: str) -> Link | str:
    """A link where the text is a plain address and nothing else; the text where it is not."""
    return Link(text) if _SAFE_URL.fullmatch(text) else text


def markdown(text: str) -> str:
    """Text for GitHub's Markdown, where HTML is allowed as well.

    Every sign is written as an entity, which CommonMark never takes for structure (section 2.5). GitHub looks for
    mentions and references after that, so those are broken up.
    """
    text = _REFERENCE.sub(rf"\1{_BREAK}-", clean(text, _MOST)).replace("://", f":{_BREAK}//")
    text = _PUNCTUATION.sub(_entity, text)
    return "\n".join(line.strip() for line in text.split("\n"))


def _entity(found: re.Match[str]) -> str:
    sign = found[0]
    return f"&#{ord(sign)};{_BREAK}" if sign in "@#" else f"&#{ord(sign)};"


def mrkdwn(text: str) -> str:
    """Text for Slack and for chats that are like it: commands are written with `<`, which is escaped.

    Others also know a plain `@channel`, headings and links of Markdown, and all of them emphasis at the edges of words.
    """
    text = clean(text, _MOST).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign, broken in _BROKEN_UP.items():
        text = text.replace(sign, broken)
    return _EMPHASIS.sub(lambda found: _BREAK.join(["", *found[0].replace("`", "'"), ""]), text)
