"""Changes repo_registry.json in place: what is not meant stays byte for byte, and nobody sees half a file.

A symbolic link is followed: the file that it leads to is replaced, the link stays. Whoever edits through these
functions waits for the others; what somebody else wrote meanwhile is noticed and not overwritten.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.adapters.registry.insertion import appended, without
from codeql_fixer.adapters.registry.places import Member, members, skip
from codeql_fixer.adapters.registry.reader import parse_registry, text_of
from codeql_fixer.domain.registry import slug_of
from codeql_fixer.errors import ConfigError, InputError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_REPOS = "repos"
_MARK = b"\xef\xbb\xbf"  # of UTF-8, as some editors write it


def add_repository(path: Path, repository: str, settings: Mapping[str, object]) -> str:
    """List a repository; returns its name.

    Args:
        path: of the registry.
        repository: owner/name or address.
        settings: further members of its entry, by key.

    Raises:
        InputError: there is no such file, or it is no JSON.
        UserError: the repository is there already, or the file would not be valid any more; nothing was changed.
    """
    slug = _slug(repository)

    def edit(text: str) -> str:
        if (known := parse_registry(text, str(path))[0].slugs.get(slug.lower())) is not None:
            raise UserError(f"{path}: {slug} is there already{'' if known.lower() == slug.lower() else f' as {known}'}")
        return _with(text, [{"repo": slug, **settings}])

    _edit(path, edit)
    return slug


def remove_repository(path: Path, repository: str) -> str:
    """Take a repository out; returns its name.

    Args:
        path: of the registry.
        repository: owner/name or address of it, no alias.

    Raises:
        InputError: there is no such file, or it is no JSON.
        UserError: there is no such repository, or the file would not be valid any more; nothing was changed.
    """
    slug = _slug(repository)

    def edit(text: str) -> str:
        known = parse_registry(text, str(path))[0].slugs.get(slug.lower())
        if known is None:
            raise UserError(f"{path}: {slug} is not there")
        if known.lower() != slug.lower():
            raise UserError(f"{path}: {slug} is an alias of {known}: remove that, or take the alias out of the file")
        repos = _member(text, skip(text, 0), _REPOS)
        number = next(number for number, name in enumerate(_names(text, repos.value)) if name == slug.lower())
        return without(text, repos.value, number)

    _edit(path, edit)
    return slug


def add_discovered(path: Path, names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List repositories that somebody found, all in one go; returns those that were added and those that were known.

    Args:
        path: of the registry.
        names: owner/name or addresses; one that is a known name or alias changes nothing.

    Raises:
        InputError: there is no such file, or it is no JSON.
        UserError: a name is none, or the file would not be valid any more; nothing was changed.
    """
    slugs = list({slug.lower(): slug for slug in map(_slug, names)}.values())
    added: list[str] = []

    def edit(text: str) -> str:
        known = parse_registry(text, str(path))[0].slugs
        added[:] = [slug for slug in slugs if slug.lower() not in known]
        return _with(text, [{"repo": slug} for slug in added]) if added else text

    _edit(path, edit)
    new = frozenset(added)
    return tuple(added), tuple(slug for slug in slugs if slug not in new)


def _slug(repository: str) -> str:
    slug = slug_of(repository)
    if not slug:
        raise UserError(f"{repository!r:.100}: must be owner/name, or its address without a password")
    return slug


def _with(text: str, entries: Iterable[Mapping[str, object]]) -> str:
    root = skip(text, 0)
    repos = next((member for member in members(text, root) if member.key == _REPOS), None)
    if repos is None:
        text = appended(text, root, [f"{json.dumps(_REPOS)}: []"])
        repos = _member(text, root, _REPOS)
    return appended(text, repos.value, list(entries))


def _member(text: str, at: int, key: str) -> Member:
    return next(member for member in members(text, at) if member.key == key)


def _names(text: str, repos: int) -> Iterator[str]:
    for entry in members(text, repos):
        name = _member(text, entry.value, "repo")
        yield slug_of(json.loads(text[name.value : name.end])).lower()


def _edit(path: Path, edit: Callable[[str], str]) -> None:
    """Replace the text by another one that is valid."""
    try:
        target = path.resolve(strict=True)
        with _alone_in(target.parent):
            text = text_of(path)
            after = edit(text)
            try:
                parse_registry(after, str(path))
            except ConfigError as error:
                raise ConfigError(f"nothing was changed, since it would not be valid then:\n{error}") from error
            if after != text:
                _replace(target, text, after)
    except FileNotFoundError as error:
        raise InputError(str(path), "", "there is no such file", remedy=f"echo '{{}}' > {path} makes one") from error
    except (OSError, RuntimeError) as error:  # the second one is a circle of links
        raise UserError(f"{path}: cannot be changed: {getattr(error, 'strerror', None) or error}") from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else who asks so changes files of this folder meanwhile; the lock leaves no file and dies with us."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(target: Path, before: str, after: str) -> None:
    """Put one text in the place of another, whole or not at all, durably."""
    mark = _MARK if target.read_bytes().startswith(_MARK) else b""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    half = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(mark + after.encode())
            stream.flush()
            os.fchmod(stream.fileno(), target.stat().st_mode & 0o7777)
            os.fsync(stream.fileno())
        if target.read_bytes() != mark + before.encode():
            raise UserError(f"{target}: somebody else changed it meanwhile; nothing of that was touched, try again")
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
