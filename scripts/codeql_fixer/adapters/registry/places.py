"""Where in a JSON text a value stands, so that a fault can be found with an editor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

Path = Sequence[str | int]
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def line_of(text: str, path: Path) -> int:
    """The line, from 1, of the value at a path of valid JSON; where the path ends early, of its last known part."""
    at = _skip(text, 0)
    for step in path:
        found = next((place for key, place in _members(text, at) if key == step), None)
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def words_of(path: Path) -> str:
    """The path as people write it: `repos[0].agents.rules[1]`."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return words.removeprefix(".") or "the file"


def _members(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """Key or position of every member of the value at a place, and where the member stands."""
    opening = text[at]
    if opening not in "{[":
        return
    at = _skip(text, at + 1)
    position = 0
    while text[at] not in "}]":
        key: str | int = position
        if opening == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)  # over the colon
        yield key, at
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at] == "," else at
        position += 1


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
