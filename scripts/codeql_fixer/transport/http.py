"""Calls to one server over HTTP: pooled connections, a bearer, bounds of time and size, more tries where that is safe.

A call that may have had an effect is never sent twice, unless whoever makes it says that twice does no harm.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3
from msgspec import Struct

from codeql_fixer import __version__
from codeql_fixer.errors import UserError
from codeql_fixer.transport.circuit import Circuit, CircuitLimits
from codeql_fixer.transport.errors import (
    TOO_MANY_REQUESTS,
    DamagedAnswerError,
    HttpError,
    NoAnswerError,
    StatusError,
    detail_of,
    places_of,
)
from codeql_fixer.transport.retry import Timing, persistently, retry_after_seconds
from codeql_fixer.transport.timed_connections import TimedAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

_REDIRECTS, NOT_MODIFIED, _ERRORS = 300, 304, 400
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_LAST_TRY_SECONDS = 5.0  # are left for the answer: a try without them leaves nothing but doubt
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_UNSENT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.ProxyError)
# Enough of a refusal to tell what it says.
_ERROR_BYTES = 64 * 1024


class Endpoint(Struct, frozen=True, kw_only=True):
    """A server and what opens its door; `is_open` for one that is asked without a key.

    Raises:
        UserError: the address is none, holds a password, or would carry the bearer over a network in the clear.
    """

    base_url: str
    bearer: str = ""
    is_open: bool = False

    def __post_init__(self) -> None:
        """Refuse addresses that would give the bearer away."""
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise UserError(f"{_without_user(self.base_url)!r} is no address of a server, such as https://example.com")
        if "@" in parts.netloc:
            raise UserError(f"{_without_user(self.base_url)}: the address holds a user name or password; remove it")
        if parts.scheme == "http" and not self.is_local:
            raise UserError(f"{self.base_url}: the key would cross the network in the clear; use https")
        if self.is_open and not self.bearer:
            return
        if not self.bearer or not self.bearer.isascii() or not self.bearer.isprintable() or " " in self.bearer:
            raise UserError(f"the key for {self.base_url} is empty or holds blanks; look whether it was copied whole")

    def __repr__(self) -> str:
        """The address only."""
        return f"Endpoint({self.base_url!r})"

    @property
    def host(self) -> str:
        """The server's name."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_local(self) -> bool:
        """True on this machine."""
        return self.host in _LOOPBACK


class Limits(Struct, frozen=True, kw_only=True):
    """How long and how much: to connect, for one answer, for a call with all its tries; `connections` are kept.

    `waits_when_busy`: False leaves a 429 to whoever calls, for servers that turn away those who come back early.
    """

    connect_seconds: float = 10.0
    answer_seconds: float = 60.0
    deadline_seconds: float = 120.0
    answer_bytes: int = 64 * 1024 * 1024
    connections: int = 16
    waits_when_busy: bool = True
    circuit: CircuitLimits = CircuitLimits()


class Upload(Struct, frozen=True):
    """A file that a form carries in its field `file`."""

    name: str
    content: bytes


class Call(Struct, frozen=True, kw_only=True):
    """What to ask the server for; `content` is sent as JSON. `query` may name a parameter several times.

    `is_repeatable` says that twice does no harm, None that the method tells.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    content: object = None
    upload: Upload | None = None
    is_repeatable: bool | None = None

    def __str__(self) -> str:
        """Method and path, for people."""
        return f"{self.method} {self.path}"


class Reply(Struct, frozen=True, kw_only=True):
    """What the server answers when it agrees, or that nothing has changed (304). Headers are told in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class HttpClient:
    """Calls one server; threads may share it. Proxies and certificates are those of the environment, as everywhere.

    Args:
        endpoint: the server.
        limits: how long and how much.
        timing: how time passes between tries.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None, *, timing: Timing | None = None) -> None:
        self._endpoint, self._limits, self._timing = endpoint, limits or Limits(), timing or Timing()
        self._circuit = Circuit(endpoint.host, self._limits.circuit, monotonic=self._timing.monotonic)
        self._session = _session(endpoint, self._limits)

    def ask(self, call: Call, *, seconds: float | None = None) -> bytes:
        """The body of the answer; arguments and errors are those of `exchange`."""
        return self.exchange(call, seconds=seconds).content

    def exchange(self, call: Call, *, seconds: float | None = None) -> Reply:
        """The answer.

        Args:
            call: what to ask for.
            seconds: for all tries together, where that is less than the limit for calls.

        Raises:
            HttpError: there is none; its kinds say why, and whether the server may have acted.
        """
        most = self._limits.deadline_seconds
        most = most if seconds is None else min(seconds, most)
        deadline = self._timing.monotonic() + most
        return persistently(
            lambda: self._attempt(call, deadline),
            is_worth_a_try=lambda error: self._is_worth_a_try(call, error),
            until=deadline - min(_LAST_TRY_SECONDS, most / 4),
            timing=self._timing,
        )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _is_worth_a_try(self, call: Call, error: HttpError) -> bool:
        if isinstance(error, StatusError) and error.status == TOO_MANY_REQUESTS:
            return self._limits.waits_when_busy
        is_repeatable = call.method in _REPEATABLE if call.is_repeatable is None else call.is_repeatable
        return error.is_transient and (is_repeatable or not error.may_have_acted)

    def _attempt(self, call: Call, deadline: float) -> Reply:
        rest = deadline - self._timing.monotonic()
        if rest <= 0:
            raise NoAnswerError(f"{call}: no time was left for it", may_have_acted=False, is_transient=False)
        with self._circuit.call():
            try:
                return self._exchange(call, rest)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise self._failure(call, error) from None  # the library's error holds the request with its bearer

    def _exchange(self, call: Call, seconds: float) -> Reply:
        limits = self._limits
        headers = dict(call.headers) | ({} if call.content is None else {"Content-Type": "application/json"})
        response = self._session.request(
            call.method,
            self._endpoint.base_url.rstrip("/") + call.path,
            params=call.query,
            data=None if call.content is None else msgspec.json.encode(call.content),
            headers=headers,
            files=None if call.upload is None else {"file": (call.upload.name, call.upload.content)},
            timeout=(min(limits.connect_seconds, seconds), min(limits.answer_seconds, seconds)),
            allow_redirects=False,
            stream=True,
        )
        with response:
            if response.status_code >= _REDIRECTS and response.status_code != NOT_MODIFIED:
                raise self._refusal(call, response)
            body = _read(response, limits.answer_bytes)
        if len(body) > limits.answer_bytes:
            raise DamagedAnswerError(f"{call}: the answer is longer than {limits.answer_bytes} bytes")
        return Reply(status=response.status_code, headers=response.headers, content=body)

    def _refusal(self, call: Call, response: requests.Response) -> StatusError:
        status = response.status_code
        try:
            # Before it is cut, since half a key would not be found.
            body = _read(response, _ERROR_BYTES)
            if self._endpoint.bearer:
                body = body.replace(self._endpoint.bearer.encode(), b"***")
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            body = b""  # the status says enough, and says it for certain
        detail = detail_of(body)
        if status < _ERRORS:
            detail = f"leads to {response.headers.get('Location', 'nowhere')}, which is not followed; mend the address"
        return StatusError(
            str(call),
            status,
            self._censored(detail),
            retry_after_seconds=retry_after_seconds(response.headers),
            places=places_of(body),
            headers=response.headers,
        )

    def _failure(self, call: Call, error: Exception) -> HttpError:
        causes = tuple(_causes(error))
        is_unsent = any(isinstance(cause, _UNSENT) for cause in causes)
        is_untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
        what = "no connection" if is_unsent else "no whole answer"
        return NoAnswerError(
            f"{call}: {what} from {self._endpoint.host}",
            may_have_acted=not is_unsent and not is_untrusted,
            is_transient=not is_untrusted,
            words=self._censored(str(causes[-1])),
        )

    def _censored(self, text: str) -> str:
        return text.replace(self._endpoint.bearer, "***") if self._endpoint.bearer else text


class _Bearer(requests.auth.AuthBase):
    """As an object, so that a `.netrc` of the user does not put its own password in the place of the key."""

    def __init__(self, bearer: str) -> None:
        self._value = f"Bearer {bearer}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


class _Nobody(requests.auth.AuthBase):
    """For the same reason, where no key is needed."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere. Where redirects are not followed, the library reads the whole answer all the same to prepare one."""


def _session(endpoint: Endpoint, limits: Limits) -> requests.Session:
    session = _Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # one call knows nothing of another
    adapter = TimedAdapter(pool_connections=1, pool_maxsize=limits.connections)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.auth = _Bearer(endpoint.bearer) if endpoint.bearer else _Nobody()
    session.headers.update({"Accept": "application/json", "User-Agent": f"codeql-fixer/{__version__}"})
    session.trust_env = not endpoint.is_local  # no proxy stands between this machine and itself
    return session


def _read(response: requests.Response, most: int) -> bytes:
    """The body, and of one that is too long just enough to tell."""
    body: bytes = response.raw.read(most + 1, decode_content=True)
    return body


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was made of: the libraries wrap one another's errors as arguments, reasons and causes."""
    found: BaseException | None = error
    while found is not None:
        yield found
        inner = [item for item in (getattr(found, "reason", None), *found.args) if isinstance(item, BaseException)]
        found = inner[0] if inner else found.__cause__


def _without_user(address: str) -> str:
    return address.rpartition("@")[2]
