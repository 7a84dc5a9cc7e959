"""GitHub Apps: an App signs for itself, and gets a token of an hour for each account where it is installed.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import msgspec
from msgspec import Struct

from codeql_fixer.adapters.github.identity import Identity
from codeql_fixer.adapters.github.paths import part
from codeql_fixer.adapters.github.refusals import NOT_FOUND, UNAUTHORIZED
from codeql_fixer.adapters.github.wire import parsed
from codeql_fixer.errors import UserError
from codeql_fixer.transport.errors import DamagedAnswerError, HttpError, StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codeql_fixer.adapters.github.caller import Caller
    from codeql_fixer.transport.http import HttpClient
    from codeql_fixer.transport.retry import Timing

_SIGNED_SECONDS = 540  # GitHub takes ten minutes, and its clock may be ahead of ours
_MARGIN_SECONDS, _HOUR_SECONDS = 300.0, 3600.0
_TRIES = 3


class AppKey(Struct, frozen=True, kw_only=True):
    """Who an App is: its number and its private key, in PEM."""

    id: str
    private_key: str

    def __repr__(self) -> str:
        """The number only."""
        return f"AppKey({self.id!r})"

    def jwt(self) -> str:
        """What the App shows to speak for itself, for the next nine minutes.

        Raises:
            UserError: the key is none, or PyGithub is not installed.
        """
        try:
            from github import Auth  # noqa: PLC0415 - costs 0.1 s
        except ModuleNotFoundError as error:
            raise UserError("GitHub needs PyGithub: pip install 'codeql-fixer[github]'") from error
        try:
            return Auth.AppAuth(self.id, self.private_key).create_jwt(_SIGNED_SECONDS)
        except Exception:  # noqa: BLE001 - libraries differ in what they raise, and may quote the key
            raise UserError("GITHUB_APP_PRIVATE_KEY is no RSA key in PEM; look whether it was copied whole") from None


class _Door(NamedTuple):
    """The client with an installation's token, to be used until then."""

    client: HttpClient
    until: float


class Installations:
    """Gives the client with the token of the installation that a call is about; threads may share it.

    Args:
        key: of the App.
        caller: makes the App's own calls, each signed anew.
        prefix: of paths of the API.
        client: makes a client for a token.
        timing: how time passes.
    """

    def __init__(
        self,
        key: AppKey,
        caller: Caller,
        prefix: str,
        *,
        client: Callable[[str], HttpClient],
        timing: Timing,
    ) -> None:
        self._key, self._caller, self._prefix = key, caller, prefix
        self._client, self._timing = client, timing
        self._lock = threading.Lock()
        self._by_owner: dict[str, int] = {}
        self._doors: dict[int, _Door] = {}

    def client_for(self, path: str) -> HttpClient:
        """The client for a path; a token is made anew five minutes before its time is over.

        Raises:
            UserError: the App is not installed there, or GitHub does not accept its key.
            UpstreamError: there is no answer.
        """
        place, owner = self._place(path)
        with self._lock:
            number = self._by_owner.get(owner)
            if number is None:
                number = self._by_owner[owner] = self._found(place)
            door = self._doors.get(number)
            if door is None or self._timing.monotonic() >= door.until:
                door = self._doors[number] = self._opened(number)
            return door.client

    def identity(self) -> Identity:
        """The account under which the App writes."""
        slug = parsed(self._read("/app", "the App"), _App, "an App").slug
        return Identity(login=f"{slug}[bot]", is_app=True)

    def _place(self, path: str) -> tuple[str, str]:
        """Where to ask for the installation, and whose it is: an account has one for all its repositories."""
        match path.partition("?")[0].removeprefix(self._prefix).split("/"):
            case ["", "repos", owner, name, *_]:
                return f"/repos/{owner}/{name}", owner.lower()
            case ["", "orgs" | "users" as kind, owner, *_]:
                return f"/{kind}/{owner}", owner.lower()
            case _:
                raise UserError(f"{path}: an App asks about repositories and their owners only")

    def _found(self, place: str) -> int:
        what = place.removeprefix("/repos/").removeprefix("/orgs/").removeprefix("/users/")
        return parsed(self._read(f"{place}/installation", what), _Installation, "an installation").id

    def _opened(self, number: int) -> _Door:
        """A new token. One too many does no harm, so that this may be asked for again."""
        path = f"{self._prefix}/app/installations/{part(str(number))}/access_tokens"
        begun = self._timing.monotonic()
        for left in reversed(range(_TRIES)):
            try:
                reply = self._caller.write("POST", path, b"{}")
                break
            except StatusError as error:
                if not (left and error.is_transient):
                    self._refuse(error, f"installation {number}")
            except HttpError as error:
                if not (left and error.is_transient):
                    raise
        made = parsed(_json(reply.content), _Token, "a token of an installation")
        seconds = min(_HOUR_SECONDS, _seconds_until(made.expires_at, reply.headers)) - _MARGIN_SECONDS
        return _Door(self._client(made.token), begun + seconds)

    def _read(self, path: str, what: str) -> object:
        try:
            return _json(self._caller.read(f"{self._prefix}{path}", is_kept=False).content)
        except StatusError as error:
            self._refuse(error, what)

    def _refuse(self, error: StatusError, what: str) -> NoReturn:
        if error.is_transient:
            raise error
        if error.status == UNAUTHORIZED:
            problem = f"GitHub does not accept the App {self._key.id} with this key ({error.detail})"
            remedy = "check GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY and this machine's clock"
        elif error.status == NOT_FOUND:
            problem, remedy = f"the App {self._key.id} is not installed for {what}", "install it there"
        else:
            problem = f"{what}: GitHub refuses the App {self._key.id} ({error.status}): {error.detail}"
            remedy = "look at its settings"
        raise UserError(f"{problem}; {remedy}") from error


class _App(Struct, frozen=True):
    slug: str


class _Installation(Struct, frozen=True):
    id: int


class _Token(Struct, frozen=True):
    token: str
    expires_at: datetime


def _json(content: bytes) -> object:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise DamagedAnswerError("GitHub's answer about an App cannot be read", words=str(error)) from error


def _seconds_until(at: datetime, headers: Mapping[str, str]) -> float:
    """By the clock that wrote both; an hour where it does not say what time it is, as is documented."""
    try:
        now = parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return _HOUR_SECONDS
    return (at - now).total_seconds()
