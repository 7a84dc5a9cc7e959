"""JSON written piece by piece, so that a long list never stands in memory as a whole."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

_EMPTY_LIST_AT_THE_END = b"[]}"


class ListWriter:
    """Writes the JSON of an object whose last member is a list, the entries of the list in pieces.

    Args:
        stream: where the text goes.
        head: the object, with the list still empty.
    """

    def __init__(self, stream: IO[bytes], head: msgspec.Struct) -> None:
        opening = msgspec.json.encode(head)
        assert opening.endswith(_EMPTY_LIST_AT_THE_END)  # noqa: S101 - a promise of our own types
        stream.write(opening[: -len(_EMPTY_LIST_AT_THE_END)] + b"[")
        self._stream, self._separator = stream, b"\n"

    def write(self, entries: Sequence[bytes]) -> None:
        """Add encoded entries, one per line."""
        if entries:
            self._stream.write(self._separator)
            self._stream.write(b",\n".join(entries))
            self._separator = b",\n"

    def close(self) -> None:
        """Write the end of the list and of the object."""
        self._stream.write(b"]}\n")
