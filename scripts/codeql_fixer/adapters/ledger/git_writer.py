"""Writes to the branch of a git ledger: a shallow fetch without blobs, one commit, one push, and never by force."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from codeql_fixer.adapters.ledger.files import missing
from codeql_fixer.adapters.ledger.git_command import Failure, GitError
from codeql_fixer.adapters.ledger.git_inbox import inbox_refs, judged, name_in_inbox, waiting
from codeql_fixer.adapters.ledger.git_repository import FILTER, Heads, fetch, make_repository
from codeql_fixer.adapters.ledger.git_tree import blob_id, listed, present
from codeql_fixer.policy.ledger_paths import ROOT, SNAPSHOT_PATH
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.ports.ledger import Landed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from codeql_fixer.adapters.ledger.git_command import Git, Remote
    from codeql_fixer.adapters.ledger.git_inbox import Waiting

_AUTHOR = "codeql-fixer <codeql-fixer@users.noreply.github.com>"
_MOST_FOLDED = 500
_DEEPENED = 200


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
        self._claims: dict[str, str] = {}
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

    def put(self, heads: Heads, files: Mapping[str, bytes], *, date: int, claim: str = "") -> Landed:
        """Write the files, and fold what waits in the inbox.

        Args:
            heads: the state to write on top of.
            files: path to text.
            date: of the commit, in seconds since 1970.
            claim: names a writer who takes the branch or nothing; the commit will bear it.

        Raises:
            PlaceTakenError: another record has one of the paths.
            GitError: with `Failure.RACE` when the branch was lost and had to be won.
        """
        inbox = [] if claim else waiting(self._git, dict(list(heads.inbox.items())[:_MOST_FOLDED]))
        taken = present(self._git, heads.tip, [*files, *(path for item in inbox for path in item.files)])
        folded = [item for item in judged(inbox, taken) if not item.problem]
        known = {**{path: blob for item in folded for path, blob in item.files.items()}, **taken}
        new = {path: files[path] for path in sorted(missing(files, known, partial(blob_id, like=heads.tip)))}
        waits = {path: blob for path, blob in known.items() if path not in taken}
        if not new and not waits:
            self._delete(folded)
            return Landed(heads.tip)
        made = self._commit(heads.tip, new, waits, date=date, claim=claim)
        self._claims[claim] = made.branch
        try:
            self._push_branch(made, folded)
        except GitError as error:
            if claim or error.failure not in {Failure.RACE, Failure.REFUSED}:
                raise
            return self._after_loss(heads, made, new, folded=folded, loss=error)
        return Landed(made.branch)

    def has_landed(self, heads: Heads, claim: str, *, since: str) -> bool:
        """True when the commit that was made for a claim is in the branch, whatever the push said.

        Args:
            heads: the state of the server now.
            claim: as `put` got it.
            since: the state that it was made on top of.

        Raises:
            GitError: the server cannot be read.
        """
        made = self._claims.get(claim)
        known: set[str] = set()
        while made and heads.tip:
            history = set(self._git.run("rev-list", heads.tip).decode().split())
            if made in history or since in history or history == known:
                return made in history
            known = history
            deeper = f"--deepen={_DEEPENED}"
            self._git.run("fetch", "--quiet", deeper, "--no-tags", "--filter=tree:0", "origin", heads.tip)
        return False

    def replace(self, heads: Heads, packs: Mapping[str, bytes], packed: Sequence[str], *, date: int) -> Landed:
        """Write packs and take away the files that are in them now, if nobody else moves the branch meanwhile.

        Raises:
            GitError: as `put`.
        """
        there = {path: blob for path, blob, _ in listed(self._git, heads.tip, *_folders(packs, packed))}
        new = {path: packs[path] for path in sorted(packs) if there.get(path) != blob_id(packs[path], like=heads.tip)}
        gone = [path for path in packed if path in there]
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

    def _commit(
        self, tip: str, new: Mapping[str, bytes], waits: Mapping[str, str], *, date: int, claim: str = ""
    ) -> Made:
        """Both commits from one run of fast-import, which reads only the folders that it changes."""
        message = _message(new, waits, claim)
        inbox = [(name_in_inbox(path), data) for path, data in new.items() if path != SNAPSHOT_PATH and not claim]
        identity = hashlib.sha256(repr((tip, claim, sorted(new), sorted(waits.items()))).encode()).hexdigest()
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


def _folders(packs: Iterable[str], packed: Iterable[str]) -> list[str]:
    """The packs and the folders of what goes into them: few names for many files."""
    return [*packs, *sorted({f"{path.rpartition('/')[0]}/" for path in packed})]


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


def _message(new: Mapping[str, bytes], waits: Mapping[str, str], claim: str) -> str:
    paths = sorted({*new, *waits})
    first = paths[0].removeprefix(ROOT) if len(paths) == 1 else counted(len(paths), "record")
    return f"Record {quote(first, safe='/ ')}\n" + (f"\nClaim: {claim}\n" if claim else "")
