"""Registry files of tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from codeql_fixer.adapters.registry.reader import parse_registry, read_registry

if TYPE_CHECKING:
    from codeql_fixer.domain.registry import Registry

ROOT = Path(__file__).parents[4]


def read(tmp_path: Path, registry: object) -> tuple[Registry, tuple[str, ...]]:
    """The registry that is written so, as text or as JSON with one member per line."""
    path = tmp_path / "repo_registry.json"
    path.write_text(registry if isinstance(registry, str) else json.dumps(registry, indent=1))
    return read_registry(path)


def registry_of(raw: object) -> Registry:
    """The registry of some JSON."""
    return parse_registry(json.dumps(raw), "registry")[0]
