"""Reads repo_registry.json: every fault at once, each with its line, its path and what to do about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from codeql_fixer.adapters.registry.checks import MOST_FAULTS, faults_of, unknown_keys
from codeql_fixer.adapters.registry.fitting import without_effect
from codeql_fixer.adapters.registry.merge import registry_of
from codeql_fixer.adapters.registry.places import line_of, words_of
from codeql_fixer.adapters.registry.wire import File
from codeql_fixer.errors import ConfigError, InputError
from codeql_fixer.policy.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codeql_fixer.adapters.registry.places import Fault
    from codeql_fixer.domain.registry import Registry

_MOST_BYTES = 10_000_000


def read_registry(path: Path) -> tuple[Registry, tuple[str, ...]]:
    """The fleet, and warnings about what has no effect.

    Raises:
        InputError: there is no such file, or it is no JSON.
        ConfigError: values are wrong; one line per fault.
    """
    return parse_registry(text_of(path), str(path))


def parse_registry(text: str, name: str) -> tuple[Registry, tuple[str, ...]]:
    """The same of a text; `name` is what faults call it.

    Raises:
        InputError: it is no JSON.
        ConfigError: values are wrong; one line per fault.
    """
    raw = raw_of(text, name)
    if faults := faults_of(raw):
        raise ConfigError("\n".join(_told(name, text, faults)))
    file = msgspec.convert(raw, File)
    return registry_of(file), tuple(_told(name, text, [*unknown_keys(raw), *without_effect(file)]))


def review(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Faults and warnings, both as lines for people: what is ignored is told even where something is wrong.

    Raises:
        InputError: there is no such file, or it is no JSON.
    """
    name, text = str(path), text_of(path)
    raw = raw_of(text, name)
    if faults := faults_of(raw):
        return tuple(_told(name, text, faults)), tuple(_told(name, text, unknown_keys(raw)))
    return (), parse_registry(text, name)[1]


def text_of(path: Path) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        InputError: it cannot be read, is too large or no UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise InputError(str(path), "", f"is larger than {_MOST_BYTES} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        remedy = "docs/guides/routing.md has an example"
        raise InputError(str(path), "", f"cannot be read: {error.strerror}", remedy=remedy) from error
    except UnicodeDecodeError as error:
        raise InputError(str(path), "", "is not UTF-8") from error


def raw_of(text: str, name: str) -> Any:  # noqa: ANN401 - any JSON
    """What a text says, whether it is a registry or not.

    Raises:
        InputError: it is no JSON, or says something twice.
    """
    try:
        raw = json.loads(text, object_pairs_hook=_without_repeats)
        msgspec.json.decode(text)  # refuses what Python's parser lets through: NaN, halves of characters
    except json.JSONDecodeError as error:
        raise InputError(name, f"line {error.lineno}, column {error.colno}", f"is not JSON: {error.msg}") from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InputError(name, "", f"is not JSON: {str(error)[:200]}") from error
    return raw


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r:.60} is there twice in one object, so nobody knows which one counts")
    return members


def _told(name: str, text: str, found: Sequence[Fault]) -> list[str]:
    places = sorted((line_of(text, place), words_of(place), problem) for place, problem in found[:MOST_FAULTS])
    told = [f"{name}: line {line}: {one_line(f'{words}: {problem}', 500)}" for line, words, problem in places]
    return told if len(found) <= MOST_FAULTS else [*told, f"{name}: and more"]
