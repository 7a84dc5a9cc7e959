"""The twin of Devin as a process of its own, for tests that talk to it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.twins import SCRIPTS, Answer, Twin, running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

__all__ = ["SCRIPTS", "Answer", "DevinTwin", "devin_twin"]


class DevinTwin(Twin):
    """A running twin.

    Args:
        process: the server.
        started: what it printed.
    """

    def __init__(self, process: subprocess.Popen[str], started: Mapping[str, str]) -> None:
        super().__init__(process, started)
        self.key, self.v1_key, self.org = started["api_key"], started["v1_api_key"], started["org_id"]

    @property
    def environment(self) -> dict[str, str]:
        """Settings of a client of API v3."""
        return {"DEVIN_API_URL": self.url, "DEVIN_API_KEY": self.key, "DEVIN_ORG_ID": self.org}

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10,
    ) -> Answer:
        """One request. A path that does not begin with / is below the organization (v3)."""
        if not path.startswith("/"):
            path = f"/v3/organizations/{self.org}/{path}"
        headers = {"Authorization": f"Bearer {self._key_for(path) if key is None else key}", **(headers or {})}
        return self.request(method, path, body, headers=headers, timeout=timeout)

    def _key_for(self, path: str) -> str:
        return self.v1_key if path.startswith("/v1/") else self.key

    def create(self, tag: str = "", **order: Any) -> str:  # noqa: ANN401 - members of the request
        """A session of API v3; returns its id."""
        body = {"prompt": "Fix it.", "tags": [tag] if tag else [], **order}
        answer = self.ask("POST", "sessions", body)
        assert answer.status == 200, answer.content
        return str(answer.json["session_id"])

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions that were ever created, as the admin surface describes them, oldest first."""
        return list(self.admin("GET", "sessions")["sessions"])

    def sessions_with(self, tag: str) -> list[dict[str, Any]]:
        """Those that bear a tag: more than one for an intent is what must not be."""
        return [one for one in self.sessions() if tag in one["tags"]]

    def outcome(self, outcome: str, *, tag: str = "") -> None:
        """How sessions with the tag end, or all others."""
        self.admin("POST", "outcomes", {"outcome": outcome, "tag": tag})


@contextmanager
def devin_twin(*options: str) -> Iterator[DevinTwin]:
    """A twin that ends with the block, or with this process. By default its clock stands still until it is moved."""
    with running("codeql_fixer.twin.devin", *options) as (process, started):
        yield DevinTwin(process, started)
