"""Sessions of API v3: /v3/organizations/{org_id}/sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from codeql_fixer.twin.devin.reading import (
    body_of,
    cursor_at,
    cursor_of,
    number_of,
    optional_flag,
    optional_number,
)
from codeql_fixer.twin.devin.routing import Call, Route
from codeql_fixer.twin.devin.session import Order
from codeql_fixer.twin.devin.wire import Problem, Response, answer, invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.devin.session import Session
    from codeql_fixer.twin.devin.state import State

_BASE = "/v3/organizations/{org_id}/sessions"
_ONE = _BASE + "/{devin_id}"
_MAX_PAGE = 200
_MAX_TAGS = 50

Tags = Annotated[list[str], Meta(max_length=_MAX_TAGS)]
AttachmentUrl = Annotated[str, Meta(min_length=1, max_length=2083)]


class _Secret(Struct, frozen=True, kw_only=True):
    key: Annotated[str, Meta(min_length=1, max_length=256)]
    value: Annotated[str, Meta(max_length=65_536)]
    sensitive: bool = True


class _CreateRequest(Struct, frozen=True, kw_only=True):
    prompt: str
    title: str | None = None
    tags: Tags | None = None
    repos: list[str] | None = None
    playbook_id: str | None = None
    child_playbook_id: str | None = None
    knowledge_ids: list[str] | None = None
    secret_ids: list[str] | None = None
    session_secrets: list[_Secret] | None = None
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
        yield Route("GET", f"{_ONE}/tags", self.tags)
        yield Route("POST", f"{_ONE}/tags", self.add_tags)
        yield Route("PUT", f"{_ONE}/tags", self.replace_tags)

    def create(self, call: Call) -> Response:
        """Start a session."""
        given = body_of(call.request, _CreateRequest)
        order = Order(
            version="v3",
            prompt=given.prompt,
            title=given.title or "",
            tags=tuple(given.tags or ()),
            repos=tuple(given.repos or ()),
            playbook_id=given.playbook_id,
            devin_mode=given.devin_mode,
            max_acu_limit=given.max_acu_limit,
            output_schema=given.structured_output_schema,
            attachment_urls=tuple(given.attachment_urls or ()),
            secret_keys=tuple(secret.key for secret in given.session_secrets or ()),
        )
        session = self._state.sessions.create(order, call.now)
        return answer(self._described(session, call.now, is_brief=True))

    def list(self, call: Call) -> Response:
        """A page of sessions, newest first."""
        first = number_of(call.request, "first", 100, low=1, high=_MAX_PAGE)
        position = cursor_of(call.request)
        found = [one for one in self._filtered(call) if position is None or one.number < position]
        page = found[:first]
        has_more = len(found) > first
        return answer(
            {
                "items": [self._described(one, call.now) for one in page],
                "end_cursor": cursor_at(page[-1].number) if has_more else None,
                "has_next_page": has_more,
                "total": None,
            }
        )

    def _filtered(self, call: Call) -> Iterator[Session]:
        query = call.request.query
        found: Iterator[Session] = iter(
            self._state.sessions.find(tags=query.get("tags", ()), ids=query.get("session_ids", ()))
        )
        after, before = optional_number(call.request, "created_after"), optional_number(call.request, "created_before")
        if after is not None:
            found = (one for one in found if int(one.created_at) > after)
        if before is not None:
            found = (one for one in found if int(one.created_at) < before)
        is_archived = optional_flag(call.request, "is_archived")
        if is_archived is not None:
            found = (one for one in found if one.is_archived == is_archived)
        return found

    def get(self, call: Call) -> Response:
        """One session."""
        return answer(self._described(self._session(call), call.now))

    def terminate(self, call: Call) -> Response:
        """End a session for good."""
        session = self._session(call)
        if session.step(call.now).is_over:
            raise Problem(409, "Devin session already exited")
        session.stop(call.now)
        if optional_flag(call.request, "archive"):
            session.archive(call.now)
        return answer(self._described(session, call.now, is_brief=True))

    def archive(self, call: Call) -> Response:
        """Put a session away."""
        session = self._session(call)
        session.archive(call.now)
        return answer(self._described(session, call.now, is_brief=True))

    def unarchive(self, call: Call) -> Response:
        """Take a session back."""
        session = self._session(call)
        session.unarchive(call.now)
        return answer(self._described(session, call.now, is_brief=True))

    def messages(self, call: Call) -> Response:
        """A page of messages, oldest first."""
        session = self._session(call)
        first = number_of(call.request, "first", 100, low=1, high=_MAX_PAGE)
        begin = cursor_of(call.request) or 0
        every = session.messages(call.now)
        page = every[begin : begin + first]
        has_more = len(every) > begin + first
        return answer(
            {
                "items": [
                    {
                        "event_id": one.id,
                        "source": "devin" if one.is_agent else "user",
                        "message": one.text,
                        "created_at": int(one.at),
                    }
                    for one in page
                ],
                "end_cursor": cursor_at(begin + first) if has_more else None,
                "has_next_page": has_more,
                "total": None,
            }
        )

    def send(self, call: Call) -> Response:
        """Write to a session."""
        given = body_of(call.request, _MessageRequest)
        session = self._session(call)
        if session.is_archived or session.step(call.now).is_over:
            raise Problem(409, "The session is archived or has ended and takes no messages")
        session.write(given.message, call.now)
        return answer(self._described(session, call.now, is_brief=True))

    def tags(self, call: Call) -> Response:
        """The tags of a session."""
        return answer({"tags": self._session(call).tags})

    def add_tags(self, call: Call) -> Response:
        """Add tags; those that are there already count once."""
        session = self._session(call)
        tags = list(dict.fromkeys([*session.tags, *body_of(call.request, _TagsRequest).tags]))
        if len(tags) > _MAX_TAGS:
            raise invalid(f"A session has at most {_MAX_TAGS} tags", "body", "tags", kind="too_long")
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

    def _described(self, session: Session, now: float, *, is_brief: bool = False) -> dict[str, Any]:
        """SessionResponse; four members are filled by get and list only."""
        step = session.step(now)
        order = session.order
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
            "category": None if is_brief else "security",
            "subcategory": None,
            "devin_mode": order.devin_mode,
            "automation_id": None,
        }
