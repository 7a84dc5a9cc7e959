"""JSON written piece by piece, so that a long list never stands in memory as a whole."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK = 1000
_EMPTY_LIST_AT_THE_END = b"[]}"


def stream_list(head: msgspec.Struct, entries: Iterable[msgspec.Struct]) -> Iterator[bytes]:
    """The JSON of `head`, whose last field is an empty list, with `entries` in that list, one per line."""
    encode = msgspec.json.Encoder().encode
    opening = encode(head)
    assert opening.endswith(_EMPTY_LIST_AT_THE_END)  # noqa: S101 - a promise of our own types
    yield opening[: -len(_EMPTY_LIST_AT_THE_END)] + b"["
    separator = b"\n"
    entries = iter(entries)
    while chunk := list(islice(entries, _CHUNK)):
        yield separator + b",\n".join(map(encode, chunk))
        separator = b",\n"
    yield b"]}\n"
