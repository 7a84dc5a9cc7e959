"""Time that passes only by sleeping."""

from __future__ import annotations

from codeql_fixer.transport.retry import Timing


class FakeTime:
    """Counts what was slept.

    Args:
        luck: what every draw of luck gives.
    """

    def __init__(self, luck: float = 0.5) -> None:
        self.now, self.slept, self._luck = 1000.0, list[float](), luck

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def timing(self) -> Timing:
        """This time, for a client."""
        return Timing(sleep=self.sleep, monotonic=lambda: self.now, luck=lambda: self._luck)
