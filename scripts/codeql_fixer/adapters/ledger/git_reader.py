"""Reads a git ledger through a mirror that holds one commit of history: it costs what changed, not what exists."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.adapters.ledger.codec import audit, entries_of
from codeql_fixer.adapters.ledger.git_command import Failure, GitError
from codeql_fixer.adapters.ledger.git_inbox import judged, waiting
from codeql_fixer.adapters.ledger.git_repository import fetch, make_repository
from codeql_fixer.adapters.ledger.git_tree import is_plain_file, listed, present
from codeql_fixer.errors import LedgerResetError
from codeql_fixer.policy.ledger_paths import PACKS, ROOT, SNAPSHOT_PATH, is_record_path
from codeql_fixer.ports.ledger import Changes, Damaged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from codeql_fixer.adapters.ledger.git_command import Git, Remote
    from codeql_fixer.adapters.ledger.git_repository import Heads
    from codeql_fixer.ports.ledger import Entry


class _Inbox(Struct, frozen=True):
    """The inbox beside the branch: path and blob id of what waits, refs that can wait for ever, what is gone."""

    files: dict[str, str]
    refused: tuple[Damaged, ...]
    lost: dict[str, str]


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

    def changes(self, heads: Heads, since: str, waited: Collection[str] = ()) -> Changes:
        """What came since a state, with "" everything; `waited` is what the inbox held then.

        Raises:
            LedgerResetError: the server does not know that state.
            GitError: the server cannot be read.
        """
        inbox = self._inbox(heads, waited)
        if since and since != heads.tip:
            self._have(since)
        added, gone = self._difference(since, heads.tip)
        packs = [(path, blob) for path, blob in added.items() if gone and path.startswith(PACKS)]
        still_there = {entry.path for entry in self._walk(packs)}
        places = {entry.path: path for path, blob in gone.items() for entry in self._earlier(path, blob)}
        places = {path: file for path, file in places.items() if path not in still_there}
        rescued = self._rescue(since, {file: gone[file] for file in places.values()} | inbox.lost)
        return Changes(
            heads.tip,
            self._entries(added, inbox),
            is_complete=not since,
            waiting=tuple(f"{path}@{blob}" for path, blob in inbox.files.items()),
            lost=(*places, *inbox.lost),
            rescued=rescued,
        )

    def under(self, heads: Heads, prefix: str) -> Iterator[Entry]:
        """Everything below a folder, in the branch, in packs and in the inbox."""
        files = self._records(heads.tip, prefix, prefix.replace(ROOT, PACKS, 1))
        inbox = self._inbox(heads).files
        yield from self._walk((files | {path: inbox[path] for path in inbox if path.startswith(prefix)}).items())

    def at(self, heads: Heads, tip: str) -> Iterator[Entry]:
        """Everything that the branch held in a state.

        Raises:
            LedgerResetError: the server does not know that state.
        """
        if tip and tip != heads.tip:
            self._have(tip)
        yield from self._walk(self._records(tip).items())

    def text(self, heads: Heads, path: str) -> str | None:
        """The text of a file of the branch, None where there is none."""
        blobs = [
            blob for found, blob, mode in listed(self._git, heads.tip, path) if found == path and is_plain_file(mode)
        ]
        data = next(iter(self._git.objects(blobs)), None) if blobs else None
        return None if data is None else data.decode(errors="replace")

    def audit(self, heads: Heads) -> Iterator[Damaged]:
        """Everything on the branch and in the inbox that is not as it should be."""
        inbox = self._inbox(heads)
        yield from inbox.refused
        files = {}
        for path, blob, mode in listed(self._git, heads.tip):
            if is_record_path(path):
                if is_plain_file(mode):
                    files[path] = blob
                else:
                    yield Damaged(path, f"{path}: is no plain file")
            elif path.startswith(ROOT) and path.endswith((".json", ".jsonl")):
                yield Damaged(path, f"{path}: is no place of a record")
        for path, data in self._contents((files | inbox.files).items()):
            yield from audit(path, data)

    def _inbox(self, heads: Heads, waited: Collection[str] = ()) -> _Inbox:
        """What waits in the inbox and is not on the branch; where nobody may delete refs, those that were folded stay.

        Args:
            heads: the state of the server.
            waited: what `Changes.waiting` said earlier.
        """
        before = dict(item.rsplit("@", 1) for item in waited)
        refs = waiting(self._git, heads.inbox)
        there = present(self._git, heads.tip, [*before, *(path for item in refs for path in item.files)])
        refs = judged(refs, there)
        files = {path: blob for item in refs if not item.problem for path, blob in item.files.items()}
        lost = {path: blob for path, blob in before.items() if (there | files).get(path) != blob}
        files = {path: blob for path, blob in sorted(files.items()) if path not in there}
        return _Inbox(files, tuple(Damaged(item.ref, item.problem) for item in refs if item.problem), lost)

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
        if not old or not new:
            return self._records(new), self._records(old)
        added: dict[str, str] = {}
        gone: dict[str, str] = {}
        parts = self._git.lines("diff-tree", "-r", "-z", "--no-renames", old, new) if old != new else iter(())
        for details, name in zip(parts, parts, strict=True):
            path = name.decode(errors="replace")
            earlier_mode, mode, earlier, blob, _ = details.decode().lstrip(":").split()
            if not _is_file_of_records(path) or earlier == blob:
                continue
            if is_plain_file(earlier_mode):
                gone[path] = earlier
            if is_plain_file(mode):
                added[path] = blob
        return added, gone

    def _earlier(self, path: str, blob: str) -> Iterable[Entry]:
        """What a file that is gone held; the path alone says it, unless it was a pack."""
        return self._walk([(path, blob)]) if path.startswith(PACKS) else [Damaged(path, "")]

    def _rescue(self, tip: str, files: Mapping[str, str]) -> str:
        """Copy files out of an earlier state, which only this mirror may still have; returns the directory."""
        directory = self._git.directory.with_name(f"lost-{tip[:12] or 'inbox'}")
        rescued = ""
        for path, data in zip(files, self._git.objects(files.values()), strict=True) if files else ():
            if data is not None:  # a new mirror never saw what waited in the inbox
                file = directory / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
                rescued = str(directory)
        return rescued

    def _records(self, tip: str, *prefixes: str) -> dict[str, str]:
        """Path and blob id of every file of a commit that holds records."""
        files = listed(self._git, tip, *prefixes)
        return {path: blob for path, blob, mode in files if _is_file_of_records(path) and is_plain_file(mode)}

    def _entries(self, files: Mapping[str, str], inbox: _Inbox) -> Iterator[Entry]:
        yield from self._walk(files.items())
        yield from self._walk(inbox.files.items())
        yield from inbox.refused

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
