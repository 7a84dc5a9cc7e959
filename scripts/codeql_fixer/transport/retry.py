"""When to ask again: full jitter, as long as the deadline allows, and as late as the server wishes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from tenacity import RetryCallState, Retrying, retry_if_exception

from codeql_fixer.transport.errors import HttpError, StatusError

if TYPE_CHECKING:
    from datetime import datetime

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.25, 20.0
_LONGEST_RETRY_AFTER_SECONDS = 3600.0  # more than any deadline: the call ends at once and says so
_T = TypeVar("_T")


class Timing(Struct, frozen=True, kw_only=True):
    """How time passes; tests have it pass faster. `luck` gives numbers from 0 up to 1."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    luck: Callable[[], float] = random.random


def persistently(
    attempt: Callable[[], _T], *, is_worth_a_try: Callable[[HttpError], bool], until: float, timing: Timing
) -> _T:
    """The outcome of an attempt, made again after a failure that is worth it.

    Args:
        attempt: the call.
        is_worth_a_try: what to try again.
        until: monotonic seconds; no other try begins later, the last failure is raised instead.
        timing: how time passes.
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        wished = error.retry_after_seconds if isinstance(error, StatusError) else None
        # On top of the server's wish, too: it tells all of those whom it sends away the same moment.
        most = min(_FIRST_WAIT_SECONDS * 2.0 ** (state.attempt_number - 1), _LONGEST_WAIT_SECONDS)
        return (wished or 0.0) + timing.luck() * most

    return Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, HttpError) and is_worth_a_try(error)),
        wait=wait,
        stop=lambda state: timing.monotonic() + state.upcoming_sleep >= until,
        sleep=timing.sleep,
        reraise=True,
    )(attempt)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """How long the server wants to be left alone (RFC 9110, 10.2.3); None when it does not say or not in a known way.

    A date counts from the answer's own `Date`, so that it does not matter what this machine's clock says.
    """
    wish = headers.get("Retry-After", "").strip()
    if wish.isdecimal() and wish.isascii():
        return min(float(wish), _LONGEST_RETRY_AFTER_SECONDS)
    then, now = _date(wish), _date(headers.get("Date", ""))
    if then is None or now is None:
        return None
    return min(max((then - now).total_seconds(), 0.0), _LONGEST_RETRY_AFTER_SECONDS)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
