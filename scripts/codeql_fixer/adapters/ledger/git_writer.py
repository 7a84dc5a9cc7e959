"""Writes to the branch of a git ledger: a shallow fetch without blobs, one commit, one push, and never by force."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from codeql_fixer.adapters.ledger.files import missing
from codeql_fixer.adapters.ledger.git_command import Failure, GitError
from codeql_fixer.adapters.ledger.git_inbox import inbox_refs, name_in_inbox, waiting
from codeql_fixer.adapters.ledger.git_repository import FILTER, Heads, fetch, make_repository
from codeql_fixer.policy.ledger_paths import ROOT, SNAPSHOT_PATH
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.ports.ledger import Landed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from codeql_fixer.adapters.ledger.git_command import Git, Remote
    from codeql_fixer.adapters.ledger.git_inbox import Waiting

_AUTHOR = "codeql-fixer <codeql-fixer@users.noreply.github.com>"
_PATHS_PER_CALL = 500
_MOST_FOLDED = 500


class Made(Struct, frozen=True):
    """Two commits for the same records: one on top of the branch, one for the inbox."""

    branch: str
    inbox: str


class GitWriter:
    """Writes through one bare repository, which holds next to nothing. Not for several threads.

    Args:
        git: an empty directory's git; the repository is made there.
        remote: the server.
        branch: of the ledger.
    """

    def __init__(self, git: Git, remote: Remote, branch: str) -> None:
        self._git, self._branch = git, branch
        self._is_ready = False
        self._url = remote.url

    def heads(self) -> Heads:
        """The state of the server now.

        Raises:
            GitError: it cannot be had.
        """
        if not self._is_ready:
            make_repository(self._git, self._url, is_partial=True)
            self._is_ready = True
        return fetch(self._git, self._branch, f"--filter={FILTER}")

    def put(self, heads: Heads, files: Mapping[str, bytes], *, date: int, has_to_win: bool) -> Landed:
        """Write the files, and fold what waits in the inbox.

        Args:
            heads: the state to write on top of.
            files: path to text.
            date: of the commit, in seconds since 1970.
            has_to_win: take the branch or nothing.

        Raises:
            UserError: another record has one of the paths.
            GitError: with `Failure.RACE` when the branch was lost and had to be won.
        """
        inbox = [] if has_to_win else waiting(self._git, dict(list(heads.inbox.items())[:_MOST_FOLDED]))
        present = self._present(heads.tip, [*files, *(path for item in inbox for path in item.files)])
        folded = _foldable(inbox, present)
        known = {**{path: blob for item in folded for path, blob in item.files.items()}, **present}
        new = {path: files[path] for path in sorted(missing(files, known, _blob_id(heads)))}
        waits = {path: blob for path, blob in known.items() if path not in present}
        if not new and not waits:
            self._delete(folded)
            return Landed(heads.tip)
        made = self._commit(heads.tip, new, waits, date=date)
        try:
            self._push_branch(made, folded)
        except GitError as error:
            if has_to_win or error.failure not in {Failure.RACE, Failure.REFUSED}:
                raise
            return self._after_loss(heads, made, new, folded=folded, loss=error)
        return Landed(made.branch)

    def replace(self, heads: Heads, packs: Mapping[str, bytes], packed: Sequence[str], *, date: int) -> Landed:
        """Write packs and take away the files that are in them now, if nobody else moves the branch meanwhile.

        Raises:
            GitError: as `put`.
        """
        present = self._present(heads.tip, [*packs, *packed])
        new = {path: packs[path] for path in sorted(packs) if present.get(path) != _blob_id(heads)(packs[path])}
        gone = [path for path in packed if path in present]
        if not new and not gone:
            return Landed(heads.tip)
        message = f"Compact {counted(len(gone), 'record')} into {counted(len(new), 'pack')}\n"
        identity = hashlib.sha256(repr((heads.tip, sorted(new), gone)).encode()).hexdigest()
        parts = [b"feature done\n", *_commit_head(f"refs/ledger/out/compact-{identity}", 1, message, date=date)]
        parts.append(f"from {heads.tip}\n".encode())
        parts += [f"D {path}\n".encode() for path in gone]
        parts += [*_inline(new.items()), b"get-mark :1\n", b"done\n"]
        commit = self._git.run("fast-import", "--quiet", data=b"".join(parts)).decode().strip()
        self._push(f"{commit}:refs/heads/{self._branch}")
        return Landed(commit)

    def _push_branch(self, made: Made, folded: Sequence[Waiting]) -> None:
        """One atomic push: the branch moves and what was folded into it goes, or nothing happens."""
        target = f"{made.branch}:refs/heads/{self._branch}"
        try:
            self._push(target, *(f":{item.ref}" for item in folded))
        except GitError as error:
            if error.failure is not Failure.REFUSED or not folded:
                raise
            self._push(target)  # a server that lets nobody delete: the refs stay, and say nothing new

    def _delete(self, folded: Sequence[Waiting]) -> None:
        """Take away refs whose records are on the branch already; where nobody may, they stay and do no harm."""
        if folded:
            try:
                self._push(*(f":{item.ref}" for item in folded))
            except GitError as error:
                if error.failure not in {Failure.RACE, Failure.REFUSED}:
                    raise

    def _after_loss(
        self, heads: Heads, made: Made, new: Mapping[str, bytes], *, folded: Sequence[Waiting], loss: GitError
    ) -> Landed:
        """The branch is another writer's, or nobody's: the records become a ref of their own, which cannot conflict."""
        if not made.inbox:  # nothing of its own, but what others left, or the snapshot, which will be rendered again
            return Landed(heads.tip, inbox=folded[0].ref if folded else "")
        refusal = loss
        for ref in inbox_refs(self._branch, new):
            try:
                self._push(f"{made.inbox}:{ref}")
            except GitError as error:
                if error.failure not in {Failure.REFUSED, Failure.RACE}:
                    raise
                refusal = error
            else:
                return Landed("", inbox=ref)
        raise GitError(Failure.REFUSED, f"{loss}\n{refusal}")

    def _push(self, *refspecs_: str) -> None:
        atomic = ("--atomic",) if len(refspecs_) > 1 else ()
        self._git.run("push", "--quiet", "--porcelain", *atomic, "origin", *refspecs_)

    def _present(self, tip: str, paths: Sequence[str]) -> dict[str, str]:
        """Blob ids of those paths that the branch has."""
        present = {}
        for start in range(0, len(paths) if tip else 0, _PATHS_PER_CALL):
            chunk = paths[start : start + _PATHS_PER_CALL]
            for line in self._git.lines("ls-tree", "-z", "--full-tree", tip, "--", *chunk):
                details, _, path = line.partition(b"\t")
                present[path.decode()] = details.split()[2].decode()
        return present

    def _commit(self, tip: str, new: Mapping[str, bytes], waits: Mapping[str, str], *, date: int) -> Made:
        """Both commits from one run of fast-import, which reads only the folders that it changes."""
        message = _message(new, waits)
        inbox = [(name_in_inbox(path), data) for path, data in new.items() if path != SNAPSHOT_PATH]
        identity = hashlib.sha256(repr((tip, sorted(new), sorted(waits.items()))).encode()).hexdigest()
        parts = [b"feature done\n", *_commit_head(f"refs/ledger/out/branch-{identity}", 1, message, date=date)]
        if tip:
            parts.append(f"from {tip}\n".encode())
        parts += [f"M 100644 {blob} {path}\n".encode() for path, blob in sorted(waits.items())]
        parts += _inline(new.items())
        if inbox:
            parts += _commit_head(f"refs/ledger/out/inbox-{identity}", 2, message, date=date)
            parts += _inline(inbox)
        parts += [b"get-mark :1\n", b"get-mark :2\n" if inbox else b"", b"done\n"]
        branch, *rest = self._git.run("fast-import", "--quiet", data=b"".join(parts)).decode().split()
        return Made(branch, rest[0] if rest else "")


def _foldable(inbox: Sequence[Waiting], present: Mapping[str, str]) -> list[Waiting]:
    """What may go into the branch: records, and none in the place of another one, on the branch or before it here."""
    taken = dict(present)
    folded = []
    for item in inbox:
        if not item.problem and all(taken.get(path, blob) == blob for path, blob in item.files.items()):
            taken |= item.files
            folded.append(item)
    return folded


def _blob_id(heads: Heads) -> Callable[[bytes], str]:
    """Git's name of a text in a repository like this one: SHA-1 or SHA-256 over a header and the text."""
    hash_of = hashlib.sha256 if len(heads.tip) == 64 else hashlib.sha1  # noqa: PLR2004 - hex digits of SHA-256
    return lambda data: hash_of(b"blob %d\0" % len(data) + data).hexdigest()


def _commit_head(ref: str, mark: int, message: str, *, date: int) -> list[bytes]:
    text = message.encode()
    return [
        f"commit {ref}\nmark :{mark}\ncommitter {_AUTHOR} {date} +0000\ndata {len(text)}\n".encode(),
        text,
        b"\n",
    ]


def _inline(files: Iterable[tuple[str, bytes]]) -> list[bytes]:
    return [
        part for path, data in files for part in (f"M 100644 inline {path}\ndata {len(data)}\n".encode(), data, b"\n")
    ]


def _message(new: Mapping[str, bytes], waits: Mapping[str, str]) -> str:
    paths = sorted({*new, *waits})
    first = paths[0].removeprefix(ROOT) if len(paths) == 1 else counted(len(paths), "record")
    return f"Record {quote(first, safe='/ ')}\n"
