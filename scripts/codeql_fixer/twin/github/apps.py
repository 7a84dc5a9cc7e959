"""Who asks: the user of a token, the App itself, and its installations with their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codeql_fixer.twin.github import shapes
from codeql_fixer.twin.github.paging import paged
from codeql_fixer.twin.github.routing import Call, Route
from codeql_fixer.twin.github.shapes import node_id, time_of
from codeql_fixer.twin.github.shapes_of_checks import app
from codeql_fixer.twin.github.state import not_found
from codeql_fixer.twin.wire import Problem, Response, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.twin.github.installed import Installation
    from codeql_fixer.twin.github.state import State

PERMISSIONS = {"checks": "write", "contents": "read", "issues": "write", "metadata": "read", "pull_requests": "write"}


class AppsAndUsers:
    """Answers requests about them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Iterator[Route]:
        """What is answered here."""
        yield Route("GET", "/user", self.user)
        yield Route("GET", "/app", self.app)
        yield Route("GET", "/app/installations", self.installations)
        yield Route("GET", "/app/installations/{installation}", self.installation)
        yield Route("POST", "/app/installations/{installation}/access_tokens", self.open)
        yield Route("GET", "/repos/{owner}/{repo}/installation", self.of_owner)
        yield Route("GET", "/orgs/{owner}/installation", self.of_owner)
        yield Route("GET", "/users/{owner}/installation", self.of_owner)

    def user(self, call: Call) -> Response:
        """Whose token it is, which an installation cannot ask."""
        if call.actor.endswith("[bot]"):
            raise Problem(403, "Resource not accessible by integration")
        return answer(shapes.user(call.actor, self._state.url))

    def app(self, call: Call) -> Response:
        """The App."""
        del call
        return answer(app(self._state.apps.slug, self._state.apps.id, self._state.url))

    def installations(self, call: Call) -> Response:
        """All places where it is installed."""
        every = list(self._state.apps.installations.values())
        return paged(call, every, self._described, url=self._state.url)

    def installation(self, call: Call) -> Response:
        """One of them."""
        return answer(self._described(self._numbered(call)))

    def of_owner(self, call: Call) -> Response:
        """That of a repository or account."""
        found = self._state.apps.of(call.parts["owner"], call.parts.get("repo", ""))
        if found is None:
            raise not_found()
        return answer(self._described(found))

    def open(self, call: Call) -> Response:
        """A token for one."""
        token, made = self._state.apps.open(self._numbered(call), call.now)
        selection = "selected" if made.installation.repositories else "all"
        described = {"token": token, "expires_at": time_of(made.expires_at), "permissions": PERMISSIONS}
        return answer({**described, "repository_selection": selection}, status=201)

    def _numbered(self, call: Call) -> Installation:
        found = self._state.apps.installations.get(call.number("installation"))
        if found is None:
            raise not_found()
        return found

    def _described(self, one: Installation) -> dict[str, Any]:
        """An `installation`."""
        owner, own = self._state.account(one.owner), f"{self._state.url}/app/installations/{one.id}"
        return {
            "id": one.id,
            "node_id": node_id("Installation", one.id),
            # The list describes it as a user and an enterprise at once.
            "account": {
                **shapes.account(owner, self._state.url),
                "name": one.owner,
                "slug": one.owner,
                "created_at": time_of(0),
                "updated_at": time_of(0),
            },
            "app_id": self._state.apps.id,
            "app_slug": self._state.apps.slug,
            "target_id": owner.id,
            "target_type": owner.kind,
            "single_file_name": None,
            "repository_selection": "selected" if one.repositories else "all",
            "access_tokens_url": f"{own}/access_tokens",
            "repositories_url": f"{self._state.url}/installation/repositories",
            "html_url": f"{shapes.WEB}/organizations/{one.owner}/settings/installations/{one.id}",
            "permissions": PERMISSIONS,
            "events": [],
            "created_at": time_of(0),
            "updated_at": time_of(0),
            "suspended_by": None,
            "suspended_at": None,
        }
