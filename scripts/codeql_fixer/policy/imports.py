"""Which files of a repository import which others, as regular expressions see it: approximate, and never run.

Python and JavaScript or TypeScript. Not seen: names put together at run time, aliases of build tools (`@/x`), packages
of a workspace by their name. Seen though they are none: imports in comments and strings. That moves a score a little,
and nothing else.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from codeql_fixer.policy.languages import language_of
from codeql_fixer.policy.paths import repository_relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Every repetition is bounded, and so is the text: it is a stranger's. Imports stand at the top.
_MOST_TEXT = 200_000
_PYTHON_FROM = re.compile(
    r"^[ \t]{0,40}from[ \t]{1,9}(\.{0,20})([\w.]{0,200})[ \t]{1,9}import[ \t]{0,9}"
    r"(?:\(([^)#]{0,2000})|([^\n#;\\(]{1,300}))",
    re.MULTILINE,
)
_PYTHON_IMPORT = re.compile(r"^[ \t]{0,40}import[ \t]{1,9}([\w., \t]{1,500})", re.MULTILINE)
_NAME = re.compile(r"(?:^|,)\s{0,80}([\w.]{1,200})")
_SCRIPT = re.compile(r"\b(?:from|import|require)[\s(]{0,20}[\"'](\.[^\"'\n]{0,300})[\"']")
_SCRIPT_SUFFIX = re.compile(r"\.[cm]?[jt]sx?$")


def imports_of(path: str, text: str) -> frozenset[str]:
    """What a file imports, as paths without suffix.

    Those that start with `/` are places in the repository (`/web/cart/total`). The others are names of modules as
    Python has them (`shop/cart`), which may lie under any root.

    Args:
        path: of the file, relative to the repository.
        text: of the file.
    """
    language, text = language_of(path), text[:_MOST_TEXT]
    if language == "python":
        return frozenset(_python(path, text))
    if language in {"javascript", "typescript"}:
        return frozenset(_script(path, text))
    return frozenset()


def import_graph(texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Each file of a repository with those of its files that it imports.

    A name of several parts may lie in any folder: of several such files the one that shares most folders with the
    importing file is meant. A name of one part is looked for in the folders above the importing file only, since
    `utils` and `logging` are everywhere.

    Args:
        texts: by path.
    """
    places = _Places(texts)
    return {path: frozenset(places.files_of(path, imports_of(path, text))) for path, text in texts.items()}


def _python(path: str, text: str) -> Iterator[str]:
    for found in _PYTHON_FROM.finditer(text):
        dots, module = len(found[1]), found[2].replace(".", "/")
        base = _anchored(path, "../" * (dots - 1) + module) if dots else module
        if base:
            yield base
            yield from (f"{base.rstrip('/')}/{name}" for name in _NAME.findall(found[3] or found[4] or ""))
    for found in _PYTHON_IMPORT.finditer(text):
        yield from (name.replace(".", "/") for name in _NAME.findall(found[1]))


def _script(path: str, text: str) -> Iterator[str]:
    for target in _SCRIPT.findall(text):
        place = _anchored(path, _SCRIPT_SUFFIX.sub("", target))
        if place:
            yield place


def _anchored(path: str, target: str) -> str:
    """A place relative to a file as one of the repository, "" when it lies outside."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if place == ".":
        return "/"
    inside = repository_relative(place)
    return f"/{inside}" if inside else ""


class _Places:
    """Finds the files that imports mean."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._exact: dict[str, str] = {}
        self._by_end: dict[str, list[str]] = {}
        for path in sorted(paths):
            stem = posixpath.splitext(path)[0]
            folder, _, name = stem.rpartition("/")
            if name in {"__init__", "index"}:
                stem = folder
            self._exact.setdefault(stem, path)
            parts = stem.split("/")
            for start in range(len(parts) - 1):
                self._by_end.setdefault("/".join(parts[start:]), []).append(path)

    def files_of(self, path: str, imports: Iterable[str]) -> Iterator[str]:
        for target in imports:
            found = self._exact.get(target[1:]) if target.startswith("/") else self._named(path, target)
            if found and found != path:
                yield found

    def _named(self, path: str, name: str) -> str:
        if "/" in name:
            return min(self._by_end.get(name, ()), key=lambda file: (-_shared(file, path), file), default="")
        folder = posixpath.dirname(path)
        while folder:
            if found := self._exact.get(f"{folder}/{name}"):
                return found
            folder = posixpath.dirname(folder)
        return self._exact.get(name, "")


def _shared(one: str, two: str) -> int:
    return len(posixpath.commonpath([f"/{posixpath.dirname(one)}", f"/{posixpath.dirname(two)}"]))
