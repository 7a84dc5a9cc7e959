"""What of a Markdown text stands outside of fences and code spans, as CommonMark 0.31 reads it."""

from __future__ import annotations

import re

_OPENING = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)")


def skeleton(text: str) -> str:
    """The lines outside of fenced blocks; a block leaves its opening fence's kind behind, not its length."""
    lines: list[str] = []
    closing: re.Pattern[str] | None = None
    for line in re.split(r"\r\n|\n|\r", text):
        if closing is not None:
            if closing.fullmatch(line):
                closing = None
            continue
        opening = _OPENING.fullmatch(line)
        if opening and not ("`" in opening["fence"] and "`" in opening["info"]):
            mark = re.escape(opening["fence"][0])
            closing = re.compile(rf" {{0,3}}{mark}{{{len(opening['fence'])},}}[ \t]*")
            lines.append(f"<block of {opening['info']}>")
            continue
        lines.append(line)
    if closing is not None:
        lines.append("<a fence that is never closed>")
    return "\n".join(lines)


def without_spans(text: str) -> str:
    """A line with its code spans blanked out."""
    return _SPAN.sub("<span>", text)
