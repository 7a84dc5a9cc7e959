"""The target's checkout as a read-only SourceTree. Paths come from strangers: none may lead outside."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path, PurePosixPath

# A source file above this is generated; no snippet or hash of it is worth the memory.
_MAX_BYTES = 5_000_000
_GIT_SECONDS = 60


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
    """SourceTree of a directory. Symbolic links are refused wherever in the path they stand."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._files: tuple[str, ...] | None = None

    def text(self, file: str) -> str | None:
        """The text of a file, None when it is not at hand; undecodable bytes become U+FFFD."""
        path = self._safe(file)
        if path is None:
            return None
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as stream:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
                    return None
                data = stream.read(_MAX_BYTES)
        except OSError:
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
        names = self._git("ls-files", "-z", "--cached").split(b"\0")
        return tuple(sorted(name.decode(errors="replace") for name in names if name))

    def _git(self, *arguments: str) -> bytes:
        """What git prints; nothing when it fails, as it does where there is no repository."""
        try:
            done = subprocess.run(  # noqa: S603 - our own arguments, no shell
                ["git", "-C", str(self._root), *arguments],  # noqa: S607 - git from PATH, as users have it
                capture_output=True,
                check=True,
                timeout=_GIT_SECONDS,
            )
        except (OSError, subprocess.SubprocessError):
            return b""
        return done.stdout

    def _walked(self) -> tuple[str, ...]:
        found = []
        for folder, subfolders, names in os.walk(self._root):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            found += [Path(folder, name).relative_to(self._root).as_posix() for name in names]
        return tuple(sorted(found))
