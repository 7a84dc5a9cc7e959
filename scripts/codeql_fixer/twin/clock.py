"""The twin's own time, which may run faster than the machine's and can be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class TwinClock:
    """Tells the twin's time in seconds since 1970.

    Args:
        start: what time it is at first.
        speed: twin seconds per real second; 0 stands still until somebody moves it.
        monotonic: the machine's seconds.
    """

    def __init__(self, *, start: float, speed: float, monotonic: Callable[[], float]) -> None:
        self._start, self._speed, self._monotonic = start, speed, monotonic
        self._begun = monotonic()

    def now(self) -> float:
        """The present moment."""
        return self._start + (self._monotonic() - self._begun) * self._speed

    def advance(self, seconds: float) -> None:
        """Move on by so many twin seconds."""
        self._start += seconds
