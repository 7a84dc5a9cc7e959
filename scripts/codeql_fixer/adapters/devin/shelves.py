"""Playbooks and knowledge notes on the wire, in both generations of the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from msgspec import Meta, Struct

from codeql_fixer.adapters.devin.library import Document, Kept
from codeql_fixer.adapters.devin.paging import PAGE, by_cursor
from codeql_fixer.adapters.devin.wire import Page, decoded, moment
from codeql_fixer.adapters.devin.wire_v3 import Paged, paged
from codeql_fixer.transport.errors import DamagedAnswerError
from codeql_fixer.transport.http import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.transport.http import HttpClient

_ENTERPRISE = "enterprise"  # listed with those of the organization, and not the organization's to change
_DELETED = "deleted"  # v1 goes on listing them


class _Playbook(Struct):
    playbook_id: Annotated[str, Meta(min_length=1)]
    title: str | None = None
    body: str | None = None
    macro: str | None = None
    created_at: float | str | None = None
    access_type: str | None = None
    status: str | None = None


class _Playbooks(Paged, kw_only=True):
    items: list[_Playbook]


class _Note(Struct):
    """`note_id` and `folder_id` in v3, `id` and `parent_folder_id` in v1."""

    note_id: str = ""
    id: str = ""
    name: str | None = None
    body: str | None = None
    created_at: float | str | None = None
    access_type: str | None = None
    folder_id: str | None = None
    parent_folder_id: str | None = None
    is_enabled: bool | None = None


class _Notes(Paged, kw_only=True):
    items: list[_Note]


class _Knowledge(Struct):
    knowledge: list[_Note]


def parse_playbooks(body: bytes) -> Page:
    """A page of playbooks; v1 lists all of them at once, bare or as `items`."""
    if body.lstrip().startswith(b"["):
        found = _Playbooks(items=decoded(body, list[_Playbook], "list playbooks"))
    else:
        found = decoded(body, _Playbooks, "list playbooks")
    ours = [one for one in found.items if one.access_type != _ENTERPRISE and one.status != _DELETED]
    return paged(found, map(_kept_playbook, ours))


def parse_playbook_id(body: bytes) -> str:
    """The id of a playbook."""
    return decoded(body, _Playbook, "create a playbook").playbook_id


def parse_notes(body: bytes) -> Page:
    """A page of notes of v3."""
    found = decoded(body, _Notes, "list notes")
    return paged(found, [_kept_note(one) for one in found.items if one.access_type != _ENTERPRISE])


def parse_knowledge(body: bytes) -> Page:
    """The notes of v1."""
    return Page(tuple(map(_kept_note, decoded(body, _Knowledge, "list knowledge").knowledge)))


def parse_note_id(body: bytes) -> str:
    """The id of a note."""
    return _kept_note(decoded(body, _Note, "create a note")).id


def _kept_playbook(found: _Playbook) -> Kept:
    return Kept(
        id=found.playbook_id,
        name=found.title or "",
        body=found.body or "",
        created_at=moment(found.created_at),
        macro=found.macro,
    )


def _kept_note(found: _Note) -> Kept:
    if not (found.note_id or found.id):
        raise DamagedAnswerError("a note of Devin has no id")
    return Kept(
        id=found.note_id or found.id,
        name=found.name or "",
        body=found.body or "",
        created_at=moment(found.created_at),
        folder_id=found.folder_id or found.parent_folder_id,
        is_enabled=found.is_enabled,
    )


class HttpShelf(ABC):
    """What all shelves have in common.

    Args:
        client: of the server.
        path: of the list.
    """

    def __init__(self, client: HttpClient, path: str) -> None:
        self._client, self._path = client, path

    def kept(self) -> Iterator[Kept]:
        """All of them."""
        for page in by_cursor(lambda cursor: self._page(self._client.ask(self._list(cursor)))):
            yield from page.items

    def add(self, document: Document) -> str:
        """POST."""
        return self._id(self._client.ask(Call(method="POST", path=self._path, content=self._content(document, None))))

    def change(self, kept: Kept, document: Document) -> None:
        """PUT, which clears what it does not mention: so what people chose is said again."""
        self._client.ask(Call(method="PUT", path=self._place(kept.id), content=self._content(document, kept)))

    def remove(self, kept_id: str) -> None:
        """DELETE."""
        self._client.ask(Call(method="DELETE", path=self._place(kept_id)))

    def _place(self, kept_id: str) -> str:
        return f"{self._path}/{quote(kept_id, safe='')}"

    def _list(self, cursor: str) -> Call:
        query = (("first", str(PAGE)), *([("after", cursor)] if cursor else []))
        return Call(method="GET", path=self._path, query=query)

    @abstractmethod
    def _page(self, body: bytes) -> Page: ...

    @abstractmethod
    def _id(self, body: bytes) -> str: ...

    @abstractmethod
    def _content(self, document: Document, kept: Kept | None) -> dict[str, Any]:
        """What to write, over what is there."""


class Playbooks(HttpShelf):
    """Playbooks, the same in v3 and v1."""

    def _page(self, body: bytes) -> Page:
        return parse_playbooks(body)

    def _id(self, body: bytes) -> str:
        return parse_playbook_id(body)

    def _content(self, document: Document, kept: Kept | None) -> dict[str, Any]:
        macro = {"macro": kept.macro} if kept and kept.macro else {}
        return {"title": document.name, "body": document.text, **macro}


class Notes(HttpShelf):
    """Notes of v3."""

    def _page(self, body: bytes) -> Page:
        return parse_notes(body)

    def _id(self, body: bytes) -> str:
        return parse_note_id(body)

    def _content(self, document: Document, kept: Kept | None) -> dict[str, Any]:
        return {
            "name": document.name,
            "body": document.text,
            "trigger": document.trigger,
            "pinned_repo": document.pinned_repo or None,
            "folder_id": kept.folder_id if kept else document.folder_id or None,
            "is_enabled": kept.is_enabled if kept else True,
        }


class Knowledge(HttpShelf):
    """Notes of v1, which come without pages."""

    def _list(self, cursor: str) -> Call:
        del cursor
        return Call(method="GET", path=self._path)

    def _page(self, body: bytes) -> Page:
        return parse_knowledge(body)

    def _id(self, body: bytes) -> str:
        return parse_note_id(body)

    def _content(self, document: Document, kept: Kept | None) -> dict[str, Any]:
        return {
            "name": document.name,
            "body": document.text,
            "trigger_description": document.trigger,
            "pinned_repo": document.pinned_repo or None,
            "parent_folder_id": kept.folder_id if kept else document.folder_id or None,
        }
