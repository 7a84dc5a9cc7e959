"""What an error looks like: RFC 9457, or one of the older forms that clients have to bear."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from codeql_fixer.twin.wire import Problem, answer

if TYPE_CHECKING:
    from codeql_fixer.twin.wire import Response

_PROBLEM_JSON = "application/problem+json"


def invalid(message: str, *location: str | int, kind: str = "value_error") -> Problem:
    """A 422 that names the place: `location` begins with "body", "query" or "path"."""
    error: dict[str, object] = {"loc": list(location), "msg": message, "type": kind}
    return Problem(422, "Request validation failed", errors=(error,))


def rendered(problem: Problem, form: str, path: str) -> Response:
    """The answer for a problem.

    Args:
        problem: what is wrong.
        form: "problem", "detail", "list" or "null", as Switches.errors has it.
        path: of the request.
    """
    if form == "problem":
        return _problem_detail(problem, path)
    detail: Any = problem.detail
    if form == "null":
        detail = None
    elif problem.errors:
        detail = list(problem.errors)
    elif form == "list":
        detail = [{"loc": [], "msg": problem.detail, "type": "value_error"}]
    return answer({"detail": detail}, status=problem.status)


def _problem_detail(problem: Problem, path: str) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _title(problem.status),
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
    }
    if problem.errors:
        body["errors"] = list(problem.errors)
    return answer(body, status=problem.status, media_type=_PROBLEM_JSON)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
