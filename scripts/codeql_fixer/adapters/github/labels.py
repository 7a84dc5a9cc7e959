"""Labels of pull requests and issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.adapters.github.paths import part, repository_path
from codeql_fixer.adapters.github.refusals import NOT_FOUND, told
from codeql_fixer.adapters.github.wire import parsed
from codeql_fixer.adapters.github.wire_of_reviews import Label
from codeql_fixer.transport.errors import HttpError, StatusError

if TYPE_CHECKING:
    from collections.abc import Collection

    from codeql_fixer.adapters.github.library import Library

_WRITE = "scope repo, or the permissions Issues: write and Pull requests: write"
_COLOR = "1d76db"
_MADE_BY = "Made by CodeQL Fixer"
_UNPROCESSABLE = 422


class Labels:
    """Puts labels on and takes them off. To do that twice does no harm, so a lost answer is only looked after.

    Args:
        library: knows how calls are written.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def change(self, repository: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Have some labels on a pull request or issue, and others not; names differ by more than their case."""
        path = f"{repository_path(repository)}/issues/{number}/labels"
        with told(f"labels of {repository}#{number}", permission=_WRITE):
            present = self._present(path)
            for name in sorted(set(remove)):
                if name.lower() in present:
                    self._take_off(f"{path}/{part(name)}")
            missing = sorted(name for name in set(add) if name.lower() not in present)
            for name in missing:
                self.make(repository, name)
            if missing:
                self._put_on(path, missing)

    def make(self, repository: str, name: str) -> None:
        """Have a label in a repository."""
        labels = f"{repository_path(repository)}/labels"
        if self._is_there(labels, name):
            return
        try:
            self._library.post(labels, {"name": name, "color": _COLOR, "description": _MADE_BY})
        except HttpError as error:
            # Somebody else was faster, or the answer is lost.
            is_doubtful = error.may_have_acted or (isinstance(error, StatusError) and error.status == _UNPROCESSABLE)
            if not is_doubtful or not self._is_there(labels, name):
                raise

    def _put_on(self, path: str, names: list[str]) -> None:
        try:
            self._library.post(path, {"labels": names})
        except HttpError as error:
            if not error.may_have_acted or not {name.lower() for name in names} <= self._present(path):
                raise

    def _take_off(self, path: str) -> None:
        try:
            self._library.delete(path)
        except StatusError as error:
            if error.status != NOT_FOUND:  # somebody else was faster, or we were, and the answer got lost
                raise

    def _present(self, path: str) -> set[str]:
        return {parsed(entry, Label, "a label").name.lower() for entry in self._library.pages(path, {})}

    def _is_there(self, path: str, name: str) -> bool:
        try:
            self._library.get(f"{path}/{part(name)}")
        except StatusError as error:
            if error.status != NOT_FOUND:
                raise
            return False
        return True
