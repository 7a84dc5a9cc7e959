"""Sessions of API v1: /v1/sessions, and /v1/session/{session_id} as older documents and clients have it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from codeql_fixer.twin.devin.order_checks import SessionSecret, Tags, check_playbook, check_schema
from codeql_fixer.twin.devin.reading import body_of, number_between
from codeql_fixer.twin.devin.routing import Call, Route
from codeql_fixer.twin.devin.session import Order
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.devin.session import Message, Session
    from codeql_fixer.twin.devin.state import State
    from codeql_fixer.twin.devin.timeline import Step

_MAX_PAGE = 1000
_ENDED = "Devin session already exited"
_NOBODY = "The requested resource does not exist"
_USER, _USER_ID = "twin@example.com", "user-twin"


class _CreateRequest(Struct, frozen=True, kw_only=True):
    prompt: str
    title: str | None = None
    idempotent: bool | None = None
    playbook_id: str | None = None
    snapshot_id: str | None = None
    knowledge_ids: list[str] | None = None
    secret_ids: list[str] | None = None
    session_secrets: list[SessionSecret] | None = None
    max_acu_limit: Annotated[int, Meta(gt=0)] | None = None
    tags: Tags | None = None
    structured_output_schema: dict[str, Any] | None = None
    unlisted: bool | None = None


class _MessageRequest(Struct, frozen=True, kw_only=True):
    message: str


class _TagsRequest(Struct, frozen=True, kw_only=True):
    tags: Tags


class V1Sessions:
    """Answers requests about sessions."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("POST", "/v1/sessions", self.create)
        yield Route("GET", "/v1/sessions", self.list)
        for one in ("/v1/sessions/{session_id}", "/v1/session/{session_id}"):
            yield Route("GET", one, self.get)
            yield Route("DELETE", one, self.terminate)
            yield Route("POST", f"{one}/message", self.send)
            yield Route("PUT", f"{one}/tags", self.replace_tags)

    def create(self, call: Call) -> Response:
        """Start a session, or give the one with the same prompt when `idempotent` says so."""
        given = body_of(call.request, _CreateRequest)
        check_schema(given.structured_output_schema)
        schema = check_playbook(self._state, given.playbook_id)
        known = self._state.sessions.idempotent(given.prompt) if given.idempotent else None
        session = known or self._state.sessions.create(_order(given, schema), call.now)
        created = {
            "session_id": self._state.shown_id(session, "v1"),
            "url": f"https://app.devin.ai/sessions/{session.id}",
        }
        return answer({**created, "is_new_session": known is None} if given.idempotent else created)

    def list(self, call: Call) -> Response:
        """Sessions, newest first."""
        limit = number_between(call.request, "limit", 100, low=1, high=_MAX_PAGE)
        offset = number_between(call.request, "offset", 0, low=0)
        tags = [tag for name in ("tags", "tags[]") for tag in call.request.query.get(name, ())]
        found = self._state.sessions.newest_first(tags=tags, needs_all=self._state.switches.tags_match == "all")
        page = list(islice(call.listing.shown(found, call.now), offset, offset + limit))
        return answer({"sessions": [self._listed(one, call.now) for one in call.listing.page(page)]})

    def get(self, call: Call) -> Response:
        """One session with its messages."""
        session = self._session(call)
        messages = [_message(one) for one in session.messages(call.now)]
        return answer({**self._summary(session, call.now), "messages": messages})

    def terminate(self, call: Call) -> Response:
        """End a session for good."""
        session = self._session(call)
        if session.step(call.now).is_over:
            raise Problem(400, _ENDED)
        session.stop(call.now)
        return answer({"detail": "Session terminated successfully"})

    def send(self, call: Call) -> Response:
        """Write to a session. For one that has ended, older documents have 400 and newer ones 200 with a word."""
        text = body_of(call.request, _MessageRequest).message
        session = self._session(call)
        is_old = self._state.switches.v1_era == "old"
        if session.is_archived or session.step(call.now).is_over:
            if is_old:
                raise Problem(400, _ENDED)
            return answer({"detail": _ENDED})
        session.write(text, call.now)
        return Response(status=204) if is_old else answer(None)

    def replace_tags(self, call: Call) -> Response:
        """Put other tags in the place of all."""
        session = self._session(call)
        self._state.sessions.retag(session, body_of(call.request, _TagsRequest).tags, call.now)
        return answer({"detail": "Tags updated successfully"})

    def _session(self, call: Call) -> Session:
        session = self._state.sessions.get(call.parts["session_id"])
        if session is None:
            raise Problem(404, _NOBODY)
        session.requests += 1
        return session

    def _listed(self, session: Session, now: float) -> dict[str, Any]:
        summary = self._summary(session, now)
        output = summary["structured_output"]
        if output is not None and self._state.switches.v1_era == "old":
            summary["structured_output"] = msgspec.json.encode(output).decode()
        return {**summary, "requesting_user_email": _USER}

    def _summary(self, session: Session, now: float) -> dict[str, Any]:
        step = session.step(now)
        return {
            "session_id": self._state.shown_id(session, "v1"),
            "status": step.status,
            "status_enum": status_enum(step),
            "title": session.title,
            "created_at": iso(session.created_at),
            "updated_at": iso(session.updated_at(now)),
            "snapshot_id": session.order.snapshot_id,
            "playbook_id": session.order.playbook_id,
            "tags": session.tags,
            "pull_request": {"url": session.pull_request_url} if step.has_pull_request else None,
            "structured_output": session.structured_output(now),
        }


def _order(given: _CreateRequest, schema: dict[str, Any] | None) -> Order:
    return Order(
        version="v1",
        prompt=given.prompt,
        title=given.title or "",
        tags=tuple(given.tags or ()),
        playbook_id=given.playbook_id,
        snapshot_id=given.snapshot_id,
        knowledge_ids=None if given.knowledge_ids is None else tuple(given.knowledge_ids),
        secret_ids=None if given.secret_ids is None else tuple(given.secret_ids),
        secret_keys=tuple(secret.key for secret in given.session_secrets or ()),
        max_acu_limit=given.max_acu_limit,
        output_schema=given.structured_output_schema or schema,
        is_idempotent=bool(given.idempotent),
    )


def status_enum(step: Step) -> str | None:
    """What v1 says of a step; it has fewer words than v3. The reference says so only in part, the rest is a guess."""
    match step.status:
        case "new":
            return None
        case "resuming":
            return "resume_requested"
        case "suspended":
            return "suspend_requested"
        case "exit":
            return "finished"
        case "error":
            return "expired"
        case _:
            known = {"finished": "finished", "waiting_for_user": "blocked", "waiting_for_approval": "blocked"}
            return known.get(step.detail or "", "working")


def iso(moment: float) -> str:
    """A time as v1 writes it: ISO 8601 with microseconds and offset."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def _message(message: Message) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": "devin_message" if message.is_agent else "user_message",
        "event_id": message.id,
        "message": message.text,
        "timestamp": iso(message.at),
    }
    if message.is_agent:
        return described
    kind = "initial_user_message" if message.number == 1 else "user_message"
    return {**described, "type": kind, "username": _USER, "origin": "api", "user_id": _USER_ID}
