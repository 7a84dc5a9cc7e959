"""A bare repository of this machine that stands behind a repository of the twin: its commits, changes and merges."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from codeql_fixer.twin.wire import Problem

_GIT = shutil.which("git") or "git"
_IDENTITY = ("-c", "user.name=GitHub", "-c", "user.email=noreply@example.com")
_SECONDS = 60
_CONFLICT = 1
MOST_LINES = 20_000
"""GitHub gives no larger diff."""


class Commit(Struct, frozen=True, kw_only=True):
    """A commit of a branch; `at` is in seconds since 1970."""

    at: float
    sha: str
    message: str


class BareGit:
    """Asks git about it.

    Args:
        path: of the repository.

    Raises:
        Problem: 422, there is none.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        if not Path(path, "HEAD").is_file():
            raise Problem(422, f"{path!r} is no bare repository")

    def tip(self, branch: str) -> str:
        """The newest commit of a branch, "" where there is no such branch."""
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"refs/heads/{branch}^{{commit}}")
        return found.stdout.strip()

    def commits(self, branch: str) -> list[Commit]:
        """Those of a branch, oldest first."""
        tip = self.tip(branch)
        if not tip:
            return []
        lines = self._out("log", "--reverse", "--format=%H %ct %s", tip).splitlines()
        return [Commit(at=float(at), sha=sha, message=words) for sha, at, words in (one.split(" ", 2) for one in lines)]

    def diff(self, base: str, head: str) -> str:
        """What a head would change, against the commit where it left the base."""
        return self._out("diff", "--no-color", "--no-ext-diff", f"{base}...{head}")

    def is_mergeable(self, base: str, head: str) -> bool:
        """True where nothing is in conflict."""
        return self._run("merge-tree", "--write-tree", base, head).returncode != _CONFLICT

    def merge(self, branch: str, head: str, message: str) -> str:
        """Merge into a branch; returns the commit.

        Raises:
            Problem: 405, there are conflicts.
        """
        base = self.tip(branch)
        merged = self._run("merge-tree", "--write-tree", base, head)
        if merged.returncode:
            raise Problem(405, "Pull Request is not mergeable")
        tree = merged.stdout.split()[0]
        commit = self._out(*_IDENTITY, "commit-tree", "-p", base, "-p", head, "-m", message, tree).strip()
        self._out("update-ref", f"refs/heads/{branch}", commit, base)
        return commit

    def _out(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.returncode:
            raise Problem(500, done.stderr)
        return done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [_GIT, "-C", self._path, *arguments]
        return subprocess.run(  # noqa: S603 - git, on a repository that whoever started the twin named
            command, capture_output=True, check=False, text=True, errors="replace", timeout=_SECONDS
        )
