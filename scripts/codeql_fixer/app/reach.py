"""Measures in the checkout how much of the repository depends on the files that have issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.policy.imports import import_graph
from codeql_fixer.policy.languages import language_of
from codeql_fixer.policy.reach import reach

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codeql_fixer.ports.source_tree import SourceTree

_LANGUAGES = frozenset({"python", "javascript", "typescript"})  # whose imports policy/imports.py can read
_MOST_FILES = 20_000
_DIGITS = 2


def measured_reach(tree: SourceTree, files: Iterable[str]) -> dict[str, float]:
    """The share of the other source files that depend on each of some files, where that is any.

    A repository with more files than anybody would want to wait for is not measured.
    """
    sources = [file for file in tree.files() if language_of(file) in _LANGUAGES]
    if len(sources) > _MOST_FILES:
        return {}
    texts = {file: text for file in sources if (text := tree.text(file)) is not None}
    shares = reach(import_graph(texts))
    return {file: share for file in sorted(set(files)) if (share := round(shares.get(file, 0.0), _DIGITS))}
