"""Playbooks and knowledge notes that Devin keeps for us: brought up to date by the digest of their content.

Only what bears a name that begins with `codeql-fixer: ` is ours; nothing else is ever changed or removed.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from codeql_fixer.adapters.devin.refusals import FORBIDDEN, NOT_FOUND, told
from codeql_fixer.errors import SessionRefusedError, UserError
from codeql_fixer.transport.errors import HttpError, StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from codeql_fixer.ports.knowledge import Note

OURS = "codeql-fixer: "
_LAST = datetime.max.replace(tzinfo=UTC)
_SUFFIX = ".devin.md"
# The service tells times in whole seconds. Who has added something looks again when that second is over, so that two
# who add the same at once see each other, and let the same one stay.
_SETTLE_SECONDS = (2.0, 2.0, 4.0)


class Document(Struct, frozen=True, kw_only=True):
    """A playbook or a note as it ought to be. A playbook has no `trigger`; `pinned_repo` is owner/name, "all" or ""."""

    name: str
    body: str
    trigger: str = ""
    pinned_repo: str = ""
    folder_id: str = ""

    @property
    def mark(self) -> str:
        """The last line of the body, by which we know what we wrote there."""
        content = msgspec.json.encode((self.body, self.trigger, self.pinned_repo))
        return f"<!-- codeql-fixer {hashlib.sha256(content).hexdigest()} -->"

    @property
    def text(self) -> str:
        """The body with its mark."""
        return f"{self.body.rstrip()}\n\n{self.mark}\n"


class Kept(Struct, frozen=True, kw_only=True):
    """A playbook or a note as the service has it; people may have chosen a macro, or a folder, or switched it off."""

    id: str
    name: str
    body: str = ""
    created_at: datetime | None = None
    macro: str | None = None
    folder_id: str | None = None
    is_enabled: bool | None = None


class Shelf(Protocol):
    """The playbooks of an organization, or its notes, in one generation of the API. Every call may raise HttpError."""

    def kept(self) -> Iterator[Kept]:
        """All of them; one may come twice."""
        ...

    def add(self, document: Document) -> str:
        """Put one there; returns its id."""
        ...

    def change(self, kept: Kept, document: Document) -> None:
        """Give one another content."""
        ...

    def remove(self, kept_id: str) -> None:
        """Take one away."""
        ...


class Library:
    """Playbooks and notes of one organization.

    Args:
        playbooks: where playbooks are.
        notes: where notes are.
        sleep: waits between adding and looking.
        folder_id: where new notes go, "" for no folder.
    """

    def __init__(
        self, playbooks: Shelf, notes: Shelf, *, sleep: Callable[[float], None] = time.sleep, folder_id: str = ""
    ) -> None:
        self._playbooks, self._notes, self._sleep, self._folder_id = playbooks, notes, sleep, folder_id

    def sync_playbooks(self, directory: Path) -> Mapping[str, str]:
        """Bring the playbooks up to date with `<name>.devin.md` of a directory; returns ids by name.

        Raises:
            UserError: the directory holds none, or one cannot be read.
            SessionRefusedError: the key may not do that; it may be good for sessions all the same.
            AgentDeniedError: the key is not accepted.
            AgentUnavailableError: the service does not answer.
        """
        try:
            texts = {path: path.read_text(encoding="utf-8") for path in sorted(directory.glob(f"*{_SUFFIX}"))}
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{directory}: a playbook cannot be read: {error}") from error
        if not texts:
            raise UserError(f"{directory}: holds no playbooks (*{_SUFFIX})")
        names = {path: path.name.removesuffix(_SUFFIX) for path in texts}
        ids = self._synced(self._playbooks, [Document(name=OURS + names[path], body=texts[path]) for path in texts])
        return {name: ids[OURS + name] for name in names.values()}

    def sync_note(self, name: str, *, body: str, trigger: str, pinned_repo: str = "", folder_id: str = "") -> str:
        """Bring one note up to date; returns its id.

        Args:
            name: without the beginning that marks names as ours.
            body: a few sentences of Markdown.
            trigger: when Devin ought to think of it.
            pinned_repo: owner/name of the repository where it always holds, "all", or "".
            folder_id: where a new one goes; one that is there stays where people put it.

        Raises:
            SessionRefusedError: the key may not do that; it may be good for sessions all the same.
            AgentDeniedError: the key is not accepted.
            AgentUnavailableError: the service does not answer.
        """
        document = Document(
            name=OURS + name.removeprefix(OURS),
            body=body,
            trigger=trigger,
            pinned_repo=pinned_repo,
            folder_id=folder_id,
        )
        return self._synced(self._notes, [document])[document.name]

    def sync_notes(self, notes: Sequence[Note], *, stale: Collection[str], most: int) -> int:
        """Bring notes up to date and take stale ones away; see the port. One reading where nothing is to be done."""
        documents = [
            Document(
                name=OURS + note.name,
                body=note.body,
                trigger=note.trigger,
                pinned_repo=note.pinned_repo,
                folder_id=self._folder_id,
            )
            for note in notes
        ]
        with told(is_order=True), _not_ours_to_write():
            kept = [one for one in self._notes.kept() if one.name.startswith(OURS)]
            gone = {OURS + name for name in stale}
            for one in kept:
                if one.name in gone:
                    _remove(self._notes, one)
        bodies = {one.name: one.body.rstrip() for one in kept if one.name not in gone}
        room = max(0, most - len(bodies))
        new = [document for document in documents if document.name not in bodies][:room]
        changed = [one for one in documents if one.name in bodies and not bodies[one.name].endswith(one.mark)]
        if new or changed:
            self._synced(self._notes, [*new, *changed])
        return len(bodies) + len(new)

    def _synced(self, shelf: Shelf, documents: Sequence[Document]) -> dict[str, str]:
        """Ids by name, once the shelf holds each document and nothing else under its name."""
        with told(is_order=True), _not_ours_to_write():
            names = {document.name for document in documents}
            kept = _by_name(shelf.kept(), names)
            missing = [document for document in documents if document.name not in kept]
            if missing:
                kept = self._added(shelf, missing, names)
            return {document.name: _settled(shelf, document, kept[document.name]) for document in documents}

    def _added(self, shelf: Shelf, missing: Sequence[Document], names: set[str]) -> dict[str, list[Kept]]:
        """What the shelf holds after adding what is missing; what was added and is not shown yet is taken as there."""
        added, failure = dict[str, Kept](), None
        for document in missing:
            try:
                added[document.name] = Kept(id=shelf.add(document), name=document.name, body=document.text)
            except HttpError as error:
                if not error.may_have_acted:
                    raise
                failure = error  # it may be there
        kept = dict[str, list[Kept]]()
        for seconds in _SETTLE_SECONDS:
            self._sleep(seconds)
            kept = _by_name(shelf.kept(), names)
            if kept.keys() >= names:
                return kept
        for name, one in added.items():
            kept.setdefault(name, [one])
        if failure and kept.keys() < names:
            raise failure
        return kept


@contextmanager
def _not_ours_to_write() -> Iterator[None]:
    try:
        yield
    except StatusError as error:
        if error.status == FORBIDDEN:
            raise SessionRefusedError(f"{error} (the key may not write playbooks or knowledge)") from error
        raise


def _by_name(found: Iterable[Kept], names: set[str]) -> dict[str, list[Kept]]:
    """Those with one of the names, each once, the oldest first: that one stays."""
    kept: dict[str, list[Kept]] = {}
    for one in {one.id: one for one in found if one.name in names}.values():
        kept.setdefault(one.name, []).append(one)
    for same in kept.values():
        same.sort(key=lambda one: (one.created_at or _LAST, one.id))
    return kept


def _settled(shelf: Shelf, document: Document, same: Sequence[Kept]) -> str:
    """The id of the one that stays, brought up to date; the others are removed."""
    first, *others = same
    if not first.body.rstrip().endswith(document.mark):
        shelf.change(first, document)
    for other in others:
        _remove(shelf, other)
    return first.id


def _remove(shelf: Shelf, kept: Kept) -> None:
    try:
        shelf.remove(kept.id)
    except StatusError as error:
        if error.status not in {NOT_FOUND, FORBIDDEN}:  # somebody was faster; 403 is what some of them say then
            raise
