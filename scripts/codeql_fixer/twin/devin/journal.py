"""A file with which a twin survives its own death: every request that changed something, to be done again.

What a twin makes of a request depends on its seed, the request and the time only, so doing it again gives the same.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class _Started(Struct, frozen=True, kw_only=True, tag="started", tag_field="what"):
    """A twin was started at `wall` on the machine's clock, when it was `at` on its own; seconds since 1970."""

    seed: int
    speed: float
    wall: float
    at: float


class _Moved(Struct, frozen=True, kw_only=True, tag="moved", tag_field="what"):
    """Somebody moved the twin's clock."""

    seconds: float


class Asked(Struct, frozen=True, kw_only=True, tag="asked", tag_field="what"):
    """A request that changed something, at this time of the twin."""

    at: float
    method: str
    path: str
    query: dict[str, list[str]]
    content_type: str
    body: bytes


_Line = _Started | _Moved | Asked


class JournalError(ValueError):
    """The file is no journal of this twin, or cannot be written; the message says where."""


class Journal:
    """One line of JSON per event, for the eyes of its owner only: bodies of requests may hold secrets.

    Args:
        path: the file; it is made when it is not there.
        seed: of the twin.
        speed: of its clock.
        wall: the machine's clock, in seconds since 1970.
    """

    def __init__(self, path: Path, *, seed: int, speed: float, wall: Callable[[], float]) -> None:
        self._path, self._seed, self._speed, self._wall = path, seed, speed, wall
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def resume(self) -> tuple[float | None, list[Asked]]:
        """What time it is for a twin that never died, and what was asked so far; None for a new file.

        Raises:
            JournalError: a line is damaged, or another seed wrote it.
        """
        now, started, asked = None, None, []
        for line in self._lines():
            match line:
                case _Started():
                    if line.seed != self._seed:
                        problem = f"{self._path}: written with --seed {line.seed}, not {self._seed}"
                        raise JournalError(f"{problem} (give that seed, or another file)")
                    now, started = line.at, line
                case _Moved() if now is not None:
                    now += line.seconds
                case Asked():
                    asked.append(line)
                case _:
                    pass
        if started is None or now is None:
            return None, []
        return now + (self._wall() - started.wall) * started.speed, asked

    def _lines(self) -> Iterator[_Line]:
        """All whole lines; what a dying twin did not finish is cut off."""
        content = self._path.read_bytes()
        whole, _, torn = content.rpartition(b"\n")
        if torn:
            os.truncate(self._file, len(content) - len(torn))
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                yield msgspec.json.decode(line, type=_Line)
            except msgspec.MsgspecError as error:
                raise JournalError(f"{self._path}: line {number}: {error} (take another file)") from error

    def begin(self, at: float) -> None:
        """A twin serves from now on, and it is `at` on its clock."""
        self._add(_Started(seed=self._seed, speed=self._speed, wall=self._wall(), at=at))

    def forget(self, at: float) -> None:
        """Begin anew, at this time."""
        os.truncate(self._file, 0)
        self.begin(at)

    def move(self, seconds: float) -> None:
        """The clock was moved."""
        self._add(_Moved(seconds=seconds))

    def keep(self, asked: Asked) -> None:
        """A request changed something."""
        self._add(asked)

    def _add(self, line: _Line) -> None:
        """One write, so that a kill leaves all of the line or a part that has no end.

        Raises:
            JournalError: it cannot be written.
        """
        try:
            os.write(self._file, msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror}: what was just done will be forgotten") from error
