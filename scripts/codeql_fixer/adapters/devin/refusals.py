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
    FORBIDDEN: "the key may not do this; give its service user the permissions of docs/guides, or check DEVIN_ORG_ID",
}


@contextmanager
def told(*, session_id: str = "") -> Iterator[None]:
    """Errors of the block become errors of the port; `session_id` is whom it is about, "" for nobody."""
    try:
        yield
    except HttpError as error:
        raise meaning(error, session_id=session_id) from error


def meaning(error: HttpError, *, session_id: str = "") -> CodeqlFixerError:
    """The error of the port for an error of a call."""
    if not isinstance(error, StatusError) or error.is_transient:
        is_budget = isinstance(error, StatusError) and not error.may_have_acted and is_about_budget(0, error.detail)
        return BudgetStopError(str(error)) if is_budget else AgentUnavailableError(str(error))
    if is_about_budget(error.status, error.detail):
        return BudgetStopError(str(error))
    if error.status in _ADVICE:
        return AgentDeniedError(f"{error} ({_ADVICE[error.status]})")
    if error.status == NOT_FOUND and session_id:
        return SessionNotFoundError(f"Devin has no session {session_id}, or the key may not see it")
    return SessionRefusedError(str(error))
