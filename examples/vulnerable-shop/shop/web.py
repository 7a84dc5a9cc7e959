"""Requests and responses as values, so that views need not know WSGI."""

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """What a view may read of a request."""

    method: str = "GET"
    path: str = "/"
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """What a view answers."""

    body: bytes = b""
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()


def read_request(environ: dict[str, Any]) -> Request:
    """Read the WSGI environment; a repeated parameter keeps its last value."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length).decode()
    cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/"),
        query=dict(parse_qsl(environ.get("QUERY_STRING", ""))),
        form=dict(parse_qsl(body)),
        cookies={name: cookie.value for name, cookie in cookies.items()},
    )


def page(content: str, status: str = "200 OK") -> Response:
    return Response(content.encode(), status, (("Content-Type", "text/html; charset=utf-8"),))


def redirect(location: str, *headers: tuple[str, str]) -> Response:
    return Response(status="303 See Other", headers=(("Location", location), *headers))
