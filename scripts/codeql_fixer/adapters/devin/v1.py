"""API v1 of Devin, which goes on working for keys of its own while it is being retired."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from codeql_fixer.adapters.devin.order import order_of
from codeql_fixer.adapters.devin.paging import PAGE_V1, by_offset
from codeql_fixer.adapters.devin.wire import path_id
from codeql_fixer.adapters.devin.wire_v1 import (
    parse_attachment,
    parse_created,
    parse_messages,
    parse_sent,
    parse_session,
    parse_sessions,
)
from codeql_fixer.ports.agent import Capabilities, MessagePage
from codeql_fixer.transport.http import Call, Upload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codeql_fixer.adapters.devin.order import Choices
    from codeql_fixer.domain.session import Attachment, Session, SessionRequest
    from codeql_fixer.ports.agent import Created
    from codeql_fixer.transport.http import HttpClient

_SESSIONS = "/v1/sessions"
# A listing cannot be limited to certain sessions. It is read while it costs at most an eighth of asking one by one.
_LISTED_SHARE = 8


class V1Api:
    """Calls below /v1.

    Args:
        client: of the server.
    """

    capabilities = Capabilities(
        is_paid=True, tells_cost=False, takes_messages=True, takes_attachments=True, takes_triage=True
    )

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def start(
        self, request: SessionRequest, *, attachment_urls: Sequence[str], choices: Choices, seconds: float
    ) -> Created:
        """POST sessions.

        What `idempotent` compares is not documented. The prompt ends with the tag, so that another intent is another
        request by any rule; and whoever calls goes by the tag all the same.
        """
        files = "".join(f'\nATTACHMENT:"{url}"' for url in attachment_urls)
        prompt = f"{request.prompt}\n{files}\nReference of this task: {request.tag}"
        order = order_of(request, choices, prompt=prompt, idempotent=True)
        return parse_created(self._client.ask(Call(method="POST", path=_SESSIONS, content=order), seconds=seconds))

    def upload(self, attachment: Attachment, *, seconds: float) -> str:
        """POST attachments. Twice does no harm: nothing refers to the first."""
        upload = Upload(attachment.name, attachment.content)
        call = Call(method="POST", path="/v1/attachments", upload=upload, is_repeatable=True)
        return parse_attachment(self._client.ask(call, seconds=seconds))

    def session(self, session_id: str) -> Session:
        """GET sessions/{id}."""
        return parse_session(self._client.ask(Call(method="GET", path=_path(session_id))))

    def listed(self, *, tag: str = "", seconds: float | None = None) -> Iterator[Session]:
        """GET sessions, page after page."""
        for page in by_offset(lambda offset: self._page(offset, tag=tag, seconds=seconds)):
            yield from page

    def batches(self, session_ids: Sequence[str]) -> Sequence[Sequence[str]]:
        """All at once: pages are read one after the other."""
        return [session_ids]

    def some(self, session_ids: Sequence[str]) -> Iterator[Session]:
        """GET sessions, as many pages as are worth it."""
        missing = set(session_ids)
        for page in by_offset(self._page, most=max(len(missing) // _LISTED_SHARE, 1)):
            yield from page
            missing.difference_update(session.id for session in page)
            if not missing:
                return

    def messages(self, session_id: str, cursor: str) -> MessagePage:
        """The messages of a session; the cursor is the id of the last one."""
        every = parse_messages(self._client.ask(Call(method="GET", path=_path(session_id))))
        ids = [message.id for message in every]
        new = every[ids.index(cursor) + 1 if cursor in ids else 0 :]
        return MessagePage(new, ids[-1] if ids else cursor)

    def send(self, session_id: str, text: str) -> str:
        """POST sessions/{id}/message."""
        call = Call(method="POST", path=f"{_path(session_id)}/message", content={"message": text})
        return parse_sent(self._client.ask(call))

    def end(self, session_id: str) -> None:
        """DELETE sessions/{id}."""
        self._client.ask(Call(method="DELETE", path=_path(session_id)))

    def _page(self, offset: int, *, tag: str = "", seconds: float | None = None) -> tuple[Session, ...]:
        query = (("limit", str(PAGE_V1)), ("offset", str(offset)), *([("tags", tag)] if tag else []))
        return parse_sessions(self._client.ask(Call(method="GET", path=_SESSIONS, query=query), seconds=seconds))


def _path(session_id: str) -> str:
    return f"{_SESSIONS}/{quote(path_id(session_id), safe='')}"
