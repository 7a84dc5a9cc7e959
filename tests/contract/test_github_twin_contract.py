"""Every answer of the twin fits GitHub's own description of its API."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from codeql_fixer.twin.github.service import FAMILIES
from codeql_fixer.twin.github.state import State
from tests.github_twin import github_twin
from tests.hooks import listening, settled
from tests.openapi import modern, pointer_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.github_twin import GitHubTwin
    from tests.hooks import Heard
    from tests.twins import Answer

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

DESCRIPTION = Path(__file__).parents[2] / ".tools/github-openapi.json"
SARIF = {"runs": [{"results": [{}], "tool": {"driver": {"rules": [{}]}}}]}
_HIDDEN = re.compile(r"\{[a-z_]+\}")


class Description:
    """GitHub's description, and which of its operations were seen to be obeyed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths, self.obeyed = document["paths"], set[tuple[str, str]]()
        self._registry = Registry().with_resource("urn:github", DRAFT202012.create_resource(document))

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Fail when the answer is not described for that operation."""
        template = self._template(method, path.partition("?")[0])
        place = f"/paths/{pointer_part(template)}/{method.lower()}/responses/{answer.status}"
        response = self._paths[template][method.lower()]["responses"].get(str(answer.status))
        if response is None:
            # Few operations list the errors that all have.
            assert answer.status >= 400, f"{method} {path}: {answer.status} is not described"
            self._validate("/components/schemas/basic-error", answer)
            return
        if "$ref" in response:
            place = response["$ref"].removeprefix("#")
            response = self._registry.resolver("urn:github").lookup(f"urn:github#{place}").contents
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if not response.get("content"):
            assert not answer.content, f"{method} {path}: {answer.content!r}"
        else:
            assert media_type in response["content"], f"{method} {path}: {media_type}"
            self._validate(f"{place}/content/{pointer_part(media_type)}/schema", answer)
        self.obeyed.add((method, _HIDDEN.sub("{}", template)))

    def check_told(self, heard: Heard) -> str:
        """Fail when what a webhook told is not described; returns what it is called."""
        action = heard.json.get("action")
        name = "-".join(filter(None, (heard.headers["X-GitHub-Event"], action))).replace("_", "-")
        self._validate(f"/x-webhooks/{name}/post/requestBody/content/application~1json/schema", heard)
        return name

    def _validate(self, pointer: str, answer: Answer | Heard) -> None:
        schema = {"$ref": f"urn:github#{pointer}"}
        validator = Draft202012Validator(schema, registry=self._registry, format_checker=FormatChecker())
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer.json)]
        assert not errors, (pointer, errors[:5])

    def _template(self, method: str, path: str) -> str:
        for template, item in self._paths.items():
            pattern = "/".join("[^/]+" if part[:1] == "{" else re.escape(part) for part in template.split("/"))
            if method.lower() in item and re.fullmatch(pattern, path):
                return str(template)
        pytest.fail(f"{method} {path} is not described")


@pytest.fixture(scope="module")
def description() -> Description:
    if not DESCRIPTION.is_file():
        if os.environ.get("CODEQL_FIXER_NEEDS_ALL"):  # noqa: TID251 - tests
            pytest.fail(f"{DESCRIPTION} is missing, and .ci/run has to have it")
        pytest.skip("GitHub's description of its API is not here; `make openapi` fetches it")
    return Description(modern(json.loads(DESCRIPTION.read_text())))


@pytest.fixture(scope="module")
def twin() -> Iterator[GitHubTwin]:
    with github_twin("--seed", "7") as twin:
        twin.repository("acme/shop")
        twin.repository("acme/fork", fork_of="acme/shop", is_archived=True, is_private=True)
        twin.repository("acme/empty", has_commits=False)
        twin.repository("acme/unscanned", has_code_scanning=False)
        twin.repository("acme/old")
        twin.admin("POST", "repos/acme/old/rename", {"to": "acme/new"})
        twin.workflow("acme/shop", "scan.yml", inputs={"target_repo": True})
        for number, action in enumerate(("edit", "draft", "merge", "close"), start=1):
            twin.change_pull("acme/shop", twin.pull("acme/shop", f"devin/{number}", body="b" * number), action)
        yield twin


def _requests(twin: GitHubTwin) -> Iterator[tuple[str, str, object, dict[str, str], int]]:
    """Method, path, body, headers and the status that is to come."""
    order = {"ref": "main", "inputs": {"target_repo": "a/b"}}
    dispatches = "/repos/acme/shop/actions/workflows/scan.yml/dispatches"
    analysis = twin.analysis("acme/shop", SARIF, category="/language:python", error="x", warning="y")
    yield "POST", dispatches, order, {}, 204
    yield "POST", dispatches, {**order, "return_run_details": True}, {}, 200
    yield "POST", dispatches, {"ref": "main"}, {}, 422
    yield "POST", dispatches, order, {"Authorization": f"Bearer {twin.read_token}"}, 403
    yield "POST", dispatches, b"{", {}, 400
    for status in ("queued", "completed"):
        run = twin.runs()[-1]["url"].rpartition("/")[2]
        yield "GET", f"/repos/acme/shop/actions/runs/{run}", None, {}, 200
        yield "GET", f"/repos/acme/shop/actions/runs?status={status}", None, {}, 200
        twin.advance(1000)
    for path in (
        "/rate_limit",
        "/orgs/acme",
        "/orgs/acme/repos",
        "/users/acme/repos?per_page=1",
        "/repos/acme/shop",
        "/repos/acme/fork",
        "/repos/acme/shop/commits",
        "/repos/acme/shop/actions/workflows",
        "/repos/acme/shop/actions/workflows/scan.yml",
        "/repos/acme/shop/actions/workflows/scan.yml/runs",
        "/repos/acme/shop/pulls?state=all",
        *(f"/repos/acme/shop/pulls/{number}" for number in (1, 2, 3, 4)),
        "/repos/acme/shop/code-scanning/analyses",
        f"/repos/acme/shop/code-scanning/analyses/{analysis}",
    ):
        yield "GET", path, None, {}, 200
    sarif = {"Accept": "application/sarif+json"}
    yield "GET", f"/repos/acme/shop/code-scanning/analyses/{analysis}", None, sarif, 200
    yield from _requests_of_reviews(twin)
    yield from _requests_of_apps(twin)
    yield "GET", "/repos/acme/unscanned/code-scanning/analyses", None, {}, 403
    yield "GET", "/repos/acme/empty/code-scanning/analyses", None, {}, 404
    yield "GET", "/repos/acme/empty/commits", None, {}, 409
    yield "GET", "/repos/acme/old", None, {}, 301
    yield "GET", "/repos/acme/none", None, {}, 404
    yield "GET", "/repos/acme/shop", None, {"Authorization": "Bearer ghp_x"}, 401
    yield "GET", "/orgs/nobody", None, {}, 404


def _requests_of_reviews(twin: GitHubTwin) -> Iterator[tuple[str, str, object, dict[str, str], int]]:
    shop = "/repos/acme/shop"
    remark = {"body": "here", "path": "a.py", "line": 3, "diff_hunk": "@@ -1 +1 @@"}
    for state in ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"):
        twin.review("acme/shop", 1, state, body="so", comments=[remark, {**remark, "line": None}])
    twin.review("acme/shop", 1, "COMMENTED", comments=[remark], is_loose=True)
    twin.say("acme/shop", 1, "hello")
    twin.require("acme/shop", "main", protection=["build"], rules=["lint"])
    commit = twin.ask("GET", f"{shop}/pulls/1").json["head"]["sha"]
    twin.check("acme/shop", commit, "queued", status="queued", app="ci")
    run = twin.check(
        "acme/shop",
        commit,
        "build",
        conclusion="failure",
        title="t",
        summary="s",
        text="x",
        log="...",
        annotations=[{"path": "a.py", "line": 1, "message": "m"}],
    )["id"]
    comment = twin.ask("POST", f"{shop}/issues/1/comments", {"body": "first"}).json["id"]
    yield "POST", f"{shop}/issues/1/comments", {"body": "said"}, {}, 201
    yield "POST", f"{shop}/issues/99/comments", {"body": "said"}, {}, 404
    yield "POST", f"{shop}/issues/1/comments", {"body": ""}, {}, 422
    yield "PATCH", f"{shop}/issues/comments/{comment}", {"body": "said again"}, {}, 200
    yield "POST", f"{shop}/labels", {"name": "fix it", "color": "ff0000", "description": "d"}, {}, 201
    yield "POST", f"{shop}/labels", {"name": "Fix it"}, {}, 422
    yield "POST", f"{shop}/issues", {"title": "Trouble", "body": "b", "labels": ["fix it", "new"]}, {}, 201
    number = twin.issue("acme/shop", "Trouble of somebody")
    yield "PATCH", f"{shop}/issues/{number}", {"title": "Less trouble", "state": "closed"}, {}, 200
    yield "POST", f"{shop}/issues/1/labels", {"labels": ["fix it", "other"]}, {}, 200
    yield "GET", f"{shop}/pulls/1", None, {}, 200
    yield "GET", f"{shop}/issues/1/labels", None, {}, 200
    yield "DELETE", f"{shop}/issues/1/labels/fix%20it", None, {}, 200
    yield "DELETE", f"{shop}/issues/1/labels/fix%20it", None, {}, 404
    yield "POST", f"{shop}/statuses/{commit}", {"state": "success", "context": "ours"}, {}, 201
    yield "POST", f"{shop}/check-runs", {"name": "ours", "head_sha": commit}, {}, 403
    yield "GET", f"{shop}/actions/jobs/{run}/logs", None, {}, 302
    for path in (
        "issues?state=all",
        f"issues/{number}",
        "issues/1",
        "issues/1/comments",
        "labels",
        "labels/fix%20it",
        "pulls/1/reviews",
        "pulls/1/comments",
        f"commits/{commit}/check-runs",
        f"check-runs/{run}/annotations",
        f"commits/{commit}/statuses",
        f"commits/{commit}/pulls",
        "branches/main",
        "rules/branches/main",
        "rules/branches/other",
    ):
        yield "GET", f"{shop}/{path}", None, {}, 200
    yield "PATCH", f"{shop}/pulls/1", {"state": "closed", "title": "Closed"}, {}, 200
    yield "GET", f"{shop}/labels/none", None, {}, 404
    yield "GET", f"{shop}/branches/none", None, {}, 404
    yield "GET", "/user", None, {}, 200


def _requests_of_apps(twin: GitHubTwin) -> Iterator[tuple[str, str, object, dict[str, str], int]]:
    app, everywhere = twin.app(), twin.install("acme")
    chosen = twin.install("chosen", "chosen/one")
    now = int(twin.now().timestamp())
    signed = jwt.encode({"iat": now, "exp": now + 600, "iss": str(app["id"])}, app["private_key"], "RS256")
    itself = {"Authorization": f"Bearer {signed}"}
    for path in (
        "/app",
        "/app/installations",
        f"/app/installations/{chosen}",
        "/repos/acme/shop/installation",
        "/orgs/acme/installation",
        "/users/chosen/installation",
    ):
        yield "GET", path, None, itself, 200
    yield "GET", "/orgs/nobody/installation", None, itself, 404
    yield "GET", "/app", None, {}, 401
    yield "POST", f"/app/installations/{chosen}/access_tokens", None, itself, 201
    tokens = f"/app/installations/{everywhere}/access_tokens"
    opened = {"Authorization": f"Bearer {twin.ask('POST', tokens, headers=itself).json['token']}"}
    commit = twin.ask("GET", "/repos/acme/shop/pulls/1").json["head"]["sha"]
    ours = {"name": "ours", "head_sha": commit}
    run = twin.ask("POST", "/repos/acme/shop/check-runs", ours, headers=opened).json["id"]
    done = {"conclusion": "success", "output": {"title": "t", "summary": "s"}}
    yield "POST", "/repos/acme/shop/check-runs", {**ours, **done}, opened, 201
    yield "PATCH", f"/repos/acme/shop/check-runs/{run}", done, opened, 200
    yield "GET", "/user", None, opened, 403


def test_twin__obeys_the_description(twin: GitHubTwin, description: Description) -> None:
    for method, path, body, headers, status in _requests(twin):
        answer = twin.ask(method, path, body, headers=headers)
        assert answer.status == status, (method, path, answer.content)
        description.check(method, path, answer)

    routes = (route for family in FAMILIES for route in family(State(1)).routes())
    served = {(route.method, _HIDDEN.sub("{}", route.pattern)) for route in routes}
    assert served | {("GET", "/rate_limit")} == description.obeyed


@pytest.mark.parametrize("fault", ["403", "404", "429", "500", "502", "secondary-limit"])
def test_faults__obey_the_description(twin: GitHubTwin, description: Description, fault: str) -> None:
    twin.fault(fault)

    description.check("GET", "/repos/acme/shop", twin.ask("GET", "/repos/acme/shop"))


def test_description__would_notice_a_wrong_answer(twin: GitHubTwin, description: Description) -> None:
    answer = twin.ask("GET", "/orgs/acme")

    with pytest.raises(AssertionError, match="'archive_url' is a required property"):
        description.check("GET", "/repos/acme/shop", answer)


def test_hooks__obey_the_description(twin: GitHubTwin, description: Description) -> None:
    name, remark = "acme/hooks", {"path": "a.py", "line": 3, "body": "here", "diff_hunk": "@@ -1 +1 @@"}
    twin.repository(name)
    with listening() as ear:
        twin.hook(ear.url)
        number = twin.pull(name, "fix")
        base = f"/repos/{name}"
        twin.review(name, number, "APPROVED", comments=[remark])
        twin.say(name, number, "Why?")
        comment = twin.ask("POST", f"{base}/issues/{number}/comments", {"body": "Since."}).json["id"]
        twin.ask("PATCH", f"{base}/issues/comments/{comment}", {"body": "So."})
        issue = twin.ask("POST", f"{base}/issues", {"title": "Plan"}).json["number"]
        for change in ({"title": "A plan"}, {"state": "closed"}, {"state": "open"}):
            twin.ask("PATCH", f"{base}/issues/{issue}", change)
        twin.check(name, "a" * 40, "build", conclusion="failure")
        twin.ask("POST", f"{base}/statuses/{'a' * 40}", {"state": "success", "context": "ours"})
        for action in ("draft", "ready", "push", "edit", "close", "reopen", "merge"):
            twin.change_pull(name, number, action)
        settled(twin)

        told = [description.check_told(heard) for heard in ear.heard]

    assert told == [
        "pull-request-opened",
        "pull-request-review-submitted",
        "pull-request-review-comment-created",
        *["issue-comment-created"] * 2,
        "issue-comment-edited",
        *(f"issues-{action}" for action in ("opened", "edited", "closed", "reopened")),
        "check-run-completed",
        "status",
        "pull-request-converted-to-draft",
        "pull-request-ready-for-review",
        *(f"pull-request-{action}" for action in ("synchronize", "edited", "closed", "reopened", "closed")),
    ]
