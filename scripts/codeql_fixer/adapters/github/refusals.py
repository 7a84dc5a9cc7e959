"""What the errors of a call to GitHub mean at the port, with the remedy."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from codeql_fixer.adapters.github.limits import FORBIDDEN
from codeql_fixer.errors import UserError, WorkflowUnsettledError
from codeql_fixer.transport.errors import HttpError, StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNAUTHORIZED, NOT_FOUND = 401, 404


@contextmanager
def told(what: str, *, permission: str) -> Iterator[None]:
    """Errors of the block become errors of the port; those that may pass are left as they are.

    Args:
        what: is asked for, such as "repository acme/shop".
        permission: that the token needs for it.
    """
    try:
        yield
    except StatusError as error:
        if error.may_have_acted or error.is_transient:
            raise
        raise UserError(_words(error, what, permission)) from error


@contextmanager
def told_of_start(what: str) -> Iterator[None]:
    """Of a start of a workflow, that nobody can tell whether it happened."""
    try:
        yield
    except HttpError as error:
        if not error.may_have_acted:
            raise
        raise WorkflowUnsettledError(f"{error}; {what} may have been started all the same: look at its runs") from error


def _words(error: StatusError, what: str, permission: str) -> str:
    if error.status == UNAUTHORIZED:
        return f"GitHub does not accept the token ({error.detail}); check GITHUB_TOKEN"
    if error.status == FORBIDDEN:
        return f"{what}: GitHub refuses: {error.detail} (the token needs {permission})"
    if error.status == NOT_FOUND:
        return f"{what}: GitHub has none, or the token may not see it (which needs {permission})"
    return f"{what}: GitHub refuses ({error.status}): {error.detail}"
