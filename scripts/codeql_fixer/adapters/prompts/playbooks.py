"""Playbooks: what to do about a weakness family, one `<name>.devin.md` each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.errors import CodeqlFixerError

if TYPE_CHECKING:
    from pathlib import Path

GENERIC = "generic"
# Families that share the playbook of another; a family whose own playbook exists needs no entry.
_SHARED = {
    "hardcoded-credentials": "hardcoded-secrets",
    "nosql-injection": "injection",
    "template-injection": "injection",
    "xml-injection": "injection",
    "zip-slip": "path-traversal",
    "file-upload": "path-traversal",
    "info-disclosure": "pii-logging",
    "logging": "access-logging",
}


class Playbooks:
    """The playbooks of a directory; each is read once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._texts: dict[str, str] = {}

    def text(self, family: str) -> str:
        """The playbook of a family, or the generic one, with its headings one level down the prompt's own."""
        if family not in self._texts:
            names = (family, _SHARED.get(family, GENERIC), GENERIC)
            paths = [self._directory / f"{name}.devin.md" for name in names]
            path = next((path for path in paths if path.is_file()), None)
            if path is None:
                raise CodeqlFixerError(f"{self._directory}: holds no playbooks; the installation is not whole")
            self._texts[family] = _nested(path.read_text(encoding="utf-8"))
        return self._texts[family]


def _nested(text: str) -> str:
    return "\n".join(f"##{line}" if line.startswith("#") else line for line in text.strip().splitlines())
