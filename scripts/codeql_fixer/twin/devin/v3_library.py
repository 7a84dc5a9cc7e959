"""Playbooks, knowledge notes and secrets of API v3: /v3/organizations/{org_id}/..."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from codeql_fixer.twin.devin.library import FOLDER_NAME, Note, Playbook, Secret, check_macro
from codeql_fixer.twin.devin.order_checks import check_schema
from codeql_fixer.twin.devin.problems import invalid
from codeql_fixer.twin.devin.reading import body_of, page_of, text_of
from codeql_fixer.twin.devin.routing import Call, Route
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.devin.state import State

_BASE = "/v3/organizations/{org_id}"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _PlaybookRequest(Struct, frozen=True, kw_only=True):
    """A member that may be null keeps its value when it is left out, and loses it when it is null."""

    title: str
    body: str
    macro: str | UnsetType | None = UNSET
    structured_output_schema: dict[str, Any] | UnsetType | None = UNSET


class _NoteRequest(Struct, frozen=True, kw_only=True):
    name: str
    body: str
    trigger: str
    folder_id: str | None = None
    is_enabled: bool | None = None
    pinned_repo: str | None = None


class _SecretRequest(Struct, frozen=True, kw_only=True):
    type: Literal["cookie", "key-value", "totp"]
    key: Annotated[str, Meta(min_length=1)]
    value: str
    is_sensitive: bool = True
    note: str | None = None


class V3Library:
    """Answers requests about what an organization keeps."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        playbooks, notes = f"{_BASE}/playbooks", f"{_BASE}/knowledge/notes"
        yield Route("GET", playbooks, self.playbooks)
        yield Route("POST", playbooks, self.create_playbook)
        yield Route("GET", f"{playbooks}/{{playbook_id}}", self.playbook)
        yield Route("PUT", f"{playbooks}/{{playbook_id}}", self.update_playbook)
        yield Route("DELETE", f"{playbooks}/{{playbook_id}}", self.delete_playbook)
        yield Route("GET", notes, self.notes)
        yield Route("POST", notes, self.create_note)
        yield Route("GET", f"{notes}/{{note_id}}", self.note)
        yield Route("PUT", f"{notes}/{{note_id}}", self.update_note)
        yield Route("DELETE", f"{notes}/{{note_id}}", self.delete_note)
        yield Route("GET", f"{_BASE}/knowledge/folders", self.folders)
        yield Route("GET", f"{_BASE}/secrets", self.secrets)
        yield Route("POST", f"{_BASE}/secrets", self.create_secret)
        yield Route("DELETE", f"{_BASE}/secrets/{{secret_id}}", self.delete_secret)

    # --- playbooks

    def playbooks(self, call: Call) -> Response:
        """A page of playbooks."""
        page, more = page_of(call.request, self._state.playbooks, lambda one: one.number, order="oldest")
        return answer({"items": [self._playbook_described(one) for one in page], **more})

    def create_playbook(self, call: Call) -> Response:
        """A new playbook."""
        given = body_of(call.request, _PlaybookRequest)
        self._check_playbook(given)
        entry = Playbook(
            **self._state.playbooks.next(call.now),
            title=given.title,
            body=given.body,
            macro=given.macro or None,
            output_schema=given.structured_output_schema or None,
        )
        return answer(self._playbook_described(self._state.playbooks.put(entry)))

    def playbook(self, call: Call) -> Response:
        """One playbook."""
        return answer(self._playbook_described(self._playbook(call)))

    def update_playbook(self, call: Call) -> Response:
        """Change a playbook."""
        known, given = self._playbook(call), body_of(call.request, _PlaybookRequest)
        self._check_playbook(given, known)
        schema = given.structured_output_schema
        entry = replace(
            known,
            title=given.title,
            body=given.body,
            macro=known.macro if given.macro is UNSET else given.macro,
            output_schema=known.output_schema if schema is UNSET else schema,
            updated_at=call.now,
        )
        return answer(self._playbook_described(self._state.playbooks.put(entry)))

    def delete_playbook(self, call: Call) -> Response:
        """Take a playbook away; the answer is what it was."""
        entry = self._playbook(call)
        self._state.playbooks.remove(entry)
        return answer(self._playbook_described(entry))

    def _playbook(self, call: Call) -> Playbook:
        entry = self._state.playbooks.get(call.parts["playbook_id"])
        if entry is None:
            raise Problem(404, "Playbook not found")
        return entry

    def _check_playbook(self, given: _PlaybookRequest, known: Playbook | None = None) -> None:
        if given.structured_output_schema:
            check_schema(given.structured_output_schema)
        if given.macro:
            check_macro(given.macro, (one for one in self._state.playbooks if one != known))

    def _playbook_described(self, entry: Playbook) -> dict[str, Any]:
        return {
            "playbook_id": entry.id,
            "title": entry.title,
            "body": entry.body,
            "macro": entry.macro,
            "structured_output_schema": entry.output_schema,
            "access_type": "org",
            "org_id": self._state.org_id,
            "created_by": self._state.service_user_id,
            "updated_by": self._state.service_user_id,
            "created_at": int(entry.created_at),
            "updated_at": int(entry.updated_at),
        }

    # --- knowledge

    def notes(self, call: Call) -> Response:
        """A page of notes."""
        search, path = text_of(call.request, "search").lower(), text_of(call.request, "folder_path")
        pinned = text_of(call.request, "pinned_repo")
        found = (
            one
            for one in self._state.notes
            if search in f"{one.name}\n{one.body}".lower()
            and (not path or _folder_path(one) == path)
            and (not pinned or one.pinned_repo == pinned)
        )
        page, more = page_of(call.request, found, lambda one: one.number, order="oldest")
        return answer({"items": [self._note_described(one) for one in page], **more})

    def create_note(self, call: Call) -> Response:
        """A new note."""
        members = self._note_members(call)
        return answer(self._note_described(self._state.notes.put(Note(**self._state.notes.next(call.now), **members))))

    def note(self, call: Call) -> Response:
        """One note."""
        return answer(self._note_described(self._note(call)))

    def update_note(self, call: Call) -> Response:
        """Replace a note as a whole: what is left out is gone."""
        entry = replace(self._note(call), updated_at=call.now, **self._note_members(call))
        return answer(self._note_described(self._state.notes.put(entry)))

    def delete_note(self, call: Call) -> Response:
        """Take a note away; the answer is what it was."""
        entry = self._note(call)
        self._state.notes.remove(entry)
        return answer(self._note_described(entry))

    def folders(self, call: Call) -> Response:
        """All folders and how many notes are in each."""
        del call
        inside = sum(one.folder_id is not None for one in self._state.notes)
        folder = {
            "folder_id": self._state.folder_id,
            "name": FOLDER_NAME,
            "note_count": inside,
            "parent_folder_id": None,
            "path": f"/{FOLDER_NAME}",
        }
        return answer({"folders": [folder], "root_note_count": len(list(self._state.notes)) - inside})

    def _note(self, call: Call) -> Note:
        entry = self._state.notes.get(call.parts["note_id"])
        if entry is None:
            raise Problem(404, "Note not found")
        return entry

    def _note_members(self, call: Call) -> dict[str, Any]:
        given = body_of(call.request, _NoteRequest)
        if given.folder_id not in {None, self._state.folder_id}:
            raise Problem(404, "Folder not found")
        return {
            "name": given.name,
            "body": given.body,
            "trigger": given.trigger,
            "folder_id": given.folder_id,
            "is_enabled": given.is_enabled is not False,
            "pinned_repo": given.pinned_repo,
        }

    def _note_described(self, entry: Note) -> dict[str, Any]:
        return {
            "note_id": entry.id,
            "folder_id": entry.folder_id,
            "folder_path": _folder_path(entry),
            "name": entry.name,
            "body": entry.body,
            "trigger": entry.trigger,
            "is_enabled": entry.is_enabled,
            "created_at": int(entry.created_at),
            "updated_at": int(entry.updated_at),
            "access_type": "org",
            "org_id": self._state.org_id,
            "macro": None,
            "pinned_repo": entry.pinned_repo,
        }

    # --- secrets

    def secrets(self, call: Call) -> Response:
        """A page of secrets, without their values."""
        page, more = page_of(call.request, self._state.secrets, lambda one: one.number, order="oldest")
        return answer({"items": [self._secret_described(one) for one in page], **more})

    def create_secret(self, call: Call) -> Response:
        """A new secret."""
        given = body_of(call.request, _SecretRequest)
        if not _VARIABLE.fullmatch(given.key):
            raise invalid("Secret key must be a valid environment variable name", "body", "key")
        if any(one.key == given.key for one in self._state.secrets):
            raise Problem(409, "Secret name is not unique")
        entry = Secret(
            **self._state.secrets.next(call.now),
            key=given.key,
            kind=given.type,
            note=given.note,
            is_sensitive=given.is_sensitive,
        )
        return answer(self._secret_described(self._state.secrets.put(entry)))

    def delete_secret(self, call: Call) -> Response:
        """Take a secret away. One that is not there is 403, not 404: the service was seen to do so."""
        entry = self._state.secrets.get(call.parts["secret_id"])
        if entry is None:
            raise Problem(403, "You do not have permission to access this resource")
        self._state.secrets.remove(entry)
        return answer(self._secret_described(entry))

    def _secret_described(self, entry: Secret) -> dict[str, Any]:
        return {
            "secret_id": entry.id,
            "key": entry.key,
            "note": entry.note,
            "is_sensitive": entry.is_sensitive,
            "secret_type": entry.kind,
            "access_type": "org",
            "created_by": self._state.service_user_id,
            "created_at": int(entry.created_at),
            "updated_by": None,
            "updated_at": None,
        }


def _folder_path(entry: Note) -> str:
    return f"/{FOLDER_NAME}" if entry.folder_id else "/"
