"""Messages of API v3: one `parse_*` for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from codeql_fixer.adapters.devin.output_schema import report_of, triage_of
from codeql_fixer.adapters.devin.statuses import ended, raw_state, v3_state
from codeql_fixer.adapters.devin.wire import AGENT, Page, SessionId, decoded, links, moment, path_id
from codeql_fixer.domain.session import Session, SessionMessage, SessionState
from codeql_fixer.ports.agent import Created
from codeql_fixer.transport.errors import DamagedAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterable

_OVER = frozenset({SessionState.FINISHED, SessionState.FAILED, SessionState.STOPPED, SessionState.BUDGET_STOP})


class _PullRequest(Struct):
    pr_url: str | None = None
    pr_state: str | None = None


class _Session(Struct):
    session_id: SessionId
    status: str | None = None
    status_detail: str | None = None
    url: str | None = None
    title: str | None = None
    tags: list[str] | None = None
    created_at: float | str | None = None
    updated_at: float | str | None = None
    acus_consumed: float | None = None
    pull_requests: list[_PullRequest] | None = None
    structured_output: Any = None
    is_archived: bool | None = None


class _Message(Struct):
    event_id: str
    message: str | None = None
    source: str | None = None
    created_at: float | str | None = None


class Paged(Struct):
    """What every page of a list has."""

    end_cursor: str | None = None
    has_next_page: bool = False


class _Sessions(Paged, kw_only=True):
    items: list[_Session]


class _Messages(Paged, kw_only=True):
    items: list[_Message]


class _Attachment(Struct):
    url: str


def parse_created(body: bytes) -> Created:
    """SessionResponse as the answer to creation."""
    found = decoded(body, _Session, "create a session")
    return Created(session_id=path_id(found.session_id), url=found.url or "")


def parse_session(body: bytes) -> Session:
    """SessionResponse."""
    return _session(decoded(body, _Session, "get a session"))


def parse_sessions(body: bytes) -> Page:
    """A page of SessionResponse."""
    found = decoded(body, _Sessions, "list sessions")
    return paged(found, map(_session, found.items))


def parse_messages(body: bytes) -> Page:
    """A page of SessionMessage."""
    found = decoded(body, _Messages, "list messages")
    return paged(found, map(_message, found.items))


def parse_attachment(body: bytes) -> str:
    """AttachmentResponse: where the file is."""
    return decoded(body, _Attachment, "upload an attachment").url


def paged(found: Paged, items: Iterable[object]) -> Page:
    """A page.

    Raises:
        DamagedAnswerError: the list goes on, and nobody knows where. To stop would lose what is there.
    """
    if found.has_next_page and not found.end_cursor:
        raise DamagedAnswerError("Devin says that its list goes on, and not where")
    return Page(tuple(items), found.end_cursor or "", found.has_next_page)


def _session(found: _Session) -> Session:
    status, detail = found.status or "", found.status_detail or ""
    report = report_of(found.structured_output)
    pull_requests = links([(link.pr_url, link.pr_state) for link in found.pull_requests or ()])
    state = v3_state(status, detail)
    if state is None or (found.is_archived and state not in _OVER):  # nothing wakes what is archived
        state = ended(report, pull_requests)
    return Session(
        id=path_id(found.session_id),
        agent=AGENT,
        state=state,
        raw_state=raw_state(status, detail),
        url=found.url or "",
        title=found.title or "",
        tags=tuple(found.tags or ()),
        created_at=moment(found.created_at),
        updated_at=moment(found.updated_at),
        acu_used=found.acus_consumed,
        report=report,
        triage=triage_of(found.structured_output),
        pull_requests=pull_requests,
    )


def _message(found: _Message) -> SessionMessage:
    return SessionMessage(
        id=found.event_id, is_agent=found.source == "devin", text=found.message or "", at=moment(found.created_at)
    )
