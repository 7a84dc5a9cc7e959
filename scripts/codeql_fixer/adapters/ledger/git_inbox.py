"""The inbox of a git ledger: refs with records that wait to be folded into the branch.

Such a ref holds one commit without a parent and one flat tree, each file named by its quoted path. So the shallow,
filtered fetch of the branch brings all of it, and a name made from the content can never mean two contents.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from msgspec import Struct, structs

from codeql_fixer.adapters.ledger.git_repository import INBOX
from codeql_fixer.policy.ledger_paths import PACKS, SNAPSHOT_PATH, is_record_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codeql_fixer.adapters.ledger.git_command import Git

_FILE_MODE = b"100644"


class Waiting(Struct, frozen=True):
    """One ref of the inbox: its name on the server, and the files in it as path and blob id.

    `problem` says why it cannot be folded; others than us can push refs, too.
    """

    ref: str
    files: dict[str, str]
    problem: str = ""


def inbox_refs(branch: str, files: Mapping[str, bytes]) -> tuple[str, str]:
    """The ref for these files, and the branch to take where the server refuses such refs."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    name = digest.hexdigest()[:40]
    return f"{INBOX}{name}", f"refs/heads/{branch}-inbox/{name}"


def name_in_inbox(path: str) -> str:
    """The file name that stands for a path in the flat tree."""
    return quote(path, safe="")


def waiting(git: Git, inbox: Mapping[str, str]) -> list[Waiting]:
    """The contents of inbox refs, in the order of their names."""
    if not inbox:
        return []
    refs = sorted(inbox)
    trees = git.objects(f"{inbox[ref]}^{{tree}}" for ref in refs)
    return [_waiting(ref, tree, len(inbox[ref]) // 2) for ref, tree in zip(refs, trees, strict=True)]


def judged(inbox: Sequence[Waiting], present: Mapping[str, str]) -> list[Waiting]:
    """The same refs; those with another record in a place that is taken, on the branch or before them, get a problem.

    Readers and writers share this rule: what is read from the inbox is what will be folded into the branch.
    """
    taken = dict(present)
    refs = []
    for item in inbox:
        clash = next((path for path, blob in item.files.items() if taken.get(path, blob) != blob), "")
        if clash and not item.problem:
            refs.append(structs.replace(item, problem=f"{item.ref}: {clash} is taken by another record"))
            continue
        if not item.problem:
            taken |= item.files
        refs.append(item)
    return refs


def _waiting(ref: str, tree: bytes | None, id_length: int) -> Waiting:
    if tree is None:
        return Waiting(ref, {}, f"{ref}: is no commit")
    files = dict(_files(tree, id_length))
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
