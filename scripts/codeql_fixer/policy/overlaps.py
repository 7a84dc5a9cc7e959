"""Keeps sessions out of each other's way: one session per file of a repository, and not too many open pull requests."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class WorkInProgress:
    """What is being worked on, as decisions are made. Both kinds of waiting end by an event, at no known time.

    Args:
        busy: the files that open sessions and open pull requests change, by repository.
        open_prs: the pull requests that are open, or that a session at work may still open, by repository.
    """

    def __init__(self, busy: Mapping[str, Iterable[str]], open_prs: Mapping[str, int]) -> None:
        self._busy = {(repository.lower(), file) for repository, files in busy.items() for file in files}
        self._open_prs: Counter[str] = Counter()
        for repository, count in open_prs.items():
            self._open_prs[repository.lower()] += count

    def is_busy(self, repository: str, file: str) -> bool:
        """True when a session works on this file; "" is no file, and never busy."""
        return bool(file) and (repository.lower(), file) in self._busy

    def problem(self, repository: str, files: Iterable[str], max_open_prs: int | None) -> str:
        """Why a session for these files of a repository has to wait, "" when it need not."""
        busy = next((file for file in sorted(files) if self.is_busy(repository, file)), "")
        if busy:
            return f"a session is at work on {busy}"
        if max_open_prs is not None and self._open_prs[repository.lower()] >= max_open_prs:
            return (
                f"{counted(max_open_prs, 'pull request')} of the repository are the limit, and are open or on the way"
            )
        return ""

    def take(self, repository: str, files: Iterable[str]) -> None:
        """A session for these files starts, and will open a pull request."""
        self._busy |= {(repository.lower(), file) for file in files}
        self._open_prs[repository.lower()] += 1
