"""Rate limits as GitHub publishes them: so many requests an hour, so many points and writes a minute.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codeql_fixer.twin.github.state import State

_HOUR, _MINUTE = 3600.0, 60.0
_READ_POINTS, _WRITE_POINTS = 1, 5
PRIMARY = (
    "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, please include the request ID."
)
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)


class _Account:
    def __init__(self) -> None:
        self.used, self.reset_at = 0, 0.0
        self.points: deque[tuple[float, int]] = deque()
        self.writes: deque[float] = deque()


class Limits:
    """Counts what each token used.

    Args:
        state: with the switches that say how much there is.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._by_token: dict[str, _Account] = defaultdict(_Account)

    def take(self, token: str, method: str, now: float) -> str:
        """Count a request; what it is refused with, "" when it is not."""
        account, switches = self._at(token, now), self._state.switches
        if account.used >= switches.primary_per_hour:
            return PRIMARY
        points = _READ_POINTS if method in {"GET", "HEAD"} else _WRITE_POINTS
        is_write = points == _WRITE_POINTS
        if (
            sum(count for _, count in account.points) + points > switches.points_per_minute
            or (is_write and sum(at > now - _MINUTE for at in account.writes) >= switches.writes_per_minute)
            or (is_write and len(account.writes) >= switches.writes_per_hour)
        ):
            return SECONDARY
        account.used += 1
        account.points.append((now, points))
        if is_write:
            account.writes.append(now)
        return ""

    def give_back(self, token: str) -> None:
        """A request that found nothing changed costs nothing."""
        self._by_token[token].used -= 1

    def described(self, token: str, now: float) -> dict[str, Any]:
        """A `rate-limit`."""
        account, limit = self._at(token, now), self._state.switches.primary_per_hour
        reset = int(account.reset_at)
        return {"limit": limit, "remaining": max(limit - account.used, 0), "used": account.used, "reset": reset}

    def headers(self, token: str, now: float) -> tuple[tuple[str, str], ...]:
        """What every answer says about the limit of requests."""
        told = {**self.described(token, now), "resource": "core"}
        return tuple((f"X-RateLimit-{name.title()}", str(value)) for name, value in told.items())

    def _at(self, token: str, now: float) -> _Account:
        account = self._by_token[token]
        if now >= account.reset_at:
            account.used, account.reset_at = 0, now + _HOUR
        while account.points and account.points[0][0] <= now - _MINUTE:
            account.points.popleft()
        while account.writes and account.writes[0] <= now - _HOUR:
            account.writes.popleft()
        return account
