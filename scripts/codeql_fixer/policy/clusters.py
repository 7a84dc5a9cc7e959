"""Issues that are near each other: those of one file, then those of one folder, probably share a cause (seed 14.3)."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def clusters_of(items: Iterable[T], file_of: Callable[[T], str], *, max_size: int) -> list[list[T]]:
    """Groups of at most `max_size` items, each of one folder; linear in the items.

    Files stay whole where they fit: a cluster takes file after file of a folder, and only a file with more items than
    that is cut. Folders, the files of a folder and the items of a file keep the order in which they come.

    Args:
        items: of one repository, the most important first.
        file_of: the file of an item, relative to the repository.
        max_size: most items of a cluster; at least 1.
    """
    folders: dict[str, dict[str, list[T]]] = {}
    for item in items:
        file = file_of(item)
        folders.setdefault(posixpath.dirname(file), {}).setdefault(file, []).append(item)
    return [cluster for files in folders.values() for cluster in _packed(files.values(), max_size)]


def _packed(files: Iterable[list[T]], max_size: int) -> list[list[T]]:
    clusters: list[list[T]] = []
    for members in files:
        if clusters and len(clusters[-1]) + len(members) <= max_size:
            clusters[-1].extend(members)
        else:
            clusters += [members[start : start + max_size] for start in range(0, len(members), max_size)]
    return clusters
