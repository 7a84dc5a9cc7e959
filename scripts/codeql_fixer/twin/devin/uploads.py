"""Files that clients upload as multipart/form-data (RFC 7578), and the links under which they are fetched."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from codeql_fixer.twin.devin.library import Attachment
from codeql_fixer.twin.devin.problems import invalid
from codeql_fixer.twin.devin.reading import number_of, text_of
from codeql_fixer.twin.wire import Problem, Response

if TYPE_CHECKING:
    from codeql_fixer.twin.devin.routing import Call
    from codeql_fixer.twin.devin.state import State

STORAGE = "/storage/"  # needs no key: the link is one
_LINK_SECONDS = 60  # how long a link can be used
_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary="?([^";]+)"?', re.IGNORECASE)
_FILE = re.compile(r'^content-disposition:\s*form-data;.*\bname="?file"?', re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(r'\bfilename="((?:[^"\\]|\\.)*)"')
_TYPE = re.compile(r"^content-type:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def uploaded(state: State, call: Call) -> Attachment:
    """Keep the file of a request.

    Raises:
        Problem: 422, there is no part `file` in it.
    """
    boundary = _BOUNDARY.match(call.request.headers.get("content-type", ""))
    parts = call.request.body.split(b"--" + boundary[1].encode()) if boundary else []
    for part in parts[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        text = head.decode(errors="replace")
        if _FILE.search(text):
            return _kept(state, call, head=text, content=content.removesuffix(b"\r\n"))
    raise invalid("Field required", "body", "file", kind="missing")


def _kept(state: State, call: Call, *, head: str, content: bytes) -> Attachment:
    name, media_type = _NAME.search(head), _TYPE.search(head)
    entry = Attachment(
        **state.attachments.next(call.now),
        name=quote(re.sub(r"\\(.)", r"\1", name[1]).replace("/", "_")) if name else "file",
        content=content,
        media_type=media_type[1] if media_type else "application/octet-stream",
    )
    return state.attachments.put(entry)


def redirected(state: State, call: Call) -> Response:
    """The way to a link that needs no key, and soon works no more.

    Raises:
        Problem: 404, there is no such file.
    """
    entry = _found(state, call)
    until = int(call.now) + _LINK_SECONDS
    place = f"{STORAGE}{entry.id}/{entry.name}?expires={until}&signature={_signature(state, entry, until)}"
    return Response(status=307, headers=(("Location", state.url + place),))


def stored(state: State, call: Call) -> Response:
    """The file itself, for whoever has a link that works.

    Raises:
        Problem: 403, the link is wrong or too old; 404, there is no such file.
    """
    entry = _found(state, call)
    until = number_of(call.request, "expires") or 0
    if text_of(call.request, "signature") != _signature(state, entry, until) or call.now > until:
        raise Problem(403, "Request has expired")
    return Response(content=entry.content, media_type=entry.media_type)


def _found(state: State, call: Call) -> Attachment:
    entry = state.attachments.get(call.parts["uuid"])
    if entry is None or entry.name != quote(call.parts["name"]):
        raise Problem(404, "Attachment not found")
    return entry


def _signature(state: State, entry: Attachment, until: int) -> str:
    return sha256(f"{state.api_key} {entry.id} {until}".encode()).hexdigest()
