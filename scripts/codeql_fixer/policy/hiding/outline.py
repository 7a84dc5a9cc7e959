"""Settings in a configuration file, each with the names it stands under: YAML, JSON, TOML, INI and properties alike.

Read by indentation and brackets, without a parser for each: what matters is which settings came or went, files may be
known in part only, and strangers write them. A setting that cannot be told apart from its neighbours stands under
fewer names, never under wrong ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.policy.hiding.changed_text import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_MAX_DEPTH = 24
_MAX_ITEMS = 400  # of a list on one line
_SECTION = re.compile(r"\[\[?\s*([^\[\]]{1,200}?)\s*\]?\]\s*$")
_KEY = re.compile(
    r"""(?P<quote>["']?)(?P<key>[\w@$*./:\\ -]{1,100}?)(?P=quote)"""
    r"""\s*(?:=>|\+?=(?!=)|:(?=\s|$|[\["'{]))\s*(?P<value>.*)"""
)
_COMMENT = re.compile(r"(?:^|\s)(?:#|//|;\s)[^\"']*$")
_ITEM = re.compile(r"\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|([^,\[\]{}]+))\s*[,\[\]{}]*")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?")


class Setting(NamedTuple):
    """One value: `names` from the outermost to its own; list items have their list's."""

    number: int
    names: tuple[str, ...]
    value: str
    raw: str

    @property
    def content(self) -> tuple[tuple[str, ...], str]:
        """What makes it the same setting wherever it stands."""
        return self.names, self.value


class _Level(NamedTuple):
    indent: int
    names: tuple[str, ...]
    is_text: bool = False  # a block scalar: what is below is lines, not settings


def settings_of(lines: Iterable[Line]) -> Iterator[Setting]:
    """All settings in the order of the lines."""
    section: tuple[str, ...] = ()
    levels: list[_Level] = []
    last = 0
    for number, raw in lines:
        if number != last + 1:
            section, levels = (), []  # what stands in between is not known
        last = number
        stripped = raw.strip()
        indent = len(raw) - len(raw.lstrip())
        if not stripped or stripped.strip("]})>,;(") == "":
            continue
        while levels and (
            indent < levels[-1].indent or (indent == levels[-1].indent and not stripped.startswith("- "))
        ):
            levels.pop()
        if levels and levels[-1].is_text:
            yield Setting(number, levels[-1].names, stripped, raw)
            continue
        if stripped[0] in "#;!" or stripped.startswith("//"):
            continue
        if (header := _SECTION.match(stripped)) and indent == 0 and not stripped.startswith("- "):
            section, levels = tuple(part.strip("\"' ") for part in header[1].split(".")), []
            continue
        yield from _line(Line(number, raw), indent, section=section, levels=levels)


def _line(line: Line, indent: int, *, section: tuple[str, ...], levels: list[_Level]) -> Iterator[Setting]:
    number, raw = line
    text = raw.strip()
    while text.startswith("- "):
        inner = text[2:].lstrip()
        indent += len(text) - len(inner)
        text = inner
    names = levels[-1].names if levels else section
    if text.startswith("{"):
        text = text[1:].strip()
    match = _KEY.match(text)
    if match is None:
        for item in _items(_COMMENT.sub("", text)):
            yield Setting(number, names, item, raw)
        return
    names = (*names, match["key"].strip())[-_MAX_DEPTH:]
    value = _COMMENT.sub("", match["value"]).strip().rstrip(",\\").strip()
    if _BLOCK.fullmatch(value):
        levels.append(_Level(indent, names, is_text=True))
    elif not value or value in {"[", "{", "(", "[{"} or value[-1:] in "[{(,":
        levels.append(_Level(indent, names))
        yield Setting(number, names, "", raw)
        yield from (Setting(number, names, item, raw) for item in _items(value))
    else:
        levels.append(_Level(indent, names))
        yield from (Setting(number, names, item, raw) for item in _items(value) or [""])


def _items(value: str) -> list[str]:
    """The parts of a list on one line; a value that is none is its only part."""
    is_list = (
        value[:1] in "[({"
        or value[-1:] == ","
        or re.fullmatch(r"[\w.*/@!$-]+(?:\s*,\s*[\w.*/@!$-]+)+", value) is not None
    )
    if not is_list:
        text = value.strip().rstrip(",").strip()
        return [text.strip("\"'")] if text.strip("\"'[]{}()") else []
    found = (match[1] or match[2] or match[3] or "" for match in _ITEM.finditer(value.lstrip("[({ ")))
    return [item.strip().strip("\"'") for _, item in zip(range(_MAX_ITEMS), found, strict=False) if item.strip(" \"')")]
