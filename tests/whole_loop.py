"""A fleet for tests of the whole loop: twins of GitHub and Devin, real repositories, a ledger in git, real commands.

Time: the first scans are of this morning, so that the next ones are due. All else happens when it happens.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

from codeql_fixer.domain.follow_up import MARKER
from tests.builders import place, result, run, sarif
from tests.commands import User
from tests.receiver import SECRET, Receiver
from tests.remotes import bare, git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.devin_twin import DevinTwin
    from tests.github_twin import GitHubTwin

EARLIER = 12 * 3600  # seconds from the first scans to everything else
_IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
RULES = [
    {"id": "py/sql-injection", "properties": {"tags": ["external/cwe/cwe-089"], "security-severity": "8.8"}},
    {"id": "py/weak-crypto", "properties": {"tags": ["external/cwe/cwe-327"], "security-severity": "5.0"}},
]
TOOL = {"driver": {"name": "CodeQL", "semanticVersion": "2.20.1", "rules": RULES}}
PYTHON = {"automationDetails": {"id": "/language:python/"}}
FLAWED = "import db\n\n\ndef order(name):\n    return db.run('SELECT * FROM orders WHERE name = ' + name)\n"
HALF = FLAWED.replace("+ name", "+ name.replace(';', '')")
FIXED = FLAWED.replace("name = ' + name", "name = ?', [name]")
KEYS = "import hashlib\n\n\ndef key(text):\n    return hashlib.md5(text).hexdigest()\n"


def flaw(*, line_hash: str = "f1:1", **members: object) -> dict[str, Any]:
    """What the scan finds in `shop/orders.py`."""
    prints = {"primaryLocationLineHash": line_hash}
    return result(locations=[place("shop/orders.py", 5)], partialFingerprints=prints, **members)


def scan(*results: object, **members: object) -> dict[str, Any]:
    """A scan with those results, and one in `shop/keys.py` that nobody wants to work on: it is always there."""
    prints = {"primaryLocationLineHash": "k1:1"}
    kept = result(ruleId="py/weak-crypto", locations=[place("shop/keys.py", 5)], partialFingerprints=prints)
    return sarif(run(kept, *results, **{"tool": TOOL, "invocations": [{"executionSuccessful": True}], **members}))


class Loop:
    """Somebody with a fleet, its agent, its host, and an ear for alerts.

    Args:
        folder: where everything is kept.
        names: of repositories, owner/name; each has one flaw, which GitHub has found this morning.
        devin: whose sessions end well.
        github: whose clock stands at this morning; what was in it is forgotten.
        hook: hears that fixes are verified.
    """

    def __init__(
        self, folder: Path, names: Sequence[str], *, devin: DevinTwin, github: GitHubTwin, hook: Receiver
    ) -> None:
        self.folder, self.names, self.devin, self.github, self.hook = folder, names, devin, github, hook
        self.seen: dict[str, Any] = {}
        devin.reset()
        for name in names:
            self._host(name)
        every = {
            "scan_source": "code-scanning",
            "schedule": "hourly",
            "adaptive_commit_threshold": 1,
            "severity_threshold": "high",
        }
        registry = {"defaults": every, "repos": [{"repo": name} for name in names]}
        registry["alerts"] = {"events": ["fix_verified"]}
        (folder / "registry.json").write_text(json.dumps(registry))
        told = {"ALERT_WEBHOOK_URL": hook.url, "ALERT_WEBHOOK_SECRET": SECRET, "ALERT_ALLOW_PRIVATE": "true"}
        places = {"REGISTRY": str(folder / "registry.json")}
        self.user = User(folder, names[0], {**devin.environment, **github.environment, **places, **told})

    def _host(self, name: str) -> None:
        """A real repository, and the twin's one before it."""
        path, clone = bare(self.folder / f"{name}.git"), self._clone(name)
        git(path, "symbolic-ref", "HEAD", "refs/heads/main")
        subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", clone], check=True)
        git(clone, "remote", "add", "origin", str(path))
        self.push(name, "main", {"shop/orders.py": FLAWED, "shop/keys.py": KEYS})
        self.github.repository(name)
        self.github.bind(name, path)
        self.analyse(name, scan(flaw(), **PYTHON))

    def _clone(self, name: str) -> Path:
        return self.folder / "clones" / name

    def push(self, name: str, branch: str, files: Mapping[str, str], *, start: str = "") -> None:
        """One commit more on a branch, which begins where another one stands on the server if that is named."""
        clone = self._clone(name)
        if start:
            git(clone, "fetch", "--quiet", "origin", start)
            git(clone, "checkout", "--quiet", "-B", branch, "FETCH_HEAD")
        for file, text in files.items():
            (clone / file).parent.mkdir(exist_ok=True)
            (clone / file).write_text(text)
        git(clone, "add", "--all")
        git(clone, *_IDENTITY, "commit", "--quiet", "-m", f"Change {branch}")
        git(clone, "push", "--quiet", "origin", branch)

    def catch_up(self) -> None:
        """From here on it is as late for the host as it is for us, to the second."""
        now = int(time.time())  # noqa: TID251 - the commands of this test live in real time
        self.github.advance(max(0, now - self.github.stats()["now"]))

    def analyse(self, name: str, found: object, **more: object) -> None:
        """GitHub scans it, as it is on its default branch now."""
        self.github.analysis(name, found, tool="CodeQL", tool_version="2.20.1", **more)

    def cycle(self) -> Any:  # noqa: ANN401 - any JSON
        """One cycle of the orchestrator, as a process, in which nothing goes wrong."""
        done = self.user.fleet("cycle", "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["problems"], [one for one in report["scans"] if one["problem"]]) == ([], []), done.stdout
        self.catch_up()
        return report

    def number(self, name: str) -> int:
        """Of the pull request that the session of a repository has named."""
        [session] = self.devin.sessions_with(f"repo:{name}")
        return int(session["pull_request_url"].rpartition("/")[2])

    def propose(self, name: str) -> None:
        """What the session does, and what it says of it."""
        self.push(name, "devin/1", {"shop/orders.py": HALF}, start="main")
        self.github.pull(name, "devin/1", number=self.number(name), author="devin-ai-integration[bot]")

    def object_to(self, name: str) -> None:
        """A reviewer is not content."""
        remark = {"path": "shop/orders.py", "line": 5, "body": "Bind it."}
        said = {"author": "alice", "body": "That is no fix.", "comments": [remark]}
        self.github.review(name, self.number(name), "CHANGES_REQUESTED", **said)

    def improve(self, name: str) -> None:
        """The session goes on, and the reviewer is content."""
        self.push(name, "devin/1", {"shop/orders.py": FIXED}, start="devin/1")
        self.github.review(name, self.number(name), "APPROVED", author="alice")

    def merge(self, name: str) -> None:
        """Somebody merges it."""
        self.github.change_pull(name, self.number(name), "merge")

    def heard(self, name: str) -> list[str]:
        """What the session was told of its pull request, oldest first."""
        [session] = self.devin.sessions_with(f"repo:{name}")
        answer = self.devin.ask("GET", f"sessions/{session['session_id']}/messages?first=100")
        return [item["message"] for item in answer.json["items"] if MARKER in item["message"]]

    def revert(self, name: str) -> None:
        """Somebody presses the button of that name at the merged pull request, and merges what comes of it."""
        self.push(name, "revert-1", {"shop/orders.py": FLAWED}, start="main")
        body = f"Reverts {name}#{self.number(name)}"
        number = self.github.pull(name, "revert-1", title='Revert "A change"', body=body)
        self.github.change_pull(name, number, "merge")

    def look(self) -> None:
        """See how all issues are now."""
        found = self.user.asks("search", "query")["issues"]
        self.seen = {one["repository"]: one for one in found if one["renamed_to"] is None}

    def issue(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        """The one issue of a repository as it is now."""
        self.look()
        return self.seen[name]

    def labels(self, name: str) -> set[str]:
        """Of the pull request."""
        found = self.github.ask("GET", f"/repos/{name}/issues/{self.number(name)}/labels").json
        return {one["name"] for one in found}

    def said(self, name: str) -> list[str]:
        """Comments at the pull request, oldest first."""
        return [one["body"] for one in self.github.said(name, self.number(name))]

    def alerts(self) -> list[Any]:
        """What was told, oldest first."""
        return [json.loads(one.body) for one in self.hook.requests]

    def until_merged(self) -> None:
        """From the first scans to the merges: one session and one round each."""
        self.cycle()
        self.devin.advance(3600)
        for name in self.names:
            self.propose(name)
        self.cycle()
        for acts in ((self.object_to,), (self.improve, self.merge)):
            for name in self.names:
                for act in acts:
                    act(name)
            self.cycle()


def without_anything() -> dict[str, str]:
    """The environment of somebody who has Python and nothing else."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}  # noqa: TID251 - tests
