"""The target's checkout as a read-only SourceTree. Paths come from strangers: none may lead outside."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A source file above this is generated; no snippet or hash of it is worth the memory.
_MAX_BYTES = 5_000_000
_GIT_SECONDS = 60.0
_PASSED_ON = ("PATH", "HOME")
# A stranger's `.git/config` can name programs for git to run; these are the ones that reading could reach.
_NO_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat")


class NoCheckout:
    """SourceTree for when there is no checkout at hand."""

    def text(self, file: str) -> str | None:  # noqa: ARG002 - the port's signature
        """None, always."""
        return None

    def files(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def commit(self) -> str:
        """Not known."""
        return ""


class CheckoutTree:
    """SourceTree of a directory. Symbolic links are refused wherever in the path they stand.

    Args:
        root: the directory.
        environment: where git finds itself and the user's settings; nothing else of it is handed on.
        git_seconds: after this git is stopped, and the tree is read as one without git.
    """

    def __init__(
        self, root: Path, environment: Mapping[str, str] | None = None, git_seconds: float = _GIT_SECONDS
    ) -> None:
        self._root = root.resolve()
        self._environment = {name: value for name, value in (environment or {}).items() if name in _PASSED_ON}
        self._git_seconds = git_seconds
        self._files: tuple[str, ...] | None = None

    def text(self, file: str) -> str | None:
        """The text of a file, None when it is not at hand; undecodable bytes become U+FFFD."""
        try:
            path = self._safe(file)
            if path is None:
                return None
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as stream:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
                    return None
                data = stream.read(_MAX_BYTES)
        except (OSError, ValueError):  # ValueError: no file can have such a name, as one with half a character
            return None
        return data.decode(errors="replace")

    def files(self) -> tuple[str, ...]:
        """Every regular file that git tracks; where there is no git, every file outside hidden folders."""
        if self._files is None:
            self._files = self._tracked() or self._walked()
        return self._files

    def _safe(self, file: str) -> Path | None:
        parts = PurePosixPath(file).parts
        if not parts or file.startswith("/") or ".." in parts or "\0" in file:
            return None
        path = self._root
        for part in parts:
            path /= part
            if path.is_symlink():
                return None
        return path

    def commit(self) -> str:
        """The commit that git has checked out, "" where there is no git."""
        return self._git("rev-parse", "--verify", "HEAD").decode(errors="replace").strip()

    def _tracked(self) -> tuple[str, ...]:
        return _named(self._git("ls-files", "-z", "--cached").split(b"\0"))

    def _git(self, *arguments: str) -> bytes:
        """What git prints; nothing when it fails, as it does where there is no repository."""
        try:
            done = subprocess.run(  # noqa: S603 - our own arguments, no shell
                ["git", *_NO_PROGRAMS, "-C", str(self._root), *arguments],  # noqa: S607 - git from PATH
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                timeout=self._git_seconds,
            )
        except (OSError, subprocess.SubprocessError):
            return b""
        return done.stdout

    def _walked(self) -> tuple[str, ...]:
        found = []
        for folder, subfolders, names in os.walk(self._root):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            found += [os.fsencode(Path(folder, name).relative_to(self._root).as_posix()) for name in names]
        return _named(found)


def _named(files: Iterable[bytes]) -> tuple[str, ...]:
    """File names in order, as text that can be written: bytes that are no UTF-8 become U+FFFD."""
    return tuple(sorted(name.decode(errors="replace") for name in files if name))
