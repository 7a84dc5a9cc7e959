"""Attachments, knowledge, playbooks and secrets of API v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from codeql_fixer.twin.devin.library import FOLDER_NAME, Note, Playbook, Secret, check_macro
from codeql_fixer.twin.devin.reading import body_of
from codeql_fixer.twin.devin.routing import Call, Route
from codeql_fixer.twin.devin.uploads import redirected, uploaded
from codeql_fixer.twin.devin.v1_sessions import iso
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.devin.state import State

_NOBODY = "The requested resource does not exist"
_SUCCESS = {"status": "success"}


class _NoteRequest(Struct, frozen=True, kw_only=True):
    name: str
    body: str
    trigger_description: str
    parent_folder_id: str | None = None
    pinned_repo: str | None = None
    macro: str | None = None


class _PlaybookRequest(Struct, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1)]
    body: Annotated[str, Meta(min_length=1)]
    macro: str | None = None


class _SecretRequest(Struct, frozen=True, kw_only=True):
    type: Literal["cookie", "key-value", "dictionary", "totp"]
    key: Annotated[str, Meta(min_length=1)]
    value: str
    sensitive: bool = True
    note: str | None = None


class V1Library:
    """Answers requests about what an organization keeps."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("POST", "/v1/attachments", self.upload)
        yield Route("GET", "/v1/attachments/{uuid}/{name}", self.download)
        yield Route("GET", "/v1/knowledge", self.notes)
        yield Route("POST", "/v1/knowledge", self.create_note)
        yield Route("PUT", "/v1/knowledge/{note_id}", self.update_note)
        yield Route("DELETE", "/v1/knowledge/{note_id}", self.delete_note)
        yield Route("GET", "/v1/playbooks", self.playbooks)
        yield Route("POST", "/v1/playbooks", self.create_playbook)
        yield Route("GET", "/v1/playbooks/{playbook_id}", self.playbook)
        yield Route("PUT", "/v1/playbooks/{playbook_id}", self.update_playbook)
        yield Route("DELETE", "/v1/playbooks/{playbook_id}", self.delete_playbook)
        yield Route("GET", "/v1/secrets", self.secrets)
        yield Route("POST", "/v1/secrets", self.create_secret)
        yield Route("DELETE", "/v1/secrets/{secret_id}", self.delete_secret)

    @property
    def _is_old(self) -> bool:
        return self._state.switches.v1_era == "old"

    def upload(self, call: Call) -> Response:
        """Keep a file; the answer is its address, as text at first and as a string of JSON since."""
        url = self._state.attachment_url(uploaded(self._state, call), "v1")
        return Response(content=url.encode(), media_type="text/plain; charset=utf-8") if self._is_old else answer(url)

    def download(self, call: Call) -> Response:
        """The way to a file."""
        return redirected(self._state, call)

    def notes(self, call: Call) -> Response:
        """All notes and folders."""
        del call
        folder = {
            "id": self._state.folder_id,
            "name": FOLDER_NAME,
            "description": "What to know about security",
            "created_at": iso(0),
        }
        return answer({"knowledge": [_note(one) for one in self._state.notes], "folders": [folder]})

    def create_note(self, call: Call) -> Response:
        """A new note."""
        members = self._note_members(call)
        return answer(_note(self._state.notes.put(Note(**self._state.notes.next(call.now), **members))))

    def update_note(self, call: Call) -> Response:
        """Replace a note."""
        entry = replace(self._note(call), updated_at=call.now, **self._note_members(call))
        return answer(_note(self._state.notes.put(entry)))

    def delete_note(self, call: Call) -> Response:
        """Take a note away."""
        self._state.notes.remove(self._note(call))
        return Response(status=204)

    def _note(self, call: Call) -> Note:
        entry = self._state.notes.get(call.parts["note_id"])
        if entry is None:
            raise Problem(404, _NOBODY)
        return entry

    def _note_members(self, call: Call) -> dict[str, Any]:
        given = body_of(call.request, _NoteRequest)
        if given.parent_folder_id not in {None, self._state.folder_id}:
            raise Problem(404, _NOBODY)
        return {
            "name": given.name,
            "body": given.body,
            "trigger": given.trigger_description,
            "folder_id": given.parent_folder_id,
            "pinned_repo": given.pinned_repo,
        }

    def playbooks(self, call: Call) -> Response:
        """All playbooks."""
        del call
        items = [self._playbook_described(one) for one in self._state.playbooks]
        return answer({"items": items} if self._state.switches.wraps_arrays else items)

    def create_playbook(self, call: Call) -> Response:
        """A new playbook."""
        given = self._playbook_request(call, None)
        entry = Playbook(**self._state.playbooks.next(call.now), title=given.title, body=given.body, macro=given.macro)
        return answer(self._playbook_described(self._state.playbooks.put(entry)))

    def playbook(self, call: Call) -> Response:
        """One playbook."""
        return answer(self._playbook_described(self._playbook(call)))

    def update_playbook(self, call: Call) -> Response:
        """Replace a playbook."""
        known = self._playbook(call)
        given = self._playbook_request(call, known)
        entry = replace(known, title=given.title, body=given.body, macro=given.macro, updated_at=call.now)
        self._state.playbooks.put(entry)
        return answer(_SUCCESS)

    def delete_playbook(self, call: Call) -> Response:
        """Take a playbook away."""
        self._state.playbooks.remove(self._playbook(call))
        return answer(_SUCCESS)

    def _playbook(self, call: Call) -> Playbook:
        entry = self._state.playbooks.get(call.parts["playbook_id"])
        if entry is None:
            raise Problem(404, _NOBODY)
        return entry

    def _playbook_request(self, call: Call, known: Playbook | None) -> _PlaybookRequest:
        given = body_of(call.request, _PlaybookRequest)
        if given.macro:
            check_macro(given.macro, (one for one in self._state.playbooks if one != known))
        return given

    def _playbook_described(self, entry: Playbook) -> dict[str, Any]:
        return {
            "playbook_id": entry.id,
            "title": entry.title,
            "body": entry.body,
            "status": "published",
            "access_type": "team",
            "org_id": self._state.org_id,
            "created_at": iso(entry.created_at),
            "updated_at": iso(entry.updated_at),
            "created_by_user_id": None,
            "created_by_user_name": None,
            "updated_by_user_id": None,
            "updated_by_user_name": None,
            "macro": entry.macro,
        }

    def secrets(self, call: Call) -> Response:
        """All secrets, without their values."""
        del call
        if not self._is_old:
            return answer([_secret(one) for one in self._state.secrets])
        return answer({"secrets": [_old_secret(one) for one in self._state.secrets]})

    def create_secret(self, call: Call) -> Response:
        """A new secret."""
        given = body_of(call.request, _SecretRequest)
        if any(one.key == given.key for one in self._state.secrets):
            raise Problem(409, "Secret name is not unique")
        entry = Secret(
            **self._state.secrets.next(call.now),
            key=given.key,
            kind=given.type,
            note=given.note,
            is_sensitive=given.sensitive,
        )
        self._state.secrets.put(entry)
        return answer({"id": entry.id}, status=201 if self._is_old else 200)

    def delete_secret(self, call: Call) -> Response:
        """Take a secret away."""
        entry = self._state.secrets.get(call.parts["secret_id"])
        if entry is None:
            raise Problem(404, _NOBODY)
        self._state.secrets.remove(entry)
        return Response(status=204)


def _note(entry: Note) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "body": entry.body,
        "trigger_description": entry.trigger,
        "parent_folder_id": entry.folder_id,
        "pinned_repo": entry.pinned_repo,
        "created_at": iso(entry.created_at),
    }


def _secret(entry: Secret) -> dict[str, Any]:
    return {"id": entry.id, "type": entry.kind, "key": entry.key, "created_at": iso(entry.created_at)}


def _old_secret(entry: Secret) -> dict[str, Any]:
    return {
        "secret_id": entry.id,
        "secret_type": entry.kind,
        "secret_name": entry.key,
        "created_at": iso(entry.created_at),
    }
