"""Code-scanning analyses and their SARIF. They are put in on the admin surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.twin.github import shapes_of_work as shapes
from codeql_fixer.twin.github.paging import paged
from codeql_fixer.twin.github.repositories import found
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.model import Repository
    from codeql_fixer.twin.github.state import State

_BASE = "/repos/{owner}/{repo}/code-scanning/analyses"
SARIF = "application/sarif+json"


class Scanning:
    """Answers requests about them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", _BASE, self.analyses)
        yield Route("GET", f"{_BASE}/{{analysis}}", self.analysis)

    def analyses(self, call: Call) -> Response:
        """Those of a ref and tool, newest first."""
        repository, url = self._scanned(call), self._state.url
        ref, tool = call.text("ref"), call.text("tool_name")
        analyses = [
            one for one in repository.analyses if (not ref or one.ref == whole_ref(ref)) and tool in {"", one.tool}
        ]
        if not analyses:
            raise Problem(404, "no analysis found")
        if call.text("direction", "desc") == "desc":
            analyses.reverse()
        return paged(call, analyses, lambda one: shapes.analysis(one, repository, url), url=url)

    def analysis(self, call: Call) -> Response:
        """One of them, or its SARIF for those who accept that."""
        repository, number = self._scanned(call), call.number("analysis")
        for one in repository.analyses:
            if one.id == number:
                if SARIF in call.request.headers.get("accept", ""):
                    return Response(content=one.sarif, media_type=SARIF)
                return answer(shapes.analysis(one, repository, self._state.url))
        raise not_found()

    def _scanned(self, call: Call) -> Repository:
        repository = found(self._state, call)
        if not repository.has_code_scanning:
            raise Problem(403, "Code scanning is not enabled for this repository. Enable it in the settings.")
        return repository


def whole_ref(ref: str) -> str:
    """A ref as GitHub keeps it; a bare name is a branch."""
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"
