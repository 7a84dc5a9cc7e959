"""The target's repository on this machine: one copy for all sessions, and work trees that cannot do it any harm."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.local_agent.changes import Change, OldLines
from codeql_fixer.adapters.local_agent.git import GitError
from codeql_fixer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from codeql_fixer.adapters.local_agent.git import Git

INTENT_TRAILER = "Codeql-Fixer-Intent"
# What running a program leaves behind is no part of a fix, even where the target does not ignore it.
_LEFT_BEHIND = "__pycache__/\n*.pyc\n.pytest_cache/\n.mypy_cache/\n.ruff_cache/\n.coverage\nnode_modules/\n.venv/\n"
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? ", re.MULTILINE)
_IDENTITY = {"NAME": "CodeQL Fixer", "EMAIL": "codeql-fixer@users.noreply.github.com"}


class Tips(Struct, frozen=True):
    """Where the base branch stands, and the branch of the intent, "" when it is not there."""

    base: str
    branch: str


class Checkout(Struct, frozen=True):
    """A work tree and our own index of it, which no program that works there knows."""

    tree: Path
    index: Path


class Repository:
    """A bare copy of one repository.

    A work tree is a repository of its own that borrows the objects of the copy. `git worktree` would share
    configuration, hooks and refs, so that a fixer of one session could plant a program into the next one.

    Args:
        folder: where copies are.
        url: of the repository; holds no secret.
        git: runs it.
    """

    def __init__(self, folder: Path, url: str, git: Git) -> None:
        self._url, self._git = url, git
        self._place = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:20]}.git"

    def fetch(self, base: str, branch: str) -> Tips:
        """Take over the base branch as it is now, and the intent's branch if there is one.

        Raises:
            UserError: there is no base branch.
            UpstreamError: the server does not answer.
        """
        with self._locked():
            self._make()
            self._remove_locks()
            names = [f"refs/heads/{name}" for name in (base, branch)]
            there = self.remote_tips(*names)
            if names[0] not in there:
                raise UserError(f"{self._url} has no branch {base}")
            wanted = [f"+{name}:{_kept_as(name)}" for name in names if name in there]
            self._git.talk(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self._url, *wanted, cwd=self._place
            )
            tips = (self._commit_of(_kept_as(name)) if name in there else "" for name in names)
            return Tips(*tips)

    def remote_tips(self, *names: str) -> dict[str, str]:
        """Full names of refs to the commits where they stand on the server; what is not there is left out."""
        output = self._git.talk("ls-remote", "--quiet", self._url, *names, cwd=self._place)
        listed = (line.split("\t") for line in output.splitlines())
        return {name: commit for commit, name in listed if name in names}

    def check_out(self, commit: str, workspace: Path, branch: str) -> Checkout:
        """A work tree with the files of a commit, on a branch of that name, in a new directory below `workspace`.

        Its name is random: nothing that ran before can have put something there.
        """
        tree = Path(tempfile.mkdtemp(prefix="tree-", dir=workspace))
        self._git.run("init", "--quiet", "--template=", f"--initial-branch={branch}", ".", cwd=tree)
        alternates = tree / ".git/objects/info/alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text(f"{self._place.resolve()}/objects\n", encoding="utf-8")
        self._git.run("reset", "--quiet", "--hard", commit, cwd=tree)
        index = tree.with_name(f"{tree.name}.index")
        shutil.copy2(tree / ".git/index", index)
        return Checkout(tree, index)

    def store(self, checkout: Checkout) -> str:
        """Put the files of a work tree into the copy; returns the id of the whole."""
        extra = {
            "GIT_DIR": str(self._place),
            "GIT_WORK_TREE": str(checkout.tree),
            "GIT_INDEX_FILE": str(checkout.index),
        }
        self._git.run("add", "--all", cwd=checkout.tree, extra=extra)
        return self._git.line("write-tree", cwd=checkout.tree, extra=extra)

    def files(self, commit: str) -> dict[str, str]:
        """Paths of all files of a commit, each with git's mode."""
        entries = self._git.run("ls-tree", "-r", "-z", commit, cwd=self._place).decode(errors="surrogateescape")
        listed = (entry.split("\t", 1) for entry in entries.split("\0") if entry)
        return {path: head.partition(" ")[0] for head, path in listed}

    def read(self, commit: str, path: str, most_bytes: int) -> bytes | None:
        """The text of a file of a commit, None when there is none or when it is longer than that."""
        contents = self._contents([f"{commit}:{path}"], most_bytes)
        return next(iter(contents.values()), None)

    def changes(self, base: str, tree: str, *, lines_of: Collection[str], most_bytes: int) -> list[Change]:
        """What is different, in the order of paths.

        Args:
            base: a commit.
            tree: a commit or what `store` gave.
            lines_of: files of which it matters which lines changed.
            most_bytes: longer contents are left out.
        """
        raw = self._git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", base, tree, cwd=self._place).split(b"\0")
        counted = self._git.run("diff-tree", "-r", "-z", "--numstat", "--no-renames", base, tree, cwd=self._place)
        counts = dict(_count(entry) for entry in counted.split(b"\0") if entry)
        rows = [(head.decode()[1:].split(), path) for head, path in zip(raw[::2], raw[1::2], strict=False)]
        wanted = [ids for (modes_0, modes_1, *ids, _), _ in rows if {modes_0[:3], modes_1[:3]} <= {"100", "000"}]
        contents = self._contents([name for ids in wanted for name in ids if set(name) != {"0"}], most_bytes)
        found = []
        for (before_mode, after_mode, before, after, _), raw_path in rows:
            path = raw_path.decode(errors="surrogateescape")
            added, deleted = counts.get(raw_path, (None, None))
            found.append(
                Change(
                    path=path,
                    before_mode=before_mode,
                    after_mode=after_mode,
                    before=contents.get(before),
                    after=contents.get(after),
                    added=added,
                    deleted=deleted,
                    old_lines=self._old_lines(base, tree, path) if path in lines_of else (),
                )
            )
        return found

    def commit(self, tree: str, parent: str, message: str, *, at: str) -> str:
        """A commit in the copy, which nobody else sees yet; the same arguments give the same commit.

        `at` is a moment in ISO 8601.
        """
        about = {**_IDENTITY, "DATE": at}
        people = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in about.items()}
        given = message.encode(errors="replace")
        return self._git.line("commit-tree", tree, "-p", parent, cwd=self._place, given=given, extra=people)

    def has(self, commit: str) -> bool:
        """True when the copy holds this commit."""
        try:
            self._git.run("cat-file", "-e", f"{commit}^{{commit}}", cwd=self._place)
        except GitError:
            return False
        return True

    def parent(self, commit: str) -> str:
        """The first parent of a commit."""
        return self._commit_of(f"{commit}^")

    def intent_of(self, commit: str) -> str:
        """The intent that a commit's trailer names, "" when it names none."""
        return self._git.line(
            "log", "-1", f"--format=%(trailers:key={INTENT_TRAILER},valueonly)", commit, cwd=self._place
        )

    def push(self, commit: str, branch: str, *, expected: str = "") -> None:
        """Make a branch on the server, or find it standing there already; never moves one that stands elsewhere.

        Args:
            commit: where it is to stand.
            branch: its name.
            expected: where it may stand now, and is moved from; "" for nowhere.

        Raises:
            GitError: the server refuses, or the branch stands elsewhere.
        """
        name = f"refs/heads/{branch}"
        try:
            self._git.talk(
                "push",
                "--quiet",
                f"--force-with-lease={name}:{expected}",
                self._url,
                f"{commit}:{name}",
                cwd=self._place,
            )
        except GitError:
            if self.remote_tips(name).get(name) != commit:  # somebody may have pushed it and died before saying so
                raise

    def _commit_of(self, name: str) -> str:
        return self._git.line("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", cwd=self._place)

    def _old_lines(self, base: str, tree: str, path: str) -> tuple[OldLines, ...]:
        patch = self._git.run(
            *("diff-tree", "-r", "-p", "-U0", "--no-renames", "--no-ext-diff", "--no-textconv", base, tree, "--", path),
            cwd=self._place,
        )
        return tuple(OldLines(int(start), int(count or b"1")) for start, count in _HUNK.findall(patch))

    def _contents(self, names: Sequence[str], most_bytes: int) -> Mapping[str, bytes]:
        """Name to text; what is missing or too long is left out."""
        if not names:
            return {}
        given = "".join(f"{name}\n" for name in names).encode(errors="surrogateescape")
        heads = self._git.run("cat-file", "--batch-check", cwd=self._place, given=given).splitlines()
        sizes = (head.rpartition(b" ")[2] for head in heads)
        small = [name for name, size in zip(names, sizes, strict=True) if size.isdigit() and int(size) <= most_bytes]
        given = "".join(f"{name}\n" for name in small).encode(errors="surrogateescape")
        data, found = self._git.run("cat-file", "--batch", cwd=self._place, given=given), {}
        for name in small:
            head, _, data = data.partition(b"\n")
            size = int(head.rpartition(b" ")[2])
            found[name], data = data[:size], data[size + 1 :]
        return found

    def _make(self) -> None:
        if self._place.exists():
            return
        with tempfile.TemporaryDirectory(prefix=".new-", dir=self._place.parent) as folder:
            made = Path(folder) / "made.git"
            self._git.run("init", "--quiet", "--bare", "--template=", str(made), cwd=Path(folder))
            (made / "info").mkdir(exist_ok=True)
            (made / "info/exclude").write_text(_LEFT_BEHIND, encoding="utf-8")
            made.rename(self._place)

    def _remove_locks(self) -> None:
        """Locks of refs that a git left which was killed; nobody else changes refs while we hold our own lock."""
        for lock in [*self._place.glob("*.lock"), *(self._place / "refs").rglob("*.lock")]:
            lock.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One session at a time changes the copy's refs; the lock dies with the process."""
        self._place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._place.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _kept_as(name: str) -> str:
    """Where we keep a ref: `a` and `a/b` cannot both be refs, and may both have been branches."""
    return f"refs/cqf/{hashlib.sha256(name.encode()).hexdigest()[:20]}"


def _count(entry: bytes) -> tuple[bytes, tuple[int | None, int | None]]:
    added, deleted, path = entry.split(b"\t", 2)
    return path, (None if added == b"-" else int(added), None if deleted == b"-" else int(deleted))
