"""Calls of GitHub's API: what has not changed is not fetched again, redirects stay on the host, waits are kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from msgspec import Raw
from msgspec.structs import replace

from codeql_fixer.adapters.github.answers import Answer
from codeql_fixer.adapters.github.limits import CallLimits, Calls, Gate, Pace, halt_after, halt_asked_for
from codeql_fixer.errors import RateLimitedError, UserError
from codeql_fixer.transport.errors import DamagedAnswerError, HttpError, StatusError
from codeql_fixer.transport.http import NOT_MODIFIED, Call, Endpoint, HttpClient, Limits, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from codeql_fixer.adapters.github.answers import Answers
    from codeql_fixer.transport.retry import Timing

_JSON = "application/vnd.github+json"
_VERSION = ("X-GitHub-Api-Version", "2022-11-28")
_HOPS, _HALTS = 4, 3
_KEPT_BYTES = 8 * 1024 * 1024
_LEADS_ON = frozenset({301, 302, 307, 308})
_LEADS_WRITES_ON = frozenset({307, 308})
_LINK = re.compile(r"<([^>]*)>")


class Caller:
    """Calls one server; threads may share it.

    Args:
        client_for: gives the client for a call's path; its address is the origin alone, so that paths are whole.
        origin: scheme, name and port of the server.
        answers: what is known already, None to fetch everything.
        limits: how much may be asked.
        timing: how time passes.
    """

    def __init__(
        self,
        client_for: Callable[[str], HttpClient],
        origin: str,
        *,
        answers: Answers | None,
        limits: CallLimits,
        timing: Timing,
    ) -> None:
        self._client_for, self._origin, self._answers, self._timing = client_for, origin, answers, timing
        self._calls, self._pace = Calls(limits.calls), Pace(timing, limits)
        self._gate = Gate(timing, limits.patience_seconds)

    @property
    def calls_left(self) -> int:
        """How many calls may still be made."""
        return self._calls.left

    def read(self, path: str, *, accept: str = _JSON, is_kept: bool = True) -> Reply:
        """GET.

        Args:
            path: with its query.
            accept: media type.
            is_kept: remember the answer, and ask whether it has changed next time.

        Raises:
            HttpError: there is no answer.
            RateLimitedError: there are no calls left, or GitHub wants to be left alone for too long.
            UserError: the address leads to another server.
        """
        kept = self._answers.get(path) if self._answers and is_kept else None
        condition = (("If-None-Match", kept.etag),) if kept else ()
        call = Call(method="GET", path=path, headers=(("Accept", accept), _VERSION, *condition))
        reply = self._led(call, _LEADS_ON)
        if reply.status == NOT_MODIFIED:
            self._calls.give_back()
            if kept is None:
                raise DamagedAnswerError(f"{call}: nothing has changed, says GitHub, though it was not asked for that")
            links = {"link": kept.link} if kept.link else {}  # PyGithub reads one that is there, also when it is empty
            reply = Reply(status=200, headers={"etag": kept.etag, **links}, content=kept.content)
        elif self._answers and is_kept and len(reply.content) <= _KEPT_BYTES and (etag := reply.headers.get("ETag")):
            link = reply.headers.get("Link", "")
            self._answers.put(path, Answer(etag=etag, link=link, content=reply.content))
        self._check_links(call, reply)
        return reply

    def read_elsewhere(self, path: str) -> bytes:
        """What an address leads to, on whatever server: another one is asked without the token.

        Raises:
            HttpError: there is no answer. The other server's address is not in it, since it is a key of its own.
            RateLimitedError: as for `read`.
            UserError: the other server cannot be asked safely.
        """
        call = Call(method="GET", path=path, headers=(("Accept", _JSON), _VERSION))
        client = self._client_for(path)
        for _ in range(_HOPS):
            try:
                return self._patiently(client, call).content
            except StatusError as error:
                if error.status not in _LEADS_ON:
                    raise
                target = urlsplit(urljoin(f"{self._origin}{call.path}", error.headers.get("Location", "")))
            if f"{target.scheme}://{target.netloc}" != self._origin:
                return self._read_stranger(path, target)
            call = replace(call, path=_path_of(target))
        raise DamagedAnswerError(f"{call}: GitHub leads round in circles")

    def write(self, method: str, path: str, content: bytes) -> Reply:
        """POST and the like, with a body of JSON. A POST is sent again only after GitHub refused to do anything.

        What says how something is to be (PATCH, PUT, DELETE) does no harm when it is done twice.

        Raises:
            HttpError: there is no answer; `may_have_acted` says whether it was done all the same.
            RateLimitedError: there are no calls left, or GitHub wants to be left alone for too long.
            UserError: the address leads to another server.
        """
        call = Call(
            method=method,
            path=path,
            headers=(("Accept", _JSON), _VERSION),
            content=Raw(content),
            is_repeatable=method != "POST",
        )
        with self._pace.turn():
            return self._led(call, _LEADS_WRITES_ON)

    def _led(self, call: Call, followed: frozenset[int]) -> Reply:
        client = self._client_for(call.path)
        for _ in range(_HOPS):
            try:
                return self._patiently(client, call)
            except StatusError as error:
                if error.status not in followed:
                    raise
                call = replace(call, path=self._target(call, error))
        raise DamagedAnswerError(f"{call}: GitHub leads round in circles")

    def _target(self, call: Call, error: StatusError) -> str:
        target = urlsplit(urljoin(f"{self._origin}{call.path}", error.headers.get("Location", "")))
        if f"{target.scheme}://{target.netloc}" != self._origin:
            raise UserError(
                f"{call}: {self._origin} leads to {target.scheme}://{target.hostname}, which is not followed with a "
                "token; mend GITHUB_API_URL"
            )
        return _path_of(target)

    def _read_stranger(self, path: str, target: SplitResult) -> bytes:
        address = Endpoint(base_url=f"{target.scheme}://{target.netloc}", is_open=True)
        client = HttpClient(address, Limits(connections=1), timing=self._timing)
        try:
            return client.ask(Call(method="GET", path=_path_of(target)))
        except HttpError:
            problem = f"GET {path}: what it leads to at {target.hostname} cannot be read"
            raise DamagedAnswerError(problem) from None
        finally:
            client.close()

    def _patiently(self, client: HttpClient, call: Call) -> Reply:
        """The answer, after the waits that GitHub asks for: what is refused like that was not done."""
        for _ in range(_HALTS):
            self._gate.wait()
            self._calls.take()
            try:
                reply = client.exchange(call)
            except StatusError as error:
                halt = halt_asked_for(error)
                if halt is None:
                    raise
                self._gate.shut(halt)
                continue
            spent = halt_after(reply.headers)
            if spent is not None:
                self._gate.shut(spent)
            return reply
        raise RateLimitedError(f"{call}: GitHub's rate limit still holds after {_HALTS} waits; run again later")

    def _check_links(self, call: Call, reply: Reply) -> None:
        for link in _LINK.findall(reply.headers.get("link", "")):
            if not link.startswith(f"{self._origin}/"):
                host = urlsplit(link).hostname
                raise DamagedAnswerError(f"{call}: the next page is said to be at {host}, which is another server")


def _path_of(target: SplitResult) -> str:
    return f"{target.path}?{target.query}" if target.query else target.path
