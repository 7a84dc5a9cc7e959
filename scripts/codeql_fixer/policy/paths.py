"""Repository-relative paths: how every reader cleans what a scanner wrote."""

from __future__ import annotations

import posixpath


def repository_relative(path: str) -> str:
    """Clean a relative path with forward or backward slashes; "" when it is absolute, empty or climbs out."""
    path = path.replace("\\", "/")
    if not path or path.startswith("/") or path[1:2] == ":" or "\0" in path:
        return ""
    path = posixpath.normpath(path)
    return "" if path in {".", ".."} or path.startswith("../") else path
