"""Twins as processes of their own, for tests that talk to them.

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


class Twin:
    """A running twin.

    Args:
        process: the server.
        started: what it printed.
    """

    def __init__(self, process: subprocess.Popen[str], started: Mapping[str, str]) -> None:
        self.process, self.url, self.admin_url = process, started["url"], started["admin_url"]

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str],
        timeout: float = 10,
    ) -> Answer:
        """One request."""
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def admin(self, method: str, name: str, body: object = None) -> Any:  # noqa: ANN401 - JSON says anything
        """A request to the admin surface."""
        answer = self.request(method, f"/__twin__/{name}", body, headers={})
        assert answer.status == 200, answer.content
        return answer.json

    def fault(self, fault: str, *, match: Mapping[str, object] | None = None, **more: object) -> None:
        """Script a fault; the twin's guide says which there are."""
        self.admin("POST", "faults", [{"fault": fault, "match": match or {}, **more}])

    def clear_faults(self) -> None:
        """No faults any more."""
        self.admin("DELETE", "faults")

    def advance(self, seconds: float) -> float:
        """Move its clock on; returns what time it is."""
        return float(self.admin("POST", "clock", {"advance_seconds": seconds})["now"])

    def switch(self, **switches: object) -> None:
        """Change the form of answers."""
        self.admin("POST", "switches", switches)

    def stats(self) -> dict[str, Any]:
        """Counts."""
        return dict(self.admin("GET", "stats"))

    def reset(self) -> None:
        """Forget what is in it, faults and counts."""
        self.admin("POST", "reset")

    def disconnect(self) -> None:
        """Whatever is still on its way to it does not arrive."""
        self.admin("POST", "disconnect")

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running(module: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A twin that ends with the block, or with this process. By default its clock stands still until it is moved."""
    command = [sys.executable, "-m", module, "--speed", "0", "--ends-with-stdin", *options]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SCRIPTS)}  # noqa: TID251 - tests
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"the twin did not start: {' '.join(command)}"
            yield process, json.loads(line)
        finally:
            process.terminate()
