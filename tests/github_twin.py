"""The twin of GitHub as a process of its own, for tests that talk to it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.twins import Answer, Twin, running
from tests.unit.transport.fake_time import FakeTime

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

START = 1_800_000_000  # 15 January 2027, 08:00 UTC


class GitHubTwin(Twin):
    """A running twin.

    Args:
        process: the server.
        started: what it printed.
    """

    def __init__(self, process: subprocess.Popen[str], started: Mapping[str, str]) -> None:
        super().__init__(process, started)
        self.token, self.read_token = started["token"], started["read_only_token"]

    def now(self) -> datetime:
        """What time it is for it."""
        return datetime.fromtimestamp(self.stats()["now"], UTC)

    @property
    def environment(self) -> dict[str, str]:
        """Settings of a client."""
        return {"GITHUB_API_URL": self.url, "GITHUB_TOKEN": self.token}

    def ask(self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """One request of the API."""
        return self.request(method, path, body, headers={"Authorization": f"Bearer {self.token}", **(headers or {})})

    def repository(self, name: str, **more: object) -> dict[str, Any]:
        """A repository with one commit."""
        return dict(self.admin("PUT", f"repos/{name}", more))

    def commits(self, name: str, count: int = 1, **more: object) -> None:
        """More commits."""
        self.admin("POST", f"repos/{name}/commits", {"count": count, **more})

    def workflow(self, name: str, file: str, **more: object) -> None:
        """A workflow file."""
        self.admin("PUT", f"repos/{name}/workflows/{file}", more)

    def runs(self) -> list[dict[str, Any]]:
        """All runs that were ever started: one too many is what must not be."""
        return list(self.admin("GET", "runs")["runs"])

    def pull(self, name: str, head: str, **more: object) -> int:
        """A pull request; returns its number."""
        return int(self.admin("POST", f"repos/{name}/pulls", {"head": head, **more})["number"])

    def change_pull(self, name: str, number: int, action: str, **more: object) -> None:
        """What happens to it: merge, close, reopen, draft, ready, push, edit."""
        self.admin("PATCH", f"repos/{name}/pulls/{number}", {"action": action, **more})

    def analysis(self, name: str, sarif: object, **more: object) -> int:
        """An analysis; returns its id."""
        return int(self.admin("POST", f"repos/{name}/analyses", {"sarif": sarif, **more})["id"])

    def review(self, name: str, number: int, state: str, **more: object) -> dict[str, Any]:
        """Somebody's review, with comments on lines."""
        return dict(self.admin("POST", f"repos/{name}/pulls/{number}/reviews", {"state": state, **more}))

    def say(self, name: str, number: int, body: str, **more: object) -> dict[str, Any]:
        """Somebody's comment on a pull request or issue."""
        return dict(self.admin("POST", f"repos/{name}/issues/{number}/comments", {"body": body, **more}))

    def said(self, name: str, number: int) -> list[dict[str, Any]]:
        """All comments on it, oldest first."""
        return list(self.admin("GET", f"repos/{name}/issues/{number}/comments"))

    def issue(self, name: str, title: str, **more: object) -> int:
        """Somebody's issue; returns its number."""
        return int(self.admin("POST", f"repos/{name}/issues", {"title": title, **more})["number"])

    def check(self, name: str, commit: str, check: str, **more: object) -> dict[str, Any]:
        """A check run, of GitHub Actions unless it says otherwise."""
        return dict(self.admin("POST", f"repos/{name}/checks", {"commit": commit, "name": check, **more}))

    def require(self, name: str, branch: str, **more: object) -> None:
        """What has to pass on a branch."""
        self.admin("PUT", f"repos/{name}/required/{branch}", more)

    def bind(self, name: str, path: object) -> str:
        """A bare repository behind one of the twin; returns the newest commit."""
        return str(self.admin("PUT", f"repos/{name}/git", {"path": str(path)})["tip"])

    def hook(self, url: str, **more: object) -> None:
        """Tell an address what happens."""
        self.admin("PUT", "hook", {"url": url, **more})

    def plan(self, **plan: object) -> None:
        """How the next event is told."""
        self.admin("POST", "hook/plans", [plan])

    def deliveries(self) -> list[dict[str, Any]]:
        """What was told, and what is on its way."""
        return list(self.admin("GET", "hook/deliveries")["deliveries"])

    def app(self, slug: str = "codeql-fixer") -> dict[str, Any]:
        """An App, with its number and private key."""
        return dict(self.admin("PUT", "app", {"slug": slug}))

    def install(self, owner: str, *repositories: str) -> int:
        """Install it for an account; returns the number of the installation."""
        return int(self.admin("PUT", f"app/installations/{owner}", {"repositories": repositories})["id"])


class TwinTime(FakeTime):
    """Time that passes for the twin, too.

    Args:
        twin: whose clock is moved by whoever sleeps.
    """

    def __init__(self, twin: GitHubTwin) -> None:
        super().__init__()
        self._twin = twin

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._twin.advance(seconds)


@contextmanager
def github_twin(*options: str) -> Iterator[GitHubTwin]:
    """A twin that ends with the block, or with this process. By default its clock stands still until it is moved."""
    with running("codeql_fixer.twin.github", "--start", str(START), *options) as (process, started):
        yield GitHubTwin(process, started)
