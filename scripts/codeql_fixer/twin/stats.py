"""Counts what clients did, so that tests can prove limits."""

from __future__ import annotations

from collections import Counter


class Stats:
    """Requests by method and pattern, and how many there were at once."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.max_concurrent = 0
        self._open = 0

    def begin(self, method: str, pattern: str) -> None:
        """A request has come."""
        self.requests[f"{method} {pattern}"] += 1
        self._open += 1
        self.max_concurrent = max(self.max_concurrent, self._open)

    def end(self) -> None:
        """It was answered."""
        self._open -= 1

    def reset(self) -> None:
        """Begin anew; requests that are open stay open."""
        self.requests.clear()
        self.max_concurrent = self._open
