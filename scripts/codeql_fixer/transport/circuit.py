"""Circuit breaker: leaves a server alone that failed several times in a row, and asks now and then if it is back."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.transport.errors import CircuitOpenError, HttpError, is_outage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class CircuitLimits(Struct, frozen=True, kw_only=True):
    """When to open: after `failures` in a row that took `over_seconds` at least, for `open_seconds`.

    Fifty threads fail fifty times in a row within one blink of a server; that alone is no outage.
    """

    failures: int = 5
    over_seconds: float = 2.0
    open_seconds: float = 15.0


class Circuit:
    """The breaker of one server, shared by all threads that call it.

    Args:
        server: its name, for people.
        limits: when it opens.
        monotonic: seconds that never go back.
    """

    def __init__(
        self, server: str, limits: CircuitLimits | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._server, self._limits, self._monotonic = server, limits or CircuitLimits(), monotonic
        self._lock = threading.Lock()
        self._close()

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call to the server. An interrupted one says nothing about the server.

        Raises:
            CircuitOpenError: the server is left alone now; what the block would do was not done.
        """
        self._admit()
        try:
            yield
        except HttpError as error:
            if is_outage(error):
                self._failed(error.problem)  # and no words: they may quote a call that is nothing to others
            else:
                self._answered()
            raise
        except BaseException:
            with self._lock:
                self._is_probing = False
            raise
        self._answered()

    def _close(self) -> None:
        self._failures, self._first_at, self._reason = 0, 0.0, ""
        self._opened_at: float | None = None
        self._is_probing = False

    def _admit(self) -> None:
        with self._lock:
            if self._opened_at is None:
                return
            rest = self._opened_at + self._limits.open_seconds - self._monotonic()
            if rest > 0 or self._is_probing:
                raise CircuitOpenError(
                    f"{self._server} failed {self._failures} times in a row and is left alone for a while "
                    f"({self._reason})",
                    may_have_acted=False,
                    is_transient=False,
                )
            self._is_probing = True

    def _answered(self) -> None:
        with self._lock:
            self._close()

    def _failed(self, reason: str) -> None:
        with self._lock:
            now = self._monotonic()
            if not self._failures:
                self._first_at = now
            self._failures += 1
            self._reason, self._is_probing = reason, False
            lasted = now - self._first_at
            if self._opened_at is not None or (
                self._failures >= self._limits.failures and lasted >= self._limits.over_seconds
            ):
                self._opened_at = now
