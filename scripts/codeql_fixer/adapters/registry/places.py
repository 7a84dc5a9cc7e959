"""Where in a JSON text a value stands, so that a fault can be found with an editor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

Path = Sequence[str | int]
Fault = tuple[Path, str]
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Member(NamedTuple):
    """Key or position of a member of an object or list, and the places where it, its value and what follows begin."""

    key: str | int
    start: int
    value: int
    end: int


def line_of(text: str, path: Path) -> int:
    """The line, from 1, of the value at a path of valid JSON; where the path ends early, of its last known part."""
    at = skip(text, 0)
    for step in path:
        found = next((member.value for member in members(text, at) if member.key == step), None)
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def words_of(path: Path) -> str:
    """The path as people write it: `repos[0].agents.rules[1]`."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return words.removeprefix(".") or "the file"


def members(text: str, at: int) -> Iterator[Member]:
    """The members of the value at a place of valid JSON; none of what is no object or list."""
    opening = text[at]
    if opening not in "{[":
        return
    at = skip(text, at + 1)
    position = 0
    while text[at] not in "}]":
        key: str | int = position
        start = at
        if opening == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = skip(text, skip(text, at) + 1)  # over the colon
        _, end = _DECODER.raw_decode(text, at)
        yield Member(key, start, at, end)
        at = skip(text, end)
        at = skip(text, at + 1) if text[at] == "," else at
        position += 1


def skip(text: str, at: int) -> int:
    """The first place from here on that is not blank."""
    found = _BLANK.match(text, at)
    return found.end() if found else at
