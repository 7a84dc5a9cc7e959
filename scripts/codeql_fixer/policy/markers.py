"""Markers: words of ours that people do not see, by which we find again what we wrote at a forge; and its limit."""

from __future__ import annotations

import re

_MARKER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:/#@]|-(?!-)){0,199}(?<!-)")  # no `--`, which ends a comment of HTML
_MOST = 65_000  # of the 65,536 characters that GitHub takes, and every other forge here
_CUT = "\n\n(The rest did not fit.)"
_EDGES = re.compile(r"\r\n?")


def marked(marker: str, body: str) -> str:
    """A text that begins with its marker; one that a forge would not take is cut.

    Raises:
        ValueError: that is no marker.
    """
    whole = f"{_line(marker)}\n{body}"
    return whole if len(whole) <= _MOST else whole[: _MOST - len(_CUT)] + _CUT


def has_marker(marker: str, body: str) -> bool:
    """True when the text begins with it: further down, it may be part of what we quote."""
    return body.startswith(_line(marker))


def is_same(one: str, other: str) -> bool:
    """True when two texts differ in nothing but what a forge itself changes: ends of lines, and blanks at the end."""
    return _EDGES.sub("\n", one).strip() == _EDGES.sub("\n", other).strip()


def _line(marker: str) -> str:
    if not _MARKER.fullmatch(marker):
        raise ValueError(f"{marker!r:.80} is no marker: letters, digits, single dashes and ._:/#@ only")
    return f"<!-- codeql-fixer:{marker} -->"
