"""API v3 of Devin: the sessions of one organization, with a key of a service user."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from codeql_fixer.adapters.devin.order import order_of
from codeql_fixer.adapters.devin.paging import PAGE, by_cursor
from codeql_fixer.adapters.devin.wire import path_id
from codeql_fixer.adapters.devin.wire_v3 import (
    parse_attachment,
    parse_created,
    parse_messages,
    parse_session,
    parse_sessions,
)
from codeql_fixer.errors import UserError
from codeql_fixer.ports.agent import Capabilities, MessagePage
from codeql_fixer.transport.http import Call, Upload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codeql_fixer.adapters.devin.order import Choices
    from codeql_fixer.adapters.devin.wire import Page
    from codeql_fixer.domain.session import Attachment, Session, SessionMessage, SessionRequest
    from codeql_fixer.ports.agent import Created
    from codeql_fixer.transport.http import HttpClient

_IDS = 100  # in one address, of which servers take 8 KB


class V3Api:
    """Calls below /v3/organizations/{org_id}.

    Args:
        client: of the server.
        org_id: the organization.
    """

    capabilities = Capabilities(
        is_paid=True, tells_cost=True, takes_messages=True, takes_attachments=True, takes_triage=True
    )

    def __init__(self, client: HttpClient, org_id: str) -> None:
        self._client = client
        self._base = f"/v3/organizations/{quote(org_id, safe='')}"
        self._sessions = f"{self._base}/sessions"

    def start(
        self, request: SessionRequest, *, attachment_urls: Sequence[str], choices: Choices, seconds: float
    ) -> Created:
        """POST sessions."""
        order = order_of(
            request,
            choices,
            repos=[request.target_repo] if request.target_repo else None,
            attachment_urls=attachment_urls or None,
            devin_mode=request.mode or None,
            structured_output_required=True,
        )
        return parse_created(self._client.ask(Call(method="POST", path=self._sessions, content=order), seconds=seconds))

    def upload(self, attachment: Attachment, *, seconds: float) -> str:
        """POST attachments. Twice does no harm: nothing refers to the first."""
        upload = Upload(attachment.name, attachment.content)
        call = Call(method="POST", path=f"{self._base}/attachments", upload=upload, is_repeatable=True)
        return parse_attachment(self._client.ask(call, seconds=seconds))

    def session(self, session_id: str) -> Session:
        """GET sessions/{devin_id}."""
        return parse_session(self._client.ask(Call(method="GET", path=self._path(session_id))))

    def listed(self, *, tag: str = "", seconds: float | None = None) -> Iterator[Session]:
        """GET sessions, page after page."""
        wanted = (("tags", tag),) if tag else ()
        for page in by_cursor(lambda cursor: self._page(cursor, wanted, seconds)):
            yield from page.items

    def batches(self, session_ids: Sequence[str]) -> Sequence[Sequence[str]]:
        """As many as one address holds."""
        return [session_ids[begin : begin + _IDS] for begin in range(0, len(session_ids), _IDS)]

    def some(self, session_ids: Sequence[str]) -> Sequence[Session]:
        """GET sessions with their ids, one page: as many as were asked for fit on it."""
        return self._page("", tuple(("session_ids", one) for one in session_ids)).items

    def messages(self, session_id: str, cursor: str) -> MessagePage:
        """GET sessions/{devin_id}/messages, from where the last call ended.

        The last page of a list names no end. So our cursor is where that page began, and the last message seen on it.
        """
        begin, last_id = _opened(cursor)
        end = begin
        new: list[SessionMessage] = []
        for page in by_cursor(lambda after: self._messages(session_id, after or begin)):
            ids = [message.id for message in page.items]
            new += page.items[ids.index(last_id) + 1 if last_id in ids else 0 :]
            last_id, end = ids[-1] if ids else last_id, page.end_cursor or end
        return MessagePage(tuple(new), msgspec.json.encode((end, last_id)).decode())

    def send(self, session_id: str, text: str) -> str:
        """POST sessions/{devin_id}/messages."""
        self._client.ask(Call(method="POST", path=f"{self._path(session_id)}/messages", content={"message": text}))
        return ""

    def end(self, session_id: str) -> None:
        """DELETE sessions/{devin_id}; archived, it can still be read."""
        self._client.ask(Call(method="DELETE", path=self._path(session_id), query=(("archive", "true"),)))

    def _page(self, cursor: str, wanted: tuple[tuple[str, str], ...], seconds: float | None = None) -> Page:
        call = Call(method="GET", path=self._sessions, query=(*_paged(cursor), *wanted))
        return parse_sessions(self._client.ask(call, seconds=seconds))

    def _messages(self, session_id: str, cursor: str) -> Page:
        call = Call(method="GET", path=f"{self._path(session_id)}/messages", query=_paged(cursor))
        return parse_messages(self._client.ask(call))

    def _path(self, session_id: str) -> str:
        return f"{self._sessions}/{quote(path_id(session_id), safe='')}"


def _paged(cursor: str) -> tuple[tuple[str, str], ...]:
    return (("first", str(PAGE)), ("after", cursor)) if cursor else (("first", str(PAGE)),)


def _opened(cursor: str) -> tuple[str, str]:
    """The service's cursor, and the last message that was seen behind it."""
    try:
        return msgspec.json.decode(cursor or '["", ""]', type=tuple[str, str])
    except msgspec.MsgspecError:
        raise UserError(f"{cursor!r} is no cursor that came with messages of Devin") from None
