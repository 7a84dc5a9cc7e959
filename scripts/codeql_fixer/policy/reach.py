"""Blast radius: what share of a repository depends on a file, directly or through others (seed 000, section 14.6).

To count exactly what reaches every file takes quadratic time on some graphs. So each file gets the 64 lowest ranks
among the files that depend on it (Cohen 1997, "Size-estimation framework"): files spread their rank along their
imports, the lowest rank first, and stop where enough lower ones have been. That looks at every import 64 times at most,
cycles or not. Up to 62 dependents the count is exact. Above that it is an estimate, whose relative standard error is
1 / sqrt(64 - 2), one eighth. Ranks are digests of the names, so the same files always give the same answer.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

REACH_BONUS = 0.10  # of a file that everything depends on: as much as the recurrence of an issue can weigh
_KEPT = 64
_RANK_BYTES = 8
_HIGHEST_RANK = 256**_RANK_BYTES


def reach(imports: Mapping[str, Collection[str]]) -> dict[str, float]:
    """The share, 0 to 1, of the other files that depend on each file.

    Args:
        imports: each file with those that it imports; names that are no key are files, too.
    """
    files = {*imports, *(target for targets in imports.values() for target in targets)}
    ranks = {file: _rank(file) for file in files}
    seen: dict[str, list[int]] = {file: [] for file in files}
    for file in sorted(files, key=lambda name: (ranks[name], name)):
        _spread(file, ranks[file], imports, seen=seen)
    others = max(len(files) - 1, 1)
    return {file: min(_count(lowest) - 1, others) / others for file, lowest in seen.items()}


def bonus_of(share: float) -> float:
    """What the reach of its file adds to the score of an issue."""
    return REACH_BONUS * share


def _rank(file: str) -> int:
    digest = hashlib.blake2b(file.encode(errors="surrogatepass"), digest_size=_RANK_BYTES)
    return int.from_bytes(digest.digest(), "big")


def _spread(file: str, rank: int, imports: Mapping[str, Collection[str]], *, seen: dict[str, list[int]]) -> None:
    """Give a rank to a file and to all that it depends on, except beyond those that have enough lower ones."""
    waiting, reached = [file], {file}
    while waiting:
        here = waiting.pop()
        if len(seen[here]) == _KEPT:
            continue
        seen[here].append(rank)
        for target in imports.get(here, ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)


def _count(lowest: list[int]) -> float:
    """How many files have the ranks of which these are the lowest."""
    return len(lowest) if len(lowest) < _KEPT else (_KEPT - 1) * _HIGHEST_RANK / (lowest[-1] + 1)
