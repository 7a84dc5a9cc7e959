"""Playbooks: what to do about a weakness family, one `<name>.devin.md` each."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from codeql_fixer.errors import CodeqlFixerError

if TYPE_CHECKING:
    from pathlib import Path

GENERIC = "generic"
_DIGITS = 12  # of a version
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
            path = self._path(self.name_of(family))
            self._texts[family] = _nested(path.read_text(encoding="utf-8"))
        return self._texts[family]

    def name_of(self, family: str) -> str:
        """The name of that playbook, which is its file's without the suffix."""
        names = (family, _SHARED.get(family, GENERIC), GENERIC)
        name = next((name for name in names if self._path(name).is_file()), None)
        if name is None:
            raise CodeqlFixerError(f"{self._directory}: holds no playbooks; the installation is not whole")
        return name

    def version_of(self, family: str) -> str:
        """`name@digest` of that playbook."""
        name = self.name_of(family)
        return f"{name}@{sha256(self._path(name).read_bytes()).hexdigest()[:_DIGITS]}"

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.devin.md"


def _nested(text: str) -> str:
    return "\n".join(f"##{line}" if line.startswith("#") else line for line in text.strip().splitlines())
