"""PyGithub over our own calls: it knows how requests are written and how pages follow one another.

Its client keeps things of one request in the connection and in dictionaries without a lock, so each thread has a client
of its own. They share our calls, with all limits, in the place of its connections.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from codeql_fixer.errors import UserError
from codeql_fixer.transport.errors import DamagedAnswerError

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, Mapping

    from github.Requester import Requester

    from codeql_fixer.adapters.github.caller import Caller
    from codeql_fixer.transport.http import Reply

PAGE = 100
_injecting = threading.Lock()


class Library:
    """What PyGithub does for us; threads may share it.

    Args:
        caller: makes the calls.
        base_url: of the API.
    """

    def __init__(self, caller: Caller, base_url: str) -> None:
        self._caller, self._base_url = caller, base_url
        self._own = threading.local()

    def whole(self, path: str) -> str:
        """A path below the API's own."""
        return f"{urlsplit(self._base_url).path.rstrip('/')}{path}"

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON says anything
        """The body at a path."""
        with _readable(path):
            _, body = self._requester().requestJsonAndCheck("GET", path)
            return body

    def post(self, path: str, content: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON says anything
        """The body of the answer, None where there is none."""
        return self._write("POST", path, content)

    def patch(self, path: str, content: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON says anything
        """The body of the answer to a change, which may be asked for twice: it says what is to be, not what to add."""
        return self._write("PATCH", path, content)

    def delete(self, path: str) -> None:
        """Remove what is at a path; asked for twice, the second time is a 404."""
        self._write("DELETE", path, {})

    def pages(self, path: str, parameters: Mapping[str, str], *, member: str = "items") -> Iterator[Any]:
        """The entries of a list, page after page; each is as GitHub sent it.

        Args:
            path: of the list.
            parameters: of the query.
            member: where the list stands in a page that is an object.
        """
        with _readable(path):
            yield from self._list(path, parameters, member)

    def count(self, path: str, parameters: Mapping[str, str]) -> int:
        """How many entries a list has, by the number of its last page of one entry."""
        with _readable(path):
            return int(self._list(path, parameters, "items").totalCount)

    def _write(self, verb: str, path: str, content: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON says anything
        with _readable(path):
            _, body = self._requester().requestJsonAndCheck(verb, path, input=dict(content))
            return body

    def _list(self, path: str, parameters: Mapping[str, str], member: str) -> Any:  # noqa: ANN401 - of raw entries
        from github.PaginatedList import PaginatedList  # noqa: PLC0415 - costs 0.1 s

        return PaginatedList(cast("Any", _raw), self._requester(), path, dict(parameters), list_item=member)

    def _requester(self) -> Requester:
        requester: Requester | None = getattr(self._own, "requester", None)
        if requester is None:
            requester = self._own.requester = _new_requester(self._caller, self._base_url)
        return requester


def _new_requester(caller: Caller, base_url: str) -> Requester:
    """A client of PyGithub that keeps the connection class which the whole library has at this moment."""
    try:
        from github import Github  # noqa: PLC0415 - costs 0.1 s
        from github.Requester import Requester  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UserError("GitHub needs PyGithub: pip install 'codeql-fixer[github]'") from error

    connection = cast("Any", partial(_Connection, caller))
    with _injecting:
        Requester.injectConnectionClasses(connection, connection)
        try:
            client = Github(
                base_url=base_url,
                per_page=PAGE,
                retry=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
            )
        finally:
            Requester.resetConnectionClasses()
    return client.requester


def _raw(requester: object, headers: object, entry: object) -> object:
    """In the place of PyGithub's objects, which fetch what they lack when they are looked at."""
    del requester, headers
    return entry


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """What PyGithub raises about bodies that it cannot read becomes an error of the call."""
    try:
        yield
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DamagedAnswerError(f"{path}: GitHub's answer cannot be read", words=type(error).__name__) from error


class _Connection:
    """What PyGithub takes for a connection: a request is given first and its answer asked for then."""

    def __init__(self, caller: Caller, host: str, *arguments: object, **options: object) -> None:
        del arguments, options
        self._caller, self.host = caller, host
        self._request: tuple[str, str, str | None] = ("", "", None)

    def request(self, verb: str, url: str, body: str | None, *others: object) -> None:
        """Keep the request; which headers go with it, and whether it is streamed, is not PyGithub's affair."""
        del others
        self._request = (verb, url, body)

    def getresponse(self) -> _Response:
        """Make the call."""
        verb, url, body = self._request
        if verb == "GET":
            return _Response(self._caller.read(url))
        return _Response(self._caller.write(verb, url, (body or "{}").encode()))

    def close(self) -> None:
        """Nothing: the connections are the caller's."""


class _Response:
    def __init__(self, reply: Reply) -> None:
        self._reply, self.status, self.headers = reply, reply.status, reply.headers

    def getheaders(self) -> ItemsView[str, str]:
        return self._reply.headers.items()

    def read(self) -> str:
        return self._reply.content.decode()
