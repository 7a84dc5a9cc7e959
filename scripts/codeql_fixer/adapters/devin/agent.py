"""Devin behind the port `Agent`, whatever generation of its API: exactly one session per request, errors told once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from codeql_fixer.adapters.devin.order import Choices
from codeql_fixer.adapters.devin.refusals import FORBIDDEN, NOT_FOUND, meaning, told
from codeql_fixer.adapters.devin.statuses import is_about_budget
from codeql_fixer.adapters.devin.wire import AGENT, path_id
from codeql_fixer.domain.session import SessionState
from codeql_fixer.errors import SessionRefusedError, SessionUnsettledError
from codeql_fixer.ports.agent import Created
from codeql_fixer.transport.errors import HttpError, StatusError
from codeql_fixer.transport.retry import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from codeql_fixer.domain.session import Attachment, Session, SessionRequest
    from codeql_fixer.ports.agent import Capabilities, MessagePage

# For uploads and the order together: who claimed has to know when at the latest a session may begin (policy/claims.py).
_CREATE_SECONDS = 120.0
# How long to look for a session whose creation was not answered. Listings lag behind, mostly by less than this.
_LOOK_UP_AFTER_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_LOOK_UP_SECONDS = 10.0  # for one of these looks
_DEFAULT_THREADS = 16
_ENDED = frozenset({SessionState.FINISHED, SessionState.FAILED, SessionState.STOPPED})
_LAST = datetime.max.replace(tzinfo=UTC)
_T = TypeVar("_T")
_R = TypeVar("_R")


class Api(Protocol):
    """One generation of the API. Ids have the form that paths take; every call may raise HttpError."""

    capabilities: Capabilities

    def start(
        self, request: SessionRequest, *, attachment_urls: Sequence[str], choices: Choices, seconds: float
    ) -> Created:
        """Create a session, by one request that is never sent twice unless it surely did nothing."""
        ...

    def upload(self, attachment: Attachment, *, seconds: float) -> str:
        """Put a file where sessions find it; returns its address."""
        ...

    def session(self, session_id: str) -> Session:
        """One session."""
        ...

    def listed(self, *, tag: str = "", seconds: float | None = None) -> Iterator[Session]:
        """All sessions, or those with a tag; a session may come twice, and others may come, too."""
        ...

    def batches(self, session_ids: Sequence[str]) -> Sequence[Sequence[str]]:
        """The ids in such parts as `some` takes."""
        ...

    def some(self, session_ids: Sequence[str]) -> Iterable[Session]:
        """Those of the sessions that a listing shows at little cost; others may come, too."""
        ...

    def messages(self, session_id: str, cursor: str) -> MessagePage:
        """Messages since a cursor."""
        ...

    def send(self, session_id: str, text: str) -> str:
        """Write to a session; returns what the service has to say about it, "" for nothing."""
        ...

    def end(self, session_id: str) -> None:
        """End a session."""
        ...


class DevinAgent:
    """Agent of one organization; threads may share it.

    Args:
        api: the generation that the key is for.
        account: names the organization; see the port.
        choices: what sessions get beside their request.
        threads: how many calls `states` makes at a time.
        timing: how time passes between looks for a session.
    """

    name = AGENT

    def __init__(
        self,
        api: Api,
        choices: Choices | None = None,
        *,
        account: str,
        threads: int = _DEFAULT_THREADS,
        timing: Timing | None = None,
    ) -> None:
        self._api, self._choices, self.account = api, choices or Choices(), account
        self._threads, self._timing = threads, timing or Timing()
        self.capabilities = api.capabilities

    def create(self, request: SessionRequest) -> Created:
        """Start a session; see the port."""
        end = self._timing.monotonic() + _CREATE_SECONDS
        is_upload = True  # which starts nothing, whatever becomes of it
        try:
            urls = [self._api.upload(file, seconds=end - self._timing.monotonic()) for file in request.attachments]
            rest, is_upload = end - self._timing.monotonic(), False
            return self._api.start(request, attachment_urls=urls, choices=self._choices, seconds=rest)
        except HttpError as error:
            may_have_acted = error.may_have_acted and not is_upload
            problem = meaning(error, is_order=True, has_secrets=bool(request.secrets))
        except UnicodeEncodeError:
            may_have_acted, problem = False, SessionRefusedError(f"no session for {request!r}: not all of it is text")
        if may_have_acted:
            return self._looked_up(request, str(problem))
        raise problem  # outside of the handlers: the error that they caught may quote a secret, and is not to go along

    def get(self, session_id: str) -> Session:
        """One session."""
        name = path_id(session_id)
        with told(session_id=name):
            return self._api.session(name)

    def find_by_tag(self, tag: str) -> list[Session]:
        """The sessions that bear a tag, oldest first."""
        with told():
            return self._with_tag(tag)

    def states(self, session_ids: Collection[str]) -> Iterator[Session]:
        """Those of the sessions that exist: by listing first, what is missing there one by one."""
        missing = dict.fromkeys(map(path_id, session_ids))
        if len(missing) > 1:
            for found in self._in_threads(self._some, self._api.batches(tuple(missing))):
                for session in found:
                    if session.id in missing:
                        del missing[session.id]
                        yield session
        for one in self._in_threads(self._existing, tuple(missing)):
            if one is not None:
                yield one

    def ours(self) -> Iterator[Session]:
        """All sessions with a tag of ours, newest first."""
        with told():
            found = {session.id: session for session in self._api.listed() if session.intent_id}
        yield from sorted(found.values(), key=_age, reverse=True)

    def messages(self, session_id: str, cursor: str = "") -> MessagePage:
        """What was written since a cursor."""
        name = path_id(session_id)
        with told(session_id=name):
            return self._api.messages(name, cursor)

    def send(self, session_id: str, text: str) -> None:
        """Write to a session. After AgentUnavailableError the message may have arrived all the same: read first."""
        name = path_id(session_id)
        with told(session_id=name, is_order=True), _one_refused(name):
            answer = self._api.send(name, text)
        if answer and self.get(name).state in _ENDED:
            raise SessionRefusedError(f"session {name} takes no message: {answer}")

    def stop(self, session_id: str) -> None:
        """End a session for good."""
        name = path_id(session_id)
        try:
            with told(session_id=name, is_order=True), _one_refused(name):
                self._api.end(name)
        except SessionRefusedError as error:
            if "already" not in str(error) and self.get(name).state not in _ENDED:
                raise

    def _with_tag(self, tag: str, *, seconds: float | None = None) -> list[Session]:
        """Once each, oldest first, and none that the service shows beside those that were asked for."""
        found = {session.id: session for session in self._api.listed(tag=tag, seconds=seconds) if tag in session.tags}
        sessions = list(found.values())
        sessions.reverse()  # listed newest first; those of one second stay in order
        return sorted(sessions, key=_age)

    def _looked_up(self, request: SessionRequest, problem: str) -> Created:
        """The session that a creation without an answer has left, if it has.

        Raises:
            SessionUnsettledError: none is to be seen, which does not prove that there is none.
        """
        tag, trouble = request.tag, ""
        for seconds in _LOOK_UP_AFTER_SECONDS:
            self._timing.sleep(seconds)
            try:
                found = self._with_tag(tag, seconds=_LOOK_UP_SECONDS)
            except HttpError as error:
                trouble = f" ({error.problem if request.secrets else error})"
                continue
            if found:
                return Created(session_id=found[0].id, url=found[0].url, was_there=True)
        raise SessionUnsettledError(f"{problem}; no session with the tag {tag} is to be seen yet{trouble}")

    def _some(self, session_ids: Sequence[str]) -> list[Session]:
        return list(self._api.some(session_ids))

    def _existing(self, session_id: str) -> Session | None:
        try:
            return self._api.session(session_id)
        except StatusError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def _in_threads(self, ask: Callable[[_T], _R], items: Sequence[_T]) -> Iterator[_R]:
        """What is answered to each item, some of them at a time."""
        threads = ThreadPoolExecutor(max(min(self._threads, len(items)), 1))
        try:
            with told():
                yield from threads.map(ask, items)
        finally:
            threads.shutdown(cancel_futures=True)


@contextmanager
def _one_refused(session_id: str) -> Iterator[None]:
    """A 403 about one session is about that session: the key may be good for all else."""
    try:
        yield
    except StatusError as error:
        if error.status == FORBIDDEN and not is_about_budget(error.status, error.detail):
            raise SessionRefusedError(f"session {session_id} is not ours to change: {error}") from error
        raise


def _age(session: Session) -> datetime:
    """Sorts by time of creation; what has none comes last."""
    return session.created_at or _LAST
