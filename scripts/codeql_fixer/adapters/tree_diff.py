"""The difference of two directories as `git diff` puts it, for whoever has both states and no diff."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from codeql_fixer.errors import UpstreamError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 300.0
_TAIL = 500
# Nothing of the user's or of a stranger's configuration: no filters, no line ends changed, no programs.
_SETTINGS = ("-c", "core.autocrlf=false", "-c", "core.compression=0", "-c", "core.quotePath=true", "-c", "gc.auto=0")
# What a tree says of its own files could hide their lines, or change them on the way in; this has the last word.
_ATTRIBUTES = "* !diff -text !eol !filter !ident !working-tree-encoding\n"
_DIFF = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--unified=0")


def difference(before: Path, after: Path, environment: Mapping[str, str]) -> str:
    """What changed from one directory to another, "" for nothing; what is in folders named `.git` does not count.

    Args:
        before: the earlier state.
        after: the later one.
        environment: where git is found.

    Raises:
        UserError: one of them is no directory, or git is not installed.
        UpstreamError: git failed, or took too long.
    """
    for folder in (before, after):
        if not folder.is_dir():
            raise UserError(f"{folder}: is no directory")
    with TemporaryDirectory(prefix="codeql-fixer-") as scratch:
        room = _Scratch(Path(scratch), environment)
        return room.git(*_DIFF, room.tree_of(before), room.tree_of(after), folder=before)


class _Scratch:
    """A repository of our own that takes in the files of others, so that git sees nothing but them."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {
            "PATH": environment.get("PATH", os.defpath),
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_DIR": str(folder / "git"),
        }
        self.git("init", "--quiet", "--bare", "--template=", folder=folder)
        (folder / "git/info").mkdir(exist_ok=True)
        (folder / "git/info/attributes").write_text(_ATTRIBUTES, encoding="ascii")

    def tree_of(self, folder: Path) -> str:
        """The id of a tree with all files of a folder, also those that it has git ignore."""
        index = {"GIT_WORK_TREE": str(folder.resolve()), "GIT_INDEX_FILE": str(self._folder / "index")}
        (self._folder / "index").unlink(missing_ok=True)
        self.git("add", "--all", "--force", "--", ".", folder=folder, more=index)
        return self.git("write-tree", folder=folder, more=index).strip()

    def git(self, *arguments: str, folder: Path, more: Mapping[str, str] | None = None) -> str:
        """What git prints; bytes that are no UTF-8 become U+FFFD."""
        try:
            done = subprocess.run(  # noqa: S603 - our own arguments, no shell
                ["git", *_SETTINGS, *arguments],  # noqa: S607 - git from PATH
                cwd=folder,
                env={**self._environment, **(more or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise UserError(
                "git is not installed, and nothing else can compare two directories; give --diff"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise UpstreamError(f"git took more than {_SECONDS:g} s to compare two directories; give --diff") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-_TAIL:]
            raise UpstreamError(f"git {arguments[0]} failed in {folder}: {said}")
        return done.stdout.decode(errors="replace")
