"""The inbox of a git ledger: refs with records that wait to be folded into the branch.

Such a ref holds one commit without a parent and one flat tree, each file named by its quoted path. So the shallow,
filtered fetch of the branch brings all of it, and a name made from the content can never mean two contents.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from msgspec import Struct

from codeql_fixer.adapters.ledger.git_command import GitError
from codeql_fixer.policy.ledger_paths import PACKS, SNAPSHOT_PATH, is_record_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codeql_fixer.adapters.ledger.git_command import Git

_PUSHED = "refs/cqf/inbox/"
_FETCHED_HEADS, _FETCHED_INBOX = "refs/ledger/heads/", "refs/ledger/cqf/"
_FILE_MODE = b"100644"
_FETCHED = re.compile(r"^([0-9a-f]+)\t[^\t]*\t(branch )?'([^']+)' of ", re.MULTILINE)


class Waiting(Struct, frozen=True):
    """One ref of the inbox: its name on the server, and the files in it as path and blob id.

    `problem` says why it cannot be folded; others than us can push refs, too.
    """

    ref: str
    files: dict[str, str]
    problem: str = ""


class Heads(Struct, frozen=True):
    """The state of the server: the tip of the branch ("" when there is none) and the commits of the inbox by ref."""

    tip: str
    inbox: dict[str, str]


def inbox_refs(branch: str, files: Mapping[str, bytes]) -> tuple[str, str]:
    """The ref for these files, and the branch to take where the server refuses such refs."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    name = digest.hexdigest()[:40]
    return f"{_PUSHED}{name}", f"refs/heads/{branch}-inbox/{name}"


def name_in_inbox(path: str) -> str:
    """The file name that stands for a path in the flat tree."""
    return quote(path, safe="")


def _refspecs(branch: str) -> tuple[str, str]:
    """What to fetch: the branch with the inbox branches, and the inbox. Patterns do not mind when nothing is there."""
    return f"+refs/heads/{branch}*:{_FETCHED_HEADS}{branch}*", f"+{_PUSHED}*:{_FETCHED_INBOX}*"


def fetch(git: Git, branch: str, *options: str) -> Heads:
    """Fetch one commit of everything, and tell the state of the server.

    Raises:
        GitError: the server cannot be read.
    """
    specs = _refspecs(branch)
    try:
        git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--prune", *options, "origin", *specs)
    except GitError as error:
        # A shallow fetch that matches nothing fails without a word.
        if str(error) or git.run("ls-remote", "origin", *(spec[1:].partition(":")[0] for spec in specs)):
            raise
        return Heads("", {})
    return _heads_of((git.directory / "FETCH_HEAD").read_text(encoding="utf-8"), branch)


def _heads_of(fetched: str, branch: str) -> Heads:
    """The refs in FETCH_HEAD, where a branch stands as `branch 'name'` and another ref as `'refs/...'`."""
    refs = {}
    for commit, kind, name in _FETCHED.findall(fetched):
        refs[f"refs/heads/{name}" if kind else name] = commit
    tip = refs.pop(f"refs/heads/{branch}", "")
    places = (_PUSHED, f"refs/heads/{branch}-inbox/")
    return Heads(tip, {ref: commit for ref, commit in refs.items() if ref.startswith(places)})


def waiting(git: Git, inbox: Mapping[str, str]) -> list[Waiting]:
    """The contents of inbox refs, in the order of their names."""
    if not inbox:
        return []
    refs = sorted(inbox)
    trees = git.blobs(f"{inbox[ref]}^{{tree}}" for ref in refs)
    return [_waiting(ref, dict(_files(tree, len(inbox[ref]) // 2))) for ref, tree in zip(refs, trees, strict=True)]


def _waiting(ref: str, files: dict[str, str]) -> Waiting:
    for path in files:
        if not is_record_path(path) or path.startswith(PACKS) or path == SNAPSHOT_PATH:
            return Waiting(ref, {}, f"{ref}: {path!r:.200} is no place of a record")
    return Waiting(ref, files)


def _files(tree: bytes, id_length: int) -> Iterator[tuple[str, str]]:
    """Path and blob id of the entries of a tree object: mode, blank, name, NUL, id; a path that is none for others."""
    position = 0
    while position < len(tree):
        end = tree.index(b"\0", position)
        mode, _, name = tree[position:end].partition(b" ")
        position = end + 1 + id_length
        path = unquote(name.decode(errors="replace"))
        yield path if mode == _FILE_MODE else f"{path}/", tree[end + 1 : position].hex()
