"""Members put into and taken out of JSON text, without a change to the rest of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from codeql_fixer.adapters.registry.places import Member, members, skip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STEP = "  "


class _Style(NamedTuple):
    """How a text is laid out: what ends its lines, and the blanks by which each level stands further in."""

    line_end: str
    step: str


def appended(text: str, at: int, new: Sequence[str | Mapping[str, object]]) -> str:
    """The text with members behind the last one of a list or object, laid out as their neighbours are.

    Args:
        text: valid JSON.
        at: where the list or object begins.
        new: objects for a list; for an object text such as `"key": []`.
    """
    there = list(members(text, at))
    if there:
        return _after_others(text, there, new)
    style = _style_of(text)
    end = skip(text, at + 1)
    if style is None:
        return text[: at + 1] + ", ".join(_shown(one, "", None) for one in new) + text[end:]
    outer = _indentation_of(text, at)
    lines = [f"{style.line_end}{outer}{style.step}{_shown(one, outer + style.step, style)}" for one in new]
    return text[: at + 1] + ",".join(lines) + style.line_end + outer + text[end:]


def _after_others(text: str, there: Sequence[Member], new: Sequence[str | Mapping[str, object]]) -> str:
    last = there[-1]
    if len(there) > 1:
        gap = text[there[-2].end : last.start].partition(",")[2]
    else:
        blank = text[: last.start]
        gap = blank[len(blank.rstrip()) :]
        gap = gap if "\n" in gap else " "
    is_tall = "\n" in gap and "\n" in text[last.value : last.end]
    shown = [_shown(one, gap.rpartition("\n")[2], _style_of(text) if is_tall else None) for one in new]
    return text[: last.end] + "".join(f",{gap}{one}" for one in shown) + text[last.end :]


def without(text: str, at: int, number: int) -> str:
    """The text without one member of the list that begins at a place; `number` counts from 0."""
    there = list(members(text, at))
    if len(there) == 1:
        return text[: at + 1] + text[skip(text, there[0].end) :]
    if number == len(there) - 1:
        return text[: there[-2].end] + text[there[-1].end :]
    return text[: there[number].start] + text[there[number + 1].start :]


def _shown(member: str | Mapping[str, object], indentation: str, style: _Style | None) -> str:
    """A member in JSON; an object has a line for each of its own members where there is a style to do so."""
    if isinstance(member, str):
        return member
    if style is None:
        return json.dumps(member, ensure_ascii=False)
    lines = [
        f"{indentation}{style.step}{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in member.items()
    ]
    return "{" + style.line_end + f",{style.line_end}".join(lines) + style.line_end + indentation + "}"


def _style_of(text: str) -> _Style | None:
    """As the file's first member stands; None where that is on the line of the brace."""
    root = skip(text, 0)
    first = skip(text, root + 1)
    blank = text[root + 1 : first]
    if text[first] != "}" and "\n" not in blank:
        return None
    return _Style("\r\n" if "\r\n" in text else "\n", blank.rpartition("\n")[2] or _STEP)


def _indentation_of(text: str, at: int) -> str:
    """The blanks with which the line of a place begins."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip())]
