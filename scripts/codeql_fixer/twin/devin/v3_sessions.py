"""Sessions of API v3: /v3/organizations/{org_id}/sessions."""

from __future__ import annotations

import mimetypes
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from codeql_fixer.twin.devin.order_checks import (
    MAX_TAGS,
    AttachmentUrl,
    SessionSecret,
    Tags,
    attached,
    check_addresses,
    check_playbook,
    check_schema,
)
from codeql_fixer.twin.devin.problems import invalid
from codeql_fixer.twin.devin.reading import body_of, flag_of, page_of
from codeql_fixer.twin.devin.routing import Call, Route
from codeql_fixer.twin.devin.session import Order
from codeql_fixer.twin.devin.v3_session_filters import filtered
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.devin.session import Session
    from codeql_fixer.twin.devin.state import State

_BASE = "/v3/organizations/{org_id}/sessions"
_ONE = _BASE + "/{devin_id}"
_PLATFORMS = ("linux", "windows")
_CATEGORY = "security"


class _CreateRequest(Struct, frozen=True, kw_only=True):
    prompt: str
    title: str | None = None
    tags: Tags | None = None
    repos: list[str] | None = None
    playbook_id: str | None = None
    child_playbook_id: str | None = None
    knowledge_ids: list[str] | None = None
    secret_ids: list[str] | None = None
    session_secrets: list[SessionSecret] | None = None
    attachment_urls: list[AttachmentUrl] | None = None
    session_links: list[str] | None = None
    max_acu_limit: int | None = None
    devin_mode: Literal["normal", "fast", "lite", "ultra", "fusion"] | None = None
    platform: str | None = None
    resumable: bool = True
    bypass_approval: bool | None = None
    create_as_user_id: str | None = None
    structured_output_schema: dict[str, Any] | None = None
    structured_output_required: bool | None = None


class _MessageRequest(Struct, frozen=True, kw_only=True):
    message: str
    attachment_urls: list[AttachmentUrl] | None = None
    message_as_user_id: str | None = None


class _TagsRequest(Struct, frozen=True, kw_only=True):
    tags: Tags


class V3Sessions:
    """Answers requests about sessions."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("POST", _BASE, self.create)
        yield Route("GET", _BASE, self.list)
        yield Route("GET", _ONE, self.get)
        yield Route("DELETE", _ONE, self.terminate)
        yield Route("POST", f"{_ONE}/archive", self.archive)
        yield Route("POST", f"{_ONE}/unarchive", self.unarchive)
        yield Route("GET", f"{_ONE}/messages", self.messages)
        yield Route("POST", f"{_ONE}/messages", self.send)
        yield Route("GET", f"{_ONE}/attachments", self.attachments)
        yield Route("GET", f"{_ONE}/tags", self.tags)
        yield Route("POST", f"{_ONE}/tags", self.add_tags)
        yield Route("PUT", f"{_ONE}/tags", self.replace_tags)

    def create(self, call: Call) -> Response:
        """Start a session."""
        given = body_of(call.request, _CreateRequest)
        check_schema(given.structured_output_schema)
        check_addresses(given.attachment_urls)
        _check_impersonation(given.create_as_user_id)
        if given.platform and given.platform.lower() not in _PLATFORMS:
            raise Problem(400, f"Unknown platform {given.platform!r}. Available platforms: {', '.join(_PLATFORMS)}")
        schema = check_playbook(self._state, given.playbook_id)
        order = Order(
            version="v3",
            prompt=given.prompt,
            title=given.title or "",
            tags=tuple(given.tags or ()),
            repos=tuple(given.repos or ()),
            playbook_id=given.playbook_id,
            knowledge_ids=None if given.knowledge_ids is None else tuple(given.knowledge_ids),
            secret_ids=None if given.secret_ids is None else tuple(given.secret_ids),
            secret_keys=tuple(secret.key for secret in given.session_secrets or ()),
            attachment_urls=tuple(given.attachment_urls or ()),
            max_acu_limit=given.max_acu_limit,
            devin_mode=given.devin_mode,
            output_schema=given.structured_output_schema or schema,
        )
        return self._answer(self._state.sessions.create(order, call.now), call, is_brief=True)

    def list(self, call: Call) -> Response:
        """A page of sessions, newest first."""
        found = call.listing.shown(filtered(self._state, call), call.now)
        page, more = page_of(call.request, found, lambda one: one.number, order="newest")
        return answer({"items": [self._described(one, call.now) for one in call.listing.page(page)], **more})

    def get(self, call: Call) -> Response:
        """One session."""
        return self._answer(self._session(call), call)

    def terminate(self, call: Call) -> Response:
        """End a session for good. The reference has no code for the second time; 409 is what v1's 400 would be here."""
        session, is_archived = self._session(call), flag_of(call.request, "archive")
        if session.step(call.now).is_over:
            raise Problem(409, "Devin session already exited")
        session.stop(call.now)
        if is_archived:
            session.archive(call.now)
        return self._answer(session, call, is_brief=True)

    def archive(self, call: Call) -> Response:
        """Put a session away."""
        session = self._session(call)
        session.archive(call.now)
        return self._answer(session, call, is_brief=True)

    def unarchive(self, call: Call) -> Response:
        """Take a session back."""
        session = self._session(call)
        session.unarchive(call.now)
        return self._answer(session, call, is_brief=True)

    def messages(self, call: Call) -> Response:
        """A page of messages, oldest first."""
        session = self._session(call)
        page, more = page_of(call.request, session.messages(call.now), lambda one: one.number, order="oldest")
        items = [
            {
                "event_id": one.id,
                "source": "devin" if one.is_agent else "user",
                "message": one.text,
                "created_at": int(one.at),
            }
            for one in page
        ]
        return answer({"items": items, **more})

    def send(self, call: Call) -> Response:
        """Write to a session."""
        given = body_of(call.request, _MessageRequest)
        check_addresses(given.attachment_urls)
        _check_impersonation(given.message_as_user_id)
        session = self._session(call)
        if session.is_archived or session.step(call.now).is_over:
            raise Problem(409, "The session is archived or has ended, and takes no messages")
        session.write(given.message, call.now)
        return self._answer(session, call, is_brief=True)

    def attachments(self, call: Call) -> Response:
        """What was attached, as a bare array."""
        items = [
            {
                "attachment_id": sha256(url.encode()).hexdigest()[:32],
                "name": url.rpartition("/")[2],
                "url": url,
                "source": "user",
                "content_type": mimetypes.guess_type(url)[0],
            }
            for url in attached(self._session(call))
        ]
        return answer({"items": items} if self._state.switches.wraps_arrays else items)

    def tags(self, call: Call) -> Response:
        """The tags of a session."""
        return answer({"tags": self._session(call).tags})

    def add_tags(self, call: Call) -> Response:
        """Add tags; those that are there already count once."""
        session = self._session(call)
        tags = list(dict.fromkeys([*session.tags, *body_of(call.request, _TagsRequest).tags]))
        if len(tags) > MAX_TAGS:
            raise invalid(f"A session has at most {MAX_TAGS} tags", "body", "tags", kind="too_long")
        self._state.sessions.retag(session, tags, call.now)
        return answer({"tags": session.tags})

    def replace_tags(self, call: Call) -> Response:
        """Put other tags in the place of all."""
        session = self._session(call)
        self._state.sessions.retag(session, body_of(call.request, _TagsRequest).tags, call.now)
        return answer({"tags": session.tags})

    def _session(self, call: Call) -> Session:
        session = self._state.sessions.get(call.parts["devin_id"])
        if session is None:
            raise Problem(404, "Session not found")
        session.requests += 1
        return session

    def _answer(self, session: Session, call: Call, *, is_brief: bool = False) -> Response:
        return answer(self._described(session, call.now, is_brief=is_brief))

    def _described(self, session: Session, now: float, *, is_brief: bool = False) -> dict[str, Any]:
        """SessionResponse; four members are filled by get and list only."""
        step, order = session.step(now), session.order
        links = [{"pr_url": session.pull_request_url, "pr_state": "open"}] if step.has_pull_request else []
        return {
            "session_id": self._state.shown_id(session, "v3"),
            "url": f"https://app.devin.ai/sessions/{session.id}",
            "status": step.status,
            "status_detail": None if is_brief else step.detail,
            "title": session.title,
            "tags": session.tags,
            "org_id": self._state.org_id,
            "user_id": None,
            "service_user_id": self._state.service_user_id,
            "created_at": int(session.created_at),
            "updated_at": int(session.updated_at(now)),
            "acus_consumed": session.acus(now),
            "pull_requests": links,
            "structured_output": None if is_brief else session.structured_output(now),
            "playbook_id": order.playbook_id,
            "parent_session_id": None,
            "child_session_ids": None,
            "is_archived": session.is_archived,
            "origin": "api",
            "category": None if is_brief else _CATEGORY,
            "subcategory": None,
            "devin_mode": order.devin_mode,
            "automation_id": None,
        }


def _check_impersonation(user_id: str | None) -> None:
    if user_id is not None:
        raise Problem(403, "Permission ImpersonateOrgSessions is missing")
