"""How much may be asked of GitHub: calls of a run, the wait that GitHub asks for, and one write a second."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.errors import RateLimitedError
from codeql_fixer.transport.errors import TOO_MANY_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codeql_fixer.transport.errors import StatusError
    from codeql_fixer.transport.retry import Timing

FORBIDDEN = 403
_UNTOLD_SECONDS = 60.0  # "wait for at least one minute", says GitHub where it does not say how long
_MINUTE_SECONDS, _HOUR_SECONDS = 60.0, 3600.0
_SECONDARY = "secondary rate limit"


class CallLimits(Struct, frozen=True, kw_only=True):
    """Calls of a run, where those that find nothing changed cost none; seconds between two writes; longest waits.

    Of what creates content, GitHub takes so much in a minute and in an hour; we count every write.
    """

    calls: int = 4000
    write_seconds: float = 1.0
    writes_per_minute: int = 80
    writes_per_hour: int = 500
    patience_seconds: float = 90.0


class Halt(Struct, frozen=True):
    """GitHub takes no calls for so many seconds; until when, on its own clock, where that is known."""

    seconds: float
    until: datetime | None

    def __str__(self) -> str:
        """For people."""
        return f"until {self.until:%H:%M} UTC" if self.until else f"for {self.seconds:.0f} s"


def halt_asked_for(error: StatusError) -> Halt | None:
    """The wait that a refusal asks for, None for a refusal that is about something else.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    if error.status not in {FORBIDDEN, TOO_MANY_REQUESTS}:
        return None
    if error.retry_after_seconds is not None:
        return _halt(error.retry_after_seconds, error.headers)
    spent = halt_after(error.headers)
    if spent is not None:
        return spent
    is_about_rate = error.status == TOO_MANY_REQUESTS or _SECONDARY in error.detail.lower()
    return _halt(_UNTOLD_SECONDS, error.headers) if is_about_rate else None


def halt_after(headers: Mapping[str, str]) -> Halt | None:
    """The wait after an answer that was the last one before the limit is reset, None after any other."""
    reset, now = headers.get("X-RateLimit-Reset", ""), _date(headers)
    if headers.get("X-RateLimit-Remaining") != "0" or not reset.isdecimal() or now is None:
        return None
    return _halt(max(float(reset) - now.timestamp(), 0.0) + 1.0, headers)  # it may be reset late in that second


class Gate:
    """Shuts for all threads when GitHub asks one of them to wait.

    Args:
        timing: how time passes.
        patience_seconds: the longest wait that is kept.
    """

    def __init__(self, timing: Timing, patience_seconds: float) -> None:
        self._timing, self._patience = timing, patience_seconds
        self._lock = threading.Lock()
        self._halt, self._open_at = Halt(0.0, None), float("-inf")

    def shut(self, halt: Halt) -> None:
        """Nobody passes until the halt is over."""
        with self._lock:
            open_at = self._timing.monotonic() + halt.seconds
            if open_at > self._open_at:
                self._halt, self._open_at = halt, open_at

    def wait(self) -> None:
        """Pass, as soon as it is open.

        Raises:
            RateLimitedError: that is later than the wait is worth.
        """
        with self._lock:
            rest, halt = self._open_at - self._timing.monotonic(), self._halt
        if rest > self._patience:
            raise RateLimitedError(f"GitHub's rate limit is used up {halt}; run again after that")
        if rest > 0:
            self._timing.sleep(rest + self._timing.luck())  # not all threads at the same moment


class Calls:
    """How many calls a run may still make."""

    def __init__(self, calls: int) -> None:
        self._all, self._left = calls, calls
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """So many."""
        return self._left

    def take(self) -> None:
        """One call.

        Raises:
            RateLimitedError: there is none left.
        """
        with self._lock:
            if self._left <= 0:
                raise RateLimitedError(
                    f"this run has made the {self._all} calls of GitHub's API that it may; the next run goes on"
                )
            self._left -= 1

    def give_back(self) -> None:
        """That one cost nothing."""
        with self._lock:
            self._left += 1


class Pace:
    """One write at a time, a rest between two, and no more in a minute and an hour than GitHub asks of its users.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """

    def __init__(self, timing: Timing, limits: CallLimits) -> None:
        self._timing, self._limits = timing, limits
        self._lock = threading.Lock()
        self._ended = deque[float](maxlen=max(limits.writes_per_hour, limits.writes_per_minute))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The block is the only write.

        Raises:
            RateLimitedError: this hour's writes are used up, and the rest of it is too long to wait for.
        """
        with self._lock:
            rest = self._rest()
            if rest > self._limits.patience_seconds:
                raise RateLimitedError(
                    f"this run has made the {self._limits.writes_per_hour} writes that GitHub takes in an hour; "
                    f"run again in {rest / 60:.0f} minutes"
                )
            if rest > 0:
                self._timing.sleep(rest)
            try:
                yield
            finally:
                self._ended.append(self._timing.monotonic())

    def _rest(self) -> float:
        limits = self._limits
        windows = (
            (1, limits.write_seconds),
            (limits.writes_per_minute, _MINUTE_SECONDS),
            (limits.writes_per_hour, _HOUR_SECONDS),
        )
        free_at = (self._ended[-count] + seconds for count, seconds in windows if len(self._ended) >= count)
        return max(free_at, default=0.0) - self._timing.monotonic()


def _halt(seconds: float, headers: Mapping[str, str]) -> Halt:
    now = _date(headers)
    return Halt(seconds, None if now is None else now + timedelta(seconds=seconds))


def _date(headers: Mapping[str, str]) -> datetime | None:
    """What GitHub's clock says: this machine's does not matter."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return None
