"""Reads a registry with a patch on top: a file in the same format that says only what is different.

A JSON merge patch (RFC 7396): what the patch says takes the place of what the registry says, key by key; null takes a
key away, and a list takes the place of the whole list. So a complete registry is a patch as well.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from codeql_fixer.adapters.registry.reader import parse_registry, raw_of
from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from codeql_fixer.domain.registry import Registry


def read_patched(text: str, patch: str, *, name: str) -> tuple[Registry, tuple[str, ...]]:
    """The fleet as registry and patch together say it, and warnings; lines are those of the two made one.

    Args:
        text: of the registry.
        patch: text of the patch.
        name: of the patch, for faults.

    Raises:
        InputError: one of them is no JSON, or the patch is no object.
        ConfigError: what they say together is wrong.
    """
    changes = raw_of(patch, name)
    if not isinstance(changes, dict):
        raise InputError(name, "", "is no object", remedy="write what is different, in the format of the registry")
    merged = json.dumps(_merged(raw_of(text, "the registry"), changes), indent=2)
    return parse_registry(merged, f"{name} on top of the registry")


def _merged(base: Any, patch: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(patch, dict):
        return patch
    found = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _merged(found.get(key), value)
    return found
