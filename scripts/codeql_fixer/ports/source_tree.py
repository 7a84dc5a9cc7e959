"""SourceTree: the text of the target's files."""

from __future__ import annotations

from typing import Protocol


class SourceTree(Protocol):
    """Read-only view of a checkout; nothing outside of it can be reached."""

    def text(self, file: str) -> str | None:
        """The text of a repository-relative POSIX path.

        None when the file is not at hand: missing, outside, behind a symbolic link, too large or no regular file.
        """
        ...

    def files(self) -> tuple[str, ...]:
        """Every regular file that git would track, repository-relative and sorted; empty without a checkout."""
        ...

    def commit(self) -> str:
        """The commit that is checked out, "" when that is not known."""
        ...
