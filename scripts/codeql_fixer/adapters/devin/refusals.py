"""What the errors of a call to Devin mean at the port."""

from __future__ import annotations

import re
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
# What an order is made of: the only words of a refusal that surely quote no secret.
ORDER_WORDS = frozenset(
    {
        "attachment_urls",
        "devin_mode",
        "idempotent",
        "key",
        "knowledge_ids",
        "max_acu_limit",
        "playbook_id",
        "prompt",
        "repos",
        "secret_ids",
        "sensitive",
        "session_secrets",
        "structured_output_required",
        "structured_output_schema",
        "tags",
        "title",
        "value",
    }
)


@contextmanager
def told(*, session_id: str = "", is_order: bool = False) -> Iterator[None]:
    """Errors of the block become errors of the port; `session_id` is whom it is about, "" for nobody."""
    try:
        yield
    except HttpError as error:
        raise meaning(error, session_id=session_id, is_order=is_order) from error


def meaning(
    error: HttpError, *, session_id: str = "", is_order: bool = False, has_secrets: bool = False
) -> CodeqlFixerError:
    """The error of the port for an error of a call.

    Args:
        error: of the call.
        session_id: whom it was about, "" for nobody.
        is_order: it was to change something, which may be refused. A reading that is refused is wrongly set up.
        has_secrets: the service may quote what nobody is to read, in whatever form: none of its words are kept.
    """
    problem = _without_words(error) if has_secrets else str(error)
    if not isinstance(error, StatusError):
        return AgentUnavailableError(problem)
    if is_order and not error.may_have_acted and is_about_budget(error.status, error.detail):
        return BudgetStopError(problem)
    if error.is_transient:
        return AgentUnavailableError(problem)
    if error.status == NOT_FOUND and session_id:
        return SessionNotFoundError(f"Devin has no session {session_id}, or the key may not see it")
    if is_order and error.status not in _ADVICE:
        return SessionRefusedError(problem)
    return AgentDeniedError(f"{problem} ({_ADVICE.get(error.status, 'check DEVIN_ORG_ID and DEVIN_API_URL')})")


def _without_words(error: HttpError) -> str:
    places = error.places if isinstance(error, StatusError) else ()
    named = sorted(ORDER_WORDS.intersection(word for place in places for word in re.split(r"\W+", place)))
    about = f" about {', '.join(named)}" if named else ""
    return f"{error.problem}{about} (what Devin says to it is left out: it may quote a secret of the request)"
