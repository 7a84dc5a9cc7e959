"""Messages of API v1: one `parse_*` for each."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from codeql_fixer.adapters.devin.output_schema import report_of, triage_of
from codeql_fixer.adapters.devin.statuses import ended, raw_state, v1_state
from codeql_fixer.adapters.devin.wire import AGENT, SessionId, decoded, links, moment, path_id
from codeql_fixer.domain.session import Session, SessionMessage
from codeql_fixer.ports.agent import Created
from codeql_fixer.transport.errors import DamagedAnswerError

# Where people find a session: creation answers with an address of this form, reading with none.
_WEB = "https://app.devin.ai/sessions/"


class _PullRequest(Struct):
    url: str | None = None


class _Message(Struct):
    event_id: str
    message: str | None = None
    type: str | None = None
    timestamp: float | str | None = None


class _Session(Struct):
    session_id: SessionId
    status: str | None = None
    status_enum: str | None = None
    title: str | None = None
    tags: list[str] | None = None
    created_at: float | str | None = None
    updated_at: float | str | None = None
    pull_request: _PullRequest | None = None
    structured_output: Any = None
    messages: list[_Message] | None = None


class _Sessions(Struct):
    sessions: list[_Session]


class _Created(Struct):
    session_id: SessionId
    url: str | None = None
    is_new_session: bool | None = None


class _Detail(Struct):
    detail: str | None = None


def parse_created(body: bytes) -> Created:
    """The answer to creation; `is_new_session` is False where the service knew the very same request."""
    found = decoded(body, _Created, "create a session")
    was_there = found.is_new_session is False
    return Created(session_id=path_id(found.session_id), url=found.url or "", was_there=was_there)


def parse_session(body: bytes) -> Session:
    """SessionDetail."""
    return _session(decoded(body, _Session, "get a session"))


def parse_sessions(body: bytes) -> tuple[Session, ...]:
    """SessionSummary, several."""
    return tuple(map(_session, decoded(body, _Sessions, "list sessions").sessions))


def parse_messages(body: bytes) -> tuple[SessionMessage, ...]:
    """The messages of a SessionDetail."""
    return tuple(map(_message, decoded(body, _Session, "get a session").messages or ()))


def parse_sent(body: bytes) -> str:
    """What the service has to say about a message that it took: nothing, or a sentence."""
    if body.strip() in {b"", b"null"}:
        return ""
    return decoded(body, _Detail, "send a message").detail or ""


def parse_attachment(body: bytes) -> str:
    """Where the file is: plain text in older versions, a JSON string in newer ones."""
    text = body.decode(errors="replace").strip()
    if text.startswith('"'):
        text = decoded(body, str, "upload an attachment")
    if not text or not text.isprintable() or '"' in text:
        raise DamagedAnswerError("the answer of Devin to 'upload an attachment' holds no address")
    return text


def _session(found: _Session) -> Session:
    status, status_enum = found.status or "", found.status_enum or ""
    output = _unwrapped(found.structured_output)
    report = report_of(output)
    pull_requests = links([(found.pull_request.url, "")] if found.pull_request else [])
    session_id = path_id(found.session_id)
    return Session(
        id=session_id,
        agent=AGENT,
        state=v1_state(status, status_enum) or ended(report, pull_requests),
        raw_state=raw_state(status, status_enum),
        url=_WEB + session_id.removeprefix("devin-"),
        title=found.title or "",
        tags=tuple(found.tags or ()),
        created_at=moment(found.created_at),
        updated_at=moment(found.updated_at),
        report=report,
        triage=triage_of(output),
        pull_requests=pull_requests,
    )


def _unwrapped(output: Any) -> Any:  # noqa: ANN401 - an agent wrote it
    """Lists of older versions have it as JSON inside a string."""
    if not isinstance(output, str):
        return output
    try:
        return msgspec.json.decode(output)
    except msgspec.MsgspecError:
        return None


def _message(found: _Message) -> SessionMessage:
    return SessionMessage(
        id=found.event_id, is_agent=found.type == "devin_message", text=found.message or "", at=moment(found.timestamp)
    )
