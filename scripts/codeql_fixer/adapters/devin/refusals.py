"""What the errors of a call to Devin mean at the port."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from codeql_fixer.adapters.devin.statuses import is_about_budget
from codeql_fixer.errors import (
    AgentDeniedError,
    AgentUnavailableError,
    BudgetStopError,
    CodeqlFixerError,
    SessionNotFoundError,
    SessionRefusedError,
)
from codeql_fixer.transport.errors import HttpError, StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
_ADVICE = {
    UNAUTHORIZED: "Devin does not accept the key; check DEVIN_API_KEY",
    FORBIDDEN: "the key may not do this: give its service user the permission, or check DEVIN_ORG_ID",
}


@contextmanager
def told(*, session_id: str = "", is_order: bool = False) -> Iterator[None]:
    """Errors of the block become errors of the port; `session_id` is whom it is about, "" for nobody."""
    try:
        yield
    except HttpError as error:
        raise meaning(error, session_id=session_id, is_order=is_order) from error


def meaning(error: HttpError, *, session_id: str = "", is_order: bool = False) -> CodeqlFixerError:
    """The error of the port for an error of a call.

    Args:
        error: of the call.
        session_id: whom it was about, "" for nobody.
        is_order: it was to change something, which may be refused. A reading that is refused is wrongly set up.
    """
    if not isinstance(error, StatusError):
        return AgentUnavailableError(str(error))
    if is_order and not error.may_have_acted and is_about_budget(error.status, error.detail):
        return BudgetStopError(str(error))
    if error.is_transient:
        return AgentUnavailableError(str(error))
    if error.status == NOT_FOUND and session_id:
        return SessionNotFoundError(f"Devin has no session {session_id}, or the key may not see it")
    if is_order and error.status not in _ADVICE:
        return SessionRefusedError(str(error))
    return AgentDeniedError(f"{error} ({_ADVICE.get(error.status, 'check DEVIN_ORG_ID and DEVIN_API_URL')})")
