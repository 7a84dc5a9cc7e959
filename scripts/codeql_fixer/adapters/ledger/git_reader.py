"""Reads a git ledger through a mirror that holds one commit of history: it costs what changed, not what exists."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codeql_fixer.adapters.ledger.codec import audit, entries_of
from codeql_fixer.adapters.ledger.git_command import Failure, GitError
from codeql_fixer.adapters.ledger.git_inbox import waiting
from codeql_fixer.adapters.ledger.git_repository import fetch, make_repository
from codeql_fixer.errors import LedgerResetError
from codeql_fixer.policy.ledger_paths import PACKS, ROOT, SNAPSHOT_PATH, is_record_path
from codeql_fixer.ports.ledger import Changes, Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from codeql_fixer.adapters.ledger.git_command import Git, Remote
    from codeql_fixer.adapters.ledger.git_repository import Heads
    from codeql_fixer.ports.ledger import Entry


class GitReader:
    """Reads branch and inbox together.

    Args:
        git: of the mirror, which is made when it is not there; several processes take turns.
        remote: the server.
        branch: of the ledger.
    """

    def __init__(self, git: Git, remote: Remote, branch: str) -> None:
        self._git, self._branch, self._url = git, branch, remote.url

    def heads(self) -> Heads:
        """Bring the mirror up to date and return the state of the server.

        Raises:
            GitError: the server cannot be read.
        """
        mirror = self._git.directory
        with self._locked():
            if not (mirror / "HEAD").exists():
                shutil.rmtree(mirror, ignore_errors=True)
                make_repository(self._git, self._url, is_partial=False)
            for left in (*mirror.glob("*.lock"), *(mirror / "refs").rglob("*.lock")):
                left.unlink()  # of a process that was killed: this one holds the only lock that counts
            return fetch(self._git, self._branch)

    def changes(self, heads: Heads, since: str) -> Changes:
        """What came since a state; with "" everything.

        Raises:
            LedgerResetError: the server does not know that state.
            GitError: the server cannot be read.
        """
        if since and since != heads.tip:
            self._have(since)
        if not since:
            files = dict(self._listed(heads.tip))
            return Changes(heads.tip, self._entries(heads, files), is_complete=True)
        added, gone = self._difference(since, heads.tip) if since != heads.tip else ({}, {})
        packs = [(path, blob) for path, blob in added.items() if gone and path.startswith(PACKS)]
        still_there = {entry.path for entry in self._walk(packs)}
        lost = {entry.path: path for path, blob in gone.items() for entry in self._earlier(path, blob)}
        lost = {path: file for path, file in lost.items() if path not in still_there}
        rescued = self._rescue(since, {file: gone[file] for file in lost.values()}) if lost else ""
        return Changes(heads.tip, self._entries(heads, added), is_complete=False, lost=tuple(lost), rescued=rescued)

    def under(self, heads: Heads, prefix: str) -> Iterator[Entry]:
        """Everything below a folder, in the branch, in packs and in the inbox."""
        pack = prefix.replace(ROOT, PACKS, 1)
        files = dict(self._listed(heads.tip, prefix, pack))
        yield from self._walk(files.items())
        yield from self._waiting(heads, prefix, files)

    def audit(self, heads: Heads) -> Iterator[Damaged]:
        """Everything on the branch and in the inbox that is not as it should be."""
        files = dict(self._listed(heads.tip))
        for item in waiting(self._git, heads.inbox):
            if item.problem:
                yield Damaged(item.ref, item.problem)
            for path, blob in item.files.items():
                if files.setdefault(path, blob) != blob:
                    yield Damaged(item.ref, f"{item.ref}: {path} is taken by another record")
        for path in files:
            if path.startswith(ROOT) and path.endswith((".json", ".jsonl")) and not is_record_path(path):
                yield Damaged(path, f"{path}: is no place of a record")
        for path, data in self._contents(files.items()):
            yield from audit(path, data)

    def _have(self, commit: str) -> None:
        """Make sure that the state to compare with is in the mirror; a new mirror has to ask for it."""
        try:
            self._git.run("cat-file", "-e", f"{commit}^{{tree}}")
        except GitError:
            with self._locked():
                try:
                    self._git.run("fetch", "--quiet", "--depth=1", "--no-tags", "origin", commit)
                except GitError as error:
                    if error.failure is not Failure.OTHER or "not our ref" not in str(error):
                        raise
                    raise LedgerResetError(
                        f"the ledger does not know the state {commit} any more: its branch was reset, or the index "
                        "belongs to another ledger; 'orchestrator.py rebuild' takes the ledger as it is now"
                    ) from error

    def _difference(self, old: str, new: str) -> tuple[dict[str, str], dict[str, str]]:
        """Blob ids of what was added, and of files that are gone or hold something else now."""
        if not new:
            return {}, {path: blob for path, blob in self._listed(old) if _is_file_of_records(path)}
        added: dict[str, str] = {}
        gone: dict[str, str] = {}
        parts = self._git.lines("diff-tree", "-r", "-z", "--no-renames", old, new)
        for details, name in zip(parts, parts, strict=True):
            path = name.decode(errors="replace")
            *_, earlier, blob, status = details.decode().split()
            if not _is_file_of_records(path):
                continue
            if status != "A":
                gone[path] = earlier
            if status != "D":
                added[path] = blob
        return added, gone

    def _earlier(self, path: str, blob: str) -> Iterable[Entry]:
        """What a file that is gone held; the path alone says it, unless it was a pack."""
        return self._walk([(path, blob)]) if path.startswith(PACKS) else [Damaged(path, "")]

    def _rescue(self, tip: str, files: Mapping[str, str]) -> str:
        """Copy files out of an earlier state, which only this mirror may still have; returns the directory."""
        directory = self._git.directory.with_name(f"lost-{tip[:12]}")
        for path, data in self._contents(files.items()):
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return str(directory)

    def _listed(self, tip: str, *prefixes: str) -> Iterator[tuple[str, str]]:
        """Every file that may be a record, as path and blob id, in the order of the paths."""
        for line in self._git.lines("ls-tree", "-r", "-z", "--full-tree", tip, *prefixes) if tip else ():
            details, _, name = line.partition(b"\t")
            yield name.decode(errors="replace"), details.split()[2].decode()

    def _entries(self, heads: Heads, files: Mapping[str, str]) -> Iterator[Entry]:
        yield from self._walk(files.items())
        yield from self._waiting(heads, ROOT, files)

    def _waiting(self, heads: Heads, prefix: str, files: Mapping[str, str]) -> Iterator[Entry]:
        """What is in the inbox and not among the files: where nobody may delete refs, folded ones stay."""
        found = {
            path: blob
            for item in waiting(self._git, heads.inbox)
            for path, blob in item.files.items()
            if path.startswith(prefix) and path not in files
        }
        yield from self._walk(found.items())

    def _walk(self, files: Iterable[tuple[str, str]]) -> Iterator[Entry]:
        for path, data in self._contents(files):
            yield from entries_of(path, data)

    def _contents(self, files: Iterable[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
        """Path and text of those files that are records or packs."""
        records = [(path, blob) for path, blob in files if _is_file_of_records(path)]
        contents = self._git.objects(blob for _, blob in records) if records else iter(())
        for (path, blob), data in zip(records, contents, strict=True):
            if data is None:
                raise GitError(Failure.OTHER, f"{path}: its text {blob} is missing in the copy {self._git.directory}")
            yield path, data

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._git.directory.parent.mkdir(parents=True, exist_ok=True)
        with self._git.directory.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_file_of_records(path: str) -> bool:
    return is_record_path(path) and path != SNAPSHOT_PATH
