"""What a commit of the ledger holds: plain files in the places of records, and the scan runs inside packs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from codeql_fixer.adapters.ledger.files import packed
from codeql_fixer.policy.ledger_paths import pack_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codeql_fixer.adapters.ledger.git_command import Git

_PLAIN_FILES = frozenset({"100644", "100755"})
_PATHS_PER_CALL = 500
_SHA256_DIGITS = 64


def is_plain_file(mode: str) -> bool:
    """False for links, folders and other repositories, which are nothing that a record could be read from."""
    return mode in _PLAIN_FILES


def listed(git: Git, tip: str, *prefixes: str) -> Iterator[tuple[str, str, str]]:
    """Everything that a commit holds, in the order of the paths, as path, git's name for the content, and mode."""
    for line in git.lines("ls-tree", "-r", "-z", "--full-tree", tip, "--", *prefixes) if tip else ():
        details, _, path = line.partition(b"\t")
        mode, _, blob = details.decode().split()
        yield path.decode(errors="replace"), blob, mode


def present(git: Git, tip: str, paths: Sequence[str]) -> dict[str, str]:
    """Git's names for what a commit holds at those of the paths that are taken, in a file or in a pack."""
    packs = {name for path in paths if (name := pack_of(path))}
    asked = [*paths, *sorted(packs)]
    found: dict[str, str] = {}
    for start in range(0, len(asked) if tip else 0, _PATHS_PER_CALL):
        found |= {path: blob for path, blob, _ in listed(git, tip, *asked[start : start + _PATHS_PER_CALL])}
    there = {name: found.pop(name) for name in sorted(packs & found.keys())}
    texts = dict(zip(there, git.objects(there.values()), strict=True)) if there else {}
    return {path: blob_id(text, like=tip) for path, text in packed(paths, texts.get).items()} | found


def blob_id(data: bytes, *, like: str) -> str:
    """Git's name for a text in the repository of a commit: SHA-1 or SHA-256 over a header and the text."""
    hash_of = hashlib.sha256 if len(like) == _SHA256_DIGITS else hashlib.sha1
    return hash_of(b"blob %d\0" % len(data) + data).hexdigest()
