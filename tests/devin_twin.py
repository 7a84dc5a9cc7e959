"""The twin of Devin as a process of its own, for tests that talk to it.

Tests need `@pytest.mark.allow_hosts(["127.0.0.1"])` (or `pytestmark`), since sockets are forbidden otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCRIPTS = Path(__file__).parents[1] / "scripts"


class Answer(NamedTuple):
    """What came back; `json` is None for an empty body."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON says anything
        """The body."""
        return json.loads(self.content) if self.content else None


class DevinTwin:
    """A running twin.

    Args:
        process: the server.
        started: what it printed.
    """

    def __init__(self, process: subprocess.Popen[str], started: Mapping[str, str]) -> None:
        self.process = process
        self.url, self.key, self.v1_key = started["url"], started["api_key"], started["v1_api_key"]
        self.org, self.admin_url = started["org_id"], started["admin_url"]

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
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def _key_for(self, path: str) -> str:
        return self.v1_key if path.startswith("/v1/") else self.key

    def admin(self, method: str, name: str, body: object = None) -> Any:  # noqa: ANN401 - JSON says anything
        """A request to the admin surface."""
        answer = self.ask(method, f"/__twin__/{name}", body)
        assert answer.status == 200, answer.content
        return answer.json

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

    def fault(self, fault: str, *, match: Mapping[str, object] | None = None, **more: object) -> None:
        """Script a fault; see docs/guides/devin-twin.md."""
        self.admin("POST", "faults", [{"fault": fault, "match": match or {}, **more}])

    def clear_faults(self) -> None:
        """No faults any more."""
        self.admin("DELETE", "faults")

    def advance(self, seconds: float) -> float:
        """Move its clock on; returns what time it is."""
        return float(self.admin("POST", "clock", {"advance_seconds": seconds})["now"])

    def outcome(self, outcome: str, *, tag: str = "") -> None:
        """How sessions with the tag end, or all others."""
        self.admin("POST", "outcomes", {"outcome": outcome, "tag": tag})

    def switch(self, **switches: object) -> None:
        """Change the form of answers."""
        self.admin("POST", "switches", switches)

    def stats(self) -> dict[str, Any]:
        """Counts."""
        return dict(self.admin("GET", "stats"))

    def reset(self) -> None:
        """Forget sessions, faults and counts."""
        self.admin("POST", "reset")

    def disconnect(self) -> None:
        """Whatever is still on its way to it does not arrive."""
        self.admin("POST", "disconnect")

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self.process.kill()
        self.process.wait()


@contextmanager
def devin_twin(*options: str) -> Iterator[DevinTwin]:
    """A twin that ends with the block, or with this process. By default its clock stands still until it is moved."""
    command = [sys.executable, "-m", "codeql_fixer.twin.devin", "--speed", "0", "--ends-with-stdin", *options]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SCRIPTS)}  # noqa: TID251 - tests
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"the twin did not start: {' '.join(command)}"
            yield DevinTwin(process, json.loads(line))
        finally:
            process.terminate()
