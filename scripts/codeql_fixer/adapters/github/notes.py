"""Comments and issues of ours: found by their marker before anything is written, and again when an answer is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from codeql_fixer.adapters.github.paths import repository_path
from codeql_fixer.adapters.github.refusals import told
from codeql_fixer.adapters.github.wire_of_reviews import Note, parse_note
from codeql_fixer.policy.markers import has_marker, is_same, marked
from codeql_fixer.transport.errors import HttpError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from codeql_fixer.adapters.github.identity import Identity
    from codeql_fixer.adapters.github.labels import Labels
    from codeql_fixer.adapters.github.library import Library

_COMMENT = "scope repo, or the permissions Issues: write and Pull requests: write"
_ISSUE = "scope repo, or the permission Issues: write"


class Notes:
    """Writes them; threads may share it.

    Args:
        library: knows how calls are written.
        labels: makes labels.
        identity: who we are: only our own words count, since anybody can write a marker into a comment.
    """

    def __init__(self, library: Library, labels: Labels, identity: Callable[[], Identity]) -> None:
        self._library, self._labels, self._identity = library, labels, identity
        self._one_at_a_time = threading.Lock()

    def comment(self, repository: str, number: int, *, marker: str, body: str) -> str:
        """Say something at a pull request or issue, or say it in another way; returns its address."""
        base, text = repository_path(repository), marked(marker, body)
        path = f"{base}/issues/{number}/comments"
        with told(f"comments of {repository}#{number}", permission=_COMMENT), self._one_at_a_time:
            note = self._written(lambda: self._find(path, {}, marker), lambda: self._library.post(path, {"body": text}))
            if not is_same(note.text, text):
                note = parse_note(self._library.patch(f"{base}/issues/comments/{note.id}", {"body": text}))
            return note.html_url

    def issue(self, repository: str, *, marker: str, title: str, body: str, labels: Collection[str]) -> str:
        """Open an issue, or change the open one; returns its address. Labels that people put on stay."""
        path, text = f"{repository_path(repository)}/issues", marked(marker, body)
        content = {"title": title, "body": text}
        with told(f"issues of {repository}", permission=_ISSUE), self._one_at_a_time:
            for name in sorted(set(labels)):
                self._labels.make(repository, name)
            note = self._written(
                lambda: self._find(path, self._whose(), marker),
                lambda: self._library.post(path, {**content, "labels": sorted(set(labels))}),
            )
            if note.title != title or not is_same(note.text, text):
                note = parse_note(self._library.patch(f"{path}/{note.number}", content))
            if not {name.lower() for name in labels} <= {label.name.lower() for label in note.labels}:
                self._labels.change(repository, note.number, add=labels, remove=())
            return note.html_url

    def _whose(self) -> dict[str, str]:
        """Which issues to look through: those of a user, since a repository may have thousands.

        Not those of an App: where that question is not understood, it is answered with none
        (https://github.com/renovatebot/renovate/issues/44730), and each run would open one more.
        """
        identity = self._identity()
        author = {} if identity.is_app else {"creator": identity.login}
        return {"state": "open", "sort": "created", "direction": "asc", **author}

    def _written(self, find: Callable[[], Note | None], create: Callable[[], object]) -> Note:
        """What is there under the marker, created where there is nothing.

        Where nobody can tell whether it was created, one look more does; when it is not there even then, it may still
        be on its way, and the error says so. Whoever asks again finds it by its marker.
        """
        known = find()
        if known is not None:
            return known
        try:
            return parse_note(create())
        except HttpError as error:
            known = find() if error.may_have_acted else None
            if known is None:
                raise
            return known

    def _find(self, path: str, parameters: dict[str, str], marker: str) -> Note | None:
        """The oldest of ours with that marker, should two runs have written one at the same moment."""
        for entry in self._library.pages(path, parameters):
            note = parse_note(entry)
            if has_marker(marker, note.text) and note.pull_request is None and self._identity().wrote(note.user):
                return note
        return None
