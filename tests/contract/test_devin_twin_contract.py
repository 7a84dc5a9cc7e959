"""Every answer of the twin of Devin fits the published contract: all routes, all documented errors, both versions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.devin_twin import Answer, devin_twin
from tests.openapi import modern, pointer_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.devin_twin import DevinTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a b.sarif"\r\nContent-Type: text/plain\r\n\r\n'
    b"\x00\r\n--b--\r\n"
)
FORM_TYPE = {"Content-Type": "multipart/form-data; boundary=b"}
SCHEMA = {
    "type": "object",
    "properties": {"status": {"type": "string"}, "progress_percent": {"type": "integer"}},
    "required": ["status"],
    "additionalProperties": False,
}
# Operations of the contract that the twin serves; what else is there is out of its scope (docs/adr/0011).
V3_SCOPE = re.compile(
    r"/v3/(self$|organizations/\{org_id\}/(sessions(?!.*insights)|attachments|playbooks|knowledge|secrets|consumption))"
)
V1_SCOPE = re.compile(r"/v1/(?!audit-logs)")


class Contract:
    """An OpenAPI document, and which of its operations were seen to be obeyed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document, self.obeyed = document, set[tuple[str, str]]()
        resource = DRAFT202012.create_resource(document)
        self._registry = Registry().with_resource("urn:contract", resource)

    def operations(self, scope: re.Pattern[str]) -> set[tuple[str, str]]:
        """Methods and paths within a scope."""
        methods = {"get", "post", "put", "delete", "patch"}
        paths = {path: names & methods for path, item in self._document["paths"].items() if (names := set(item))}
        return {(name.upper(), path) for path, names in paths.items() for name in names if scope.match(path)}

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Fail when the answer is not documented for that operation."""
        template = self._template(method, path.partition("?")[0])
        responses = self._document["paths"][template][method.lower()]["responses"]
        where = f"/paths/{pointer_part(template)}/{method.lower()}/responses/{answer.status}"
        response = responses.get(str(answer.status))
        if response is None:
            # The older part of the document types no error; those of the younger part hold for it.
            assert answer.status >= 400, f"{method} {path}: {answer.status} is not documented"
            self._validate({"$ref": "urn:contract#/components/schemas/ProblemDetail"}, answer)
            return
        if "$ref" in response:
            where = response["$ref"].removeprefix("#")
            response = self._at(where)
        if not response.get("content"):
            assert not answer.content, f"{method} {path}: {answer.content!r}"
        else:
            [media_type] = response["content"]
            assert answer.headers["content-type"].partition(";")[0] == media_type
            if media_type != "text/plain":
                place = f"{where}/content/{pointer_part(media_type)}/schema"
                self._validate({"$ref": f"urn:contract#{place}"}, answer)
        self.obeyed.add((method, template))

    def _at(self, pointer: str) -> Any:  # noqa: ANN401 - any JSON
        return self._registry.resolver("urn:contract").lookup(f"urn:contract#{pointer}").contents

    def _validate(self, schema: dict[str, Any], answer: Answer) -> None:
        validator = Draft202012Validator(schema, registry=self._registry, format_checker=FormatChecker())
        errors = [error.message for error in validator.iter_errors(answer.json)]
        assert not errors, (errors, answer.content)

    def _template(self, method: str, path: str) -> str:
        for template, item in self._document["paths"].items():
            pattern = "/".join("[^/]+" if part[:1] == "{" else re.escape(part) for part in template.split("/"))
            if method.lower() in item and re.fullmatch(pattern, path):
                return str(template)
        pytest.fail(f"{method} {path} is not documented")


@pytest.fixture(scope="module")
def v3(shared: Path) -> Contract:
    return Contract(json.loads((shared / "reference/devin-openapi/v3-combined.json").read_text()))


@pytest.fixture(scope="module")
def v1(shared: Path) -> Contract:
    path = shared / "reference/devin-openapi/v1-openapi-api-evangelist-cognition.yml"
    return Contract(modern(yaml.safe_load(path.read_text())))


@pytest.fixture(scope="module")
def running() -> Iterator[DevinTwin]:
    with devin_twin("--seed", "7", "--set", "v1_era=old") as twin:
        yield twin


@pytest.fixture
def twin(running: DevinTwin) -> DevinTwin:
    running.reset()
    running.outcome("waiting_for_user")
    return running


class Client:
    """Asks the twin, and checks each answer against the contract."""

    def __init__(self, twin: DevinTwin, contract: Contract, base: str) -> None:
        self._twin, self._contract, self._base = twin, contract, base

    def __call__(self, method: str, path: str, body: object = None, **more: Any) -> Answer:  # noqa: ANN401 - passed on
        path = path if path.startswith("/v") else self._base + path
        answer = self._twin.ask(method, path, body, **more)
        self._contract.check(method, path, answer)
        return answer


@pytest.fixture
def ask(twin: DevinTwin, v3: Contract) -> Client:
    """A client of API v3."""
    return Client(twin, v3, f"/v3/organizations/{twin.org}/")


@pytest.fixture
def ask_v1(twin: DevinTwin, v1: Contract) -> Client:
    """A client of API v1."""
    return Client(twin, v1, "/v1/")


# --- v3


def _v3_sessions(twin: DevinTwin, ask: Client) -> None:
    order = {"prompt": "Fix it.", "tags": ["cqf:i-1"], "repos": ["acme/shop"], "structured_output_schema": SCHEMA}
    name = ask("POST", "sessions", order).json["session_id"]
    for _ in range(30):
        ask("GET", f"sessions/devin-{name}")
        ask("GET", f"sessions?tags=cqf:i-1&session_ids={name}&is_archived=false&origins=api&first=1")
        twin.advance(2)
    ask("POST", f"sessions/{name}/messages", {"message": "Thank you."})
    ask("GET", f"sessions/{name}/messages?first=2")
    ask("GET", f"sessions/{name}/attachments")
    ask("POST", f"sessions/{name}/tags", {"tags": ["a"]})
    ask("PUT", f"sessions/{name}/tags", {"tags": ["b"]})
    ask("GET", f"sessions/{name}/tags")
    ask("POST", f"sessions/{name}/archive")
    ask("POST", f"sessions/{name}/unarchive")
    assert ask("DELETE", f"sessions/{name}?archive=true").json["is_archived"] is True
    assert ask("DELETE", f"sessions/{name}").status == 409


def _v3_library(ask: Client) -> None:
    given: list[tuple[str, str, dict[str, object], dict[str, object]]] = [
        ("playbooks", "playbook_id", {"title": "t", "body": "b", "macro": "!go"}, {"title": "u", "body": "b"}),
        (
            "knowledge/notes",
            "note_id",
            {"name": "n", "body": "b", "trigger": "t"},
            {"name": "m", "body": "b", "trigger": ""},
        ),
    ]
    for path, member, made, changed in given:
        name = ask("POST", path, made).json[member]
        assert [one[member] for one in ask("GET", path).json["items"]] == [name]
        assert ask("GET", f"{path}/{name}").json[next(iter(made))] == next(iter(made.values()))
        assert ask("PUT", f"{path}/{name}", changed).json[next(iter(changed))] == next(iter(changed.values()))
        assert ask("DELETE", f"{path}/{name}").status == 200
        assert ask("GET", f"{path}/{name}").status == 404
    ask("GET", "knowledge/folders")
    secret = ask("POST", "secrets", {"type": "key-value", "key": "TOKEN", "value": "x"}).json["secret_id"]
    assert ask("GET", "secrets").json["items"][0]["key"] == "TOKEN"
    assert ask("DELETE", f"secrets/{secret}").status == 200
    assert ask("DELETE", f"secrets/{secret}").status == 403


def _v3_account(twin: DevinTwin, ask: Client) -> None:
    assert ask("GET", "/v3/self").json["org_id"] == twin.org
    twin.create()
    assert ask("GET", "consumption/daily").json["total_acus"] == 0
    twin.advance(600)
    assert ask("GET", "consumption/daily?time_after=0&time_before=99999999999").json["total_acus"] > 0
    uploaded = ask("POST", "attachments", FORM, headers=FORM_TYPE).json
    found = ask("GET", uploaded["url"].partition(twin.url)[2])
    assert twin.ask("GET", found.headers["location"].partition(twin.url)[2], key="").content == b"\x00"


def test_v3__every_operation_answers_as_documented(twin: DevinTwin, v3: Contract, ask: Client) -> None:
    _v3_sessions(twin, ask)
    _v3_library(ask)
    _v3_account(twin, ask)

    assert v3.operations(V3_SCOPE) - v3.obeyed == set()


@pytest.mark.parametrize(
    "outcome",
    [
        *("finished", "exit", "inactivity", "without_output", "without_pull_request", "blocked", "failed", "error"),
        *("waiting_for_approval", "suspended_error", "never_ending", "usage_limit_exceeded", "out_of_credits"),
        *("out_of_quota", "no_quota_allocation", "payment_declined", "org_usage_limit_exceeded"),
        *("user_usage_limit_exceeded", "total_session_limit_exceeded"),
    ],
)
def test_v3__every_outcome_has_documented_words(twin: DevinTwin, ask: Client, outcome: str) -> None:
    twin.outcome(outcome)
    name = ask("POST", "sessions", {"prompt": "Fix it.", "structured_output_schema": SCHEMA}).json["session_id"]

    for _ in range(9):
        twin.advance(7)
        ask("GET", f"sessions/{name}")
    if outcome not in {"exit", "error"}:
        ask("POST", f"sessions/{name}/messages", {"message": "Go on."})
    for _ in range(9):
        twin.advance(7)
        ask("GET", f"sessions/{name}")


# Method, path, body, status, the end of the place that is named.
V3_REFUSALS: list[tuple[str, str, object, int, list[object]]] = [
    ("POST", "sessions", {}, 422, ["body", "prompt"]),
    ("POST", "sessions", b"{", 422, ["body"]),
    ("POST", "sessions", b'"x"', 422, ["body"]),
    ("POST", "sessions", {"prompt": 1}, 422, ["body", "prompt"]),
    ("POST", "sessions", {"prompt": "x", "tags": ["t"] * 51}, 422, ["body", "tags"]),
    ("POST", "sessions", {"prompt": "x", "tags": "t"}, 422, ["body", "tags"]),
    ("POST", "sessions", {"prompt": "x", "devin_mode": "slow"}, 422, ["body", "devin_mode"]),
    ("POST", "sessions", {"prompt": "x", "max_acu_limit": "5"}, 422, ["body", "max_acu_limit"]),
    ("POST", "sessions", {"prompt": "x", "attachment_urls": [""]}, 422, ["body", "attachment_urls"]),
    ("POST", "sessions", {"prompt": "x", "attachment_urls": ["https://a/" + "b" * 2083]}, 422, ["body"]),
    ("POST", "sessions", {"prompt": "x", "attachment_urls": ["nowhere"]}, 422, ["body", "attachment_urls", 0]),
    ("POST", "sessions", {"prompt": "x", "session_secrets": [{"key": "", "value": ""}]}, 422, ["body"]),
    ("POST", "sessions", {"prompt": "x", "session_secrets": [{"key": "k" * 257, "value": ""}]}, 422, ["body"]),
    ("POST", "sessions", {"prompt": "x", "session_secrets": [{"key": "k", "value": "v" * 65537}]}, 422, ["body"]),
    ("POST", "sessions", {"prompt": "x", "structured_output_schema": {"$ref": "https://a/b"}}, 422, ["body"]),
    ("POST", "sessions", {"prompt": "x", "structured_output_schema": {"$ref": "#/definitions/no"}}, 422, ["body"]),
    ("POST", "sessions", {"prompt": "x", "structured_output_schema": {"type": "text"}}, 422, ["body"]),
    ("POST", "sessions", {"prompt": "x", "structured_output_schema": {"title": "x" * 65536}}, 422, ["body"]),
    ("POST", "sessions", {"prompt": "x", "platform": "amiga"}, 400, []),
    ("POST", "sessions", {"prompt": "x", "create_as_user_id": "user-1"}, 403, []),
    ("POST", "sessions", {"prompt": "x", "playbook_id": "playbook-0"}, 404, []),
    ("GET", "sessions?first=0", None, 422, ["query", "first"]),
    ("GET", "sessions?first=201", None, 422, ["query", "first"]),
    ("GET", "sessions?first=x", None, 422, ["query", "first"]),
    ("GET", "sessions?after=x", None, 422, ["query", "after"]),
    ("GET", "sessions?created_after=x", None, 422, ["query", "created_after"]),
    ("GET", "sessions?is_archived=x", None, 422, ["query", "is_archived"]),
    ("GET", "sessions?origins=x", None, 422, ["query", "origins"]),
    ("GET", "sessions?category=x", None, 422, ["query", "category"]),
    ("GET", "sessions/devin-0", None, 404, []),
    ("DELETE", "sessions/devin-0", None, 404, []),
    ("POST", "sessions/devin-0/archive", None, 404, []),
    ("POST", "sessions/devin-0/unarchive", None, 404, []),
    ("GET", "sessions/devin-0/messages", None, 404, []),
    ("POST", "sessions/devin-0/messages", {"message": "x"}, 404, []),
    ("POST", "sessions/devin-0/messages", {}, 422, ["body", "message"]),
    ("GET", "sessions/devin-0/tags", None, 404, []),
    ("GET", "sessions/devin-0/attachments", None, 404, []),
    ("POST", "playbooks", {"name": "n", "instructions": "i"}, 422, ["body"]),  # wrong names of two pages
    ("POST", "playbooks", {"title": "t", "body": "b", "macro": "go"}, 422, ["body", "macro"]),
    ("POST", "playbooks", {"title": "t", "body": "b", "structured_output_schema": {"$ref": "x:y"}}, 422, ["body"]),
    ("POST", "knowledge/notes", {"name": "n", "body": "b", "trigger_description": "t"}, 422, ["body", "trigger"]),
    ("POST", "knowledge/notes", {"name": "n", "body": "b", "trigger": "t", "folder_id": "folder-0"}, 404, []),
    ("POST", "secrets", {"type": "key", "key": "A", "value": "v"}, 422, ["body", "type"]),
    ("POST", "secrets", {"type": "key-value", "key": "1 A", "value": "v"}, 422, ["body", "key"]),
    ("POST", "attachments", b"", 422, ["body", "file"]),
    ("GET", "attachments/0/x", None, 404, []),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status", "place"), V3_REFUSALS)
def test_v3__refuses(ask: Client, *, method: str, path: str, body: object, status: int, place: list[object]) -> None:
    answer = ask(method, path, body)

    assert answer.status == status
    assert (answer.json["title"], answer.json["instance"].startswith("/v3/")) != ("", False)
    if place:
        assert answer.json["errors"][0]["loc"][: len(place)] == place
    else:
        assert "errors" not in answer.json


@pytest.mark.parametrize(
    ("key", "status"),
    [("", 401), ("cog_" + "a" * 52, 401), ("other", 401), ("v1", 403)],
)
def test_v3__without_the_right_key(twin: DevinTwin, ask: Client, *, key: str, status: int) -> None:
    answer = ask("GET", "sessions", key=twin.v1_key if key == "v1" else key)

    assert answer.status == status


def test_v3__another_organization(ask: Client) -> None:
    assert ask("GET", "/v3/organizations/org-0/sessions").status == 403


@pytest.mark.parametrize(("path", "status"), [("nothing", 404), ("sessions/devin-0/nothing/more", 404)])
def test_v3__unknown_paths(twin: DevinTwin, path: str, status: int) -> None:
    assert twin.ask("GET", path).status == status


def test_v3__wrong_method(twin: DevinTwin) -> None:
    assert twin.ask("PATCH", "sessions").status == 405


@pytest.mark.parametrize(
    ("form", "not_found", "invalid"),
    [
        ("detail", "Session not found", list),
        ("list", [{"loc": [], "msg": "Session not found", "type": "value_error"}], list),
        ("null", None, type(None)),
    ],
)
def test_v3__errors_in_older_forms(twin: DevinTwin, *, form: str, not_found: object, invalid: type) -> None:
    twin.switch(errors=form)
    try:
        assert twin.ask("GET", "sessions/devin-0").json == {"detail": not_found}
        assert isinstance(twin.ask("POST", "sessions", {}).json["detail"], invalid)
    finally:
        twin.switch(errors="problem")


def test_contract__notices_what_it_does_not_know(twin: DevinTwin, ask: Client) -> None:
    twin.fault("unknown-enum")

    with pytest.raises(AssertionError, match="hibernating"):
        ask("POST", "sessions", {"prompt": "Fix it."})


# --- v1, as its older document has it


def _v1_sessions(twin: DevinTwin, ask: Client) -> None:
    order = {"prompt": "Fix it.", "tags": ["a"], "structured_output_schema": SCHEMA, "idempotent": True}
    name = ask("POST", "sessions", order).json["session_id"]
    again = ask("POST", "sessions", order).json
    assert (again["session_id"], again["is_new_session"]) == (name, False)
    for _ in range(30):
        ask("GET", f"sessions/{name}")
        ask("GET", "sessions?limit=1&offset=0&tags=a")
        twin.advance(2)
    assert ask("POST", f"sessions/{name}/message", {"message": "Thank you."}).status == 204
    ask("PUT", f"sessions/{name}/tags", {"tags": ["b"]})
    assert ask("DELETE", f"sessions/{name}").json == {"detail": "Session terminated successfully"}
    assert ask("DELETE", f"sessions/{name}").json == {"detail": "Devin session already exited"}
    assert ask("POST", f"sessions/{name}/message", {"message": "x"}).status == 400


def _v1_library(twin: DevinTwin, ask: Client) -> None:
    url = ask("POST", "attachments", FORM, headers=FORM_TYPE).content.decode()
    assert ask("GET", url.partition(twin.url)[2]).status == 307
    note = {"name": "n", "body": "b", "trigger_description": "t"}
    name = ask("POST", "knowledge", note).json["id"]
    assert len(ask("GET", "knowledge").json["knowledge"]) == 1
    assert ask("PUT", f"knowledge/{name}", {**note, "name": "m"}).json["name"] == "m"
    assert ask("DELETE", f"knowledge/{name}").status == 204
    playbook = {"title": "t", "body": "b", "macro": "!go"}
    name = ask("POST", "playbooks", playbook).json["playbook_id"]
    assert len(ask("GET", "playbooks").json) == 1
    assert ask("GET", f"playbooks/{name}").json["title"] == "t"
    ask("PUT", f"playbooks/{name}", {**playbook, "title": "u"})
    ask("DELETE", f"playbooks/{name}")
    secret = {"type": "key-value", "key": "TOKEN", "value": "x", "sensitive": True, "note": ""}
    name = ask("POST", "secrets", secret).json["id"]
    assert ask("POST", "secrets", secret).status == 409
    assert len(ask("GET", "secrets").json["secrets"]) == 1
    assert ask("DELETE", f"secrets/{name}").status == 204


def test_v1__every_operation_answers_as_documented(twin: DevinTwin, v1: Contract, ask_v1: Client) -> None:
    _v1_sessions(twin, ask_v1)
    _v1_library(twin, ask_v1)

    assert v1.operations(V1_SCOPE) - v1.obeyed == set()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "sessions", {}, 400),
        ("POST", "sessions", {"prompt": "x", "max_acu_limit": 0}, 400),
        ("GET", "sessions/devin-0", None, 404),
        ("DELETE", "sessions/devin-0", None, 404),
        ("POST", "sessions/devin-0/message", {"message": "x"}, 404),
        ("POST", "sessions/devin-0/message", {}, 400),
        ("PUT", "sessions/devin-0/tags", {"tags": []}, 404),
        ("POST", "attachments", b"", 400),
        ("GET", "attachments/0/x", None, 404),
        ("PUT", "knowledge/note-0", {"name": "n", "body": "b", "trigger_description": "t"}, 404),
        ("DELETE", "knowledge/note-0", None, 404),
        ("GET", "playbooks/playbook-0", None, 404),
        ("PUT", "playbooks/playbook-0", {"title": "t", "body": "b"}, 404),
        ("DELETE", "playbooks/playbook-0", None, 404),
        ("DELETE", "secrets/sec-0", None, 404),
    ],
)
def test_v1__refuses(ask_v1: Client, *, method: str, path: str, body: object, status: int) -> None:
    assert ask_v1(method, path, body).status == status


@pytest.mark.parametrize(("key", "status"), [("", 401), ("apk_wrong", 401)])
def test_v1__without_the_right_key(ask_v1: Client, key: str, status: int) -> None:
    assert ask_v1("GET", "sessions", key=key).status == status


def test_v1__with_a_key_of_v3(twin: DevinTwin) -> None:
    answer = twin.ask("GET", "/v1/sessions", key=twin.key)

    assert (answer.status, answer.json) == (403, {"detail": "You do not have permission to access this resource"})
