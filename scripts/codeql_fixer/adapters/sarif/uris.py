"""Clean repository-relative paths out of SARIF's artifact locations (SARIF 2.1.0 sections 3.4 and 3.14.14)."""

from __future__ import annotations

import posixpath
import re
from operator import itemgetter
from typing import TYPE_CHECKING
from urllib.parse import unquote

from codeql_fixer.policy.paths import repository_relative

if TYPE_CHECKING:
    from codeql_fixer.adapters.sarif import wire

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: one letter is a Windows drive
_DRIVE = re.compile(r"/?[A-Za-z]:[/\\]")
# Where GitHub's runners and container actions check a repository out; used when the file names no root.
_CHECKOUTS = (
    re.compile(r"/github/workspace/"),
    re.compile(r"/home/runner/work/([^/]+)/\1/"),
    re.compile(r"/Users/runner/work/([^/]+)/\1/"),
    re.compile(r"[A-Za-z]:/a/([^/]+)/\1/"),
    re.compile(r"(?:/|[A-Za-z]:/)(?:[^/]+/)*_work/([^/]+)/\1/"),  # runners of one's own
)
_ROOT_NAMES = re.compile(
    r"%?(SRCROOT|SOURCEROOT|PROJECTROOT|REPOROOT|ROOTPATH|WORKINGDIR\w*|CHECKOUT\w*)%?", re.IGNORECASE
)
_FILE_WITH_HOST = re.compile(r"file://([^/].*)", re.IGNORECASE | re.DOTALL)
_WHOLE_DISK = re.compile(r"//?|[A-Za-z]:/")
_MAX_BASES = 20  # a chain of uriBaseIds longer than this is a loop


class PathResolver:
    """Resolves the artifact locations of one run; answers are cached, since files repeat.

    Args:
        run: the run whose artifacts and URI bases apply.
        checkout_root: absolute POSIX path of the checkout, "" when there is none.
        checkout_files: the files of the checkout. An absolute path of another machine that ends like one of them,
            folder included, tells where that machine had the repository.
    """

    def __init__(self, run: wire.Run, checkout_root: str = "", checkout_files: frozenset[str] = frozenset()) -> None:
        self._files = checkout_files
        self._artifacts = run.artifacts or []
        self._bases = run.original_uri_base_ids or {}
        self._cache: dict[tuple[str | None, str | None, int], tuple[str, str]] = {}
        self._roots = self._known_roots(run, checkout_root)

    def resolve(self, location: wire.ArtifactLocation | None) -> tuple[str, str]:
        """Return (repository-relative POSIX path, "") or ("", the URI as written) when it lies outside."""
        if location is None:
            return "", ""
        key = (location.uri, location.uri_base_id, location.index)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._resolve(location)
        return found

    def _resolve(self, location: wire.ArtifactLocation) -> tuple[str, str]:
        if location.uri is None and 0 <= location.index < len(self._artifacts):
            location = self._artifacts[location.index].location or location
        if not location.uri:
            return "", ""
        path = _path_of(location.uri)
        if path is None:
            return "", location.uri
        written = path
        if not _is_absolute(path) and location.uri_base_id:
            path = self._join_base(path, location.uri_base_id)
        relative = self._relative(path)
        if not relative and not _is_absolute(written):
            # Its base is nowhere near: a whole disk, or a folder of another machine.
            relative = repository_relative(written)
        if not relative and (match := _FILE_WITH_HOST.match(location.uri)):
            # No host, but the start of a relative path, as GitHub reads it.
            relative = repository_relative(unquote(match[1], errors="replace"))
        return (relative, "") if relative else ("", location.uri)

    def _join_base(self, path: str, base_id: str) -> str:
        """Prefix the base, following its own base; a base that is not defined is the repository root."""
        seen = 0
        while seen < _MAX_BASES and not _is_absolute(path):
            base = self._bases.get(base_id)
            if base is None:
                break
            prefix = _path_of(base.uri or "")
            if prefix is None:
                break
            path = posixpath.join(prefix, path) if prefix else path
            if not base.uri_base_id:
                break
            base_id = base.uri_base_id
            seen += 1
        return path

    def _relative(self, path: str) -> str:
        """Cut the root; "" when the path is outside of all that are known, or climbs out."""
        if "\0" in path:
            return ""
        if not _is_absolute(path):
            return repository_relative(path) or self._matching_file(_normal(f"/{path}"))
        path = _normal(path)
        for root in self._roots:
            if _is_under(path, root):
                return path[len(root) :]
        for checkout in _CHECKOUTS:
            if match := checkout.match(path):
                return path[match.end() :]
        return self._matching_file(path)

    def _matching_file(self, path: str) -> str:
        """The file of the checkout that an absolute path ends like; a name alone is too little to go by."""
        parts = path.split("/")
        for start in range(1, len(parts) - 1):
            candidate = "/".join(parts[start:])
            if candidate in self._files:
                root = "/".join(parts[:start]) + "/"
                if not _WHOLE_DISK.fullmatch(root):
                    self._roots.append(root)
                return candidate
        return ""

    def _known_roots(self, run: wire.Run, checkout_root: str) -> list[str]:
        """The checkout, the named source roots, the working directory; then any base, so that none is left absolute.

        A base inside another one is a folder of the repository rather than its root, so it comes last.
        """
        ranked: list[tuple[int, str]] = [(0, checkout_root)]
        for name, base in self._bases.items():
            path = _path_of(base.uri or "") or ""
            if base.uri_base_id:
                path = self._join_base(path, base.uri_base_id)
            rank = 1 if _ROOT_NAMES.fullmatch(name) else 4 if base.uri_base_id else 3
            ranked.append((rank, path))
        folders = [invocation.working_directory for invocation in run.invocations or []]
        ranked += [(2, _path_of(folder.uri or "") or "") for folder in folders if folder]
        ranked.sort(key=itemgetter(0))
        roots = [_normal(path).rstrip("/") + "/" for _, path in ranked if _is_absolute(path)]
        return [root for root in dict.fromkeys(roots) if not _WHOLE_DISK.fullmatch(root)]


def _path_of(uri: str) -> str | None:
    """The path in a URI, percent-decoded, with forward slashes; None for any scheme but `file:`."""
    if _DRIVE.match(uri):
        return uri.replace("\\", "/").lstrip("/")
    if match := _SCHEME.match(uri):
        if match[0].lower() != "file:":
            return None
        uri = uri[match.end() :]
        if uri.startswith("//"):
            # file://host/path: the host is dropped, as it names the scanning machine. Some write a drive there.
            uri = uri[2:] if _DRIVE.match(uri[2:]) else "/" + uri[2:].partition("/")[2]
    path = unquote(uri, errors="replace").replace("\\", "/")
    return path.lstrip("/") if _DRIVE.match(path) else path


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or _DRIVE.match(path) is not None


def _normal(path: str) -> str:
    normal = posixpath.normpath(path)
    return "/" + normal.lstrip("/") if normal.startswith("/") else normal


def _is_under(path: str, root: str) -> bool:
    """Windows paths compare without case, as their file systems do."""
    return path.startswith(root) or (root[1:2] == ":" and path.lower().startswith(root.lower()))
