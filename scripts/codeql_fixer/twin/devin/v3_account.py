"""Who asks, what was used, and files, in API v3."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from codeql_fixer.twin.devin.reading import number_of
from codeql_fixer.twin.devin.routing import Call, Route
from codeql_fixer.twin.devin.timeline import acu_at
from codeql_fixer.twin.devin.uploads import STORAGE, redirected, stored, uploaded
from codeql_fixer.twin.wire import Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.devin.state import State

_BASE = "/v3/organizations/{org_id}"
_DAY = 86_400
_MIDNIGHT = 28_800  # of the service: 08:00 UTC
_SCALE = 10_000  # sums are exact in whole ten-thousandths
_LAG_SECONDS = 300.0  # behind even the sessions' own figures


class V3Account:
    """Answers requests about the account."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", "/v3/self", self.self)
        yield Route("GET", f"{_BASE}/consumption/daily", self.consumption)
        yield Route("POST", f"{_BASE}/attachments", self.upload)
        yield Route("GET", f"{_BASE}/attachments/{{uuid}}/{{name}}", self.download)
        yield Route("GET", f"{STORAGE}{{uuid}}/{{name}}", self.stored)

    def self(self, call: Call) -> Response:
        """Whose key this is."""
        del call
        return answer(
            {
                "principal_type": "service_user",
                "service_user_id": self._state.service_user_id,
                "service_user_name": "twin",
                "org_id": self._state.org_id,
            }
        )

    def consumption(self, call: Call) -> Response:
        """ACUs by day; a session's count for the day of its creation."""
        after, before = number_of(call.request, "time_after"), number_of(call.request, "time_before")
        by_day: Counter[int] = Counter()
        for session in self._state.sessions:
            day = int((session.created_at - _MIDNIGHT) // _DAY * _DAY) + _MIDNIGHT
            if (after is None or day >= after) and (before is None or day < before):
                by_day[day] += round(acu_at(session.steps, call.now - _LAG_SECONDS) * _SCALE)
        days = [_day(day, used / _SCALE) for day, used in sorted(by_day.items()) if used]
        return answer({"total_acus": by_day.total() / _SCALE, "consumption_by_date": days})

    def upload(self, call: Call) -> Response:
        """Keep a file."""
        entry = uploaded(self._state, call)
        url = self._state.attachment_url(entry, "v3")
        return answer({"attachment_id": entry.id, "name": entry.name, "url": url})

    def download(self, call: Call) -> Response:
        """The way to a file."""
        return redirected(self._state, call)

    def stored(self, call: Call) -> Response:
        """A file."""
        return stored(self._state, call)


def _day(date: int, acus: float) -> dict[str, object]:
    return {"date": date, "acus": acus, "acus_by_product": {"devin": acus, "cascade": 0, "terminal": 0}}
