"""What a session of the twin of Devin does in the course of time, and what clients see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.devin_twin import devin_twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.devin_twin import DevinTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

REPORT = {
    "type": "object",
    "properties": {
        "status": {"enum": ["analyzing", "fixing", "testing", "creating_pr", "completed", "failed"]},
        "progress_percent": {"type": "integer", "minimum": 0, "maximum": 100},
        "files_changed": {"type": "array", "items": {"type": "string"}},
        "pull_request_url": {"type": "string"},
        "issues": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "result": {"enum": ["fixed", "not_fixed"]}},
                "required": ["id", "result"],
                "additionalProperties": False,
            },
        },
        "error": {"type": "string"},
    },
    "required": ["status", "progress_percent"],
    "additionalProperties": False,
}
PROMPT = """# Fix 2 findings in acme/shop

### CQF-0001: high (7.5)
In src/shop/app.py:12.

   Fixes-Finding: 0123456789abcdef0123 CQF-0001
   Fixes-Finding: 0123456789abcdef4567 CQF-0002
"""


@pytest.fixture(scope="module")
def running() -> Iterator[DevinTwin]:
    with devin_twin("--seed", "7") as twin:
        yield twin


@pytest.fixture
def twin(running: DevinTwin) -> Iterator[DevinTwin]:
    running.reset()
    running.outcome("waiting_for_user")
    yield running
    running.switch(v3_ids="bare", v1_ids="prefixed", tags_match="any", wraps_arrays=False)


def _get(twin: DevinTwin, name: str) -> dict[str, Any]:
    return dict(twin.ask("GET", f"sessions/{name}").json)


def _seen(twin: DevinTwin, name: str) -> list[tuple[str, str | None]]:
    """Each pair of status and detail in the order in which they came, within 80 s; the first ones last for 0.3 s."""
    pairs: list[tuple[str, str | None]] = []
    for seconds in [0.3] * 20 + [2] * 37:
        session = _get(twin, name)
        if (pair := (session["status"], session["status_detail"])) not in pairs[-1:]:
            pairs.append(pair)
        twin.advance(seconds)
    return pairs


NEW, CLAIMED, WORKING = ("new", None), ("claimed", None), ("running", "working")
RESUMING, WAITING = ("resuming", None), ("running", "waiting_for_user")
BUDGET_STOPS = [
    *("usage_limit_exceeded", "out_of_credits", "out_of_quota", "no_quota_allocation", "payment_declined"),
    *("org_usage_limit_exceeded", "user_usage_limit_exceeded", "total_session_limit_exceeded"),
]


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        ("waiting_for_user", WAITING),
        ("finished", ("running", "finished")),
        ("exit", ("exit", "finished")),
        ("inactivity", ("suspended", "inactivity")),
        ("blocked", WAITING),
        ("failed", WAITING),
        ("error", ("error", None)),
        ("suspended_error", ("suspended", "error")),
        ("waiting_for_approval", ("running", "waiting_for_approval")),
        *((stop, ("suspended", stop)) for stop in BUDGET_STOPS),
    ],
)
def test_session__goes_its_way_and_stays_where_it_ends(
    twin: DevinTwin, outcome: str, end: tuple[str, str | None]
) -> None:
    twin.outcome(outcome)
    name = twin.create()

    assert _seen(twin, name) == [NEW, CLAIMED, WORKING, end]
    twin.advance(86_400)
    session = _get(twin, name)
    assert (session["status"], session["status_detail"]) == end


def test_session__that_never_ends(twin: DevinTwin) -> None:
    twin.outcome("never_ending")
    name = twin.create(max_acu_limit=3)

    twin.advance(30 * 86_400)

    session = _get(twin, name)
    assert (session["status"], session["status_detail"], session["acus_consumed"]) == (*WORKING, 3)


def test_session__reports_its_stages_in_the_shape_that_was_asked_for(twin: DevinTwin) -> None:
    name = twin.create(prompt=PROMPT, structured_output_schema=REPORT)

    reports: list[Any] = []
    for _ in range(70):
        if (report := _get(twin, name)["structured_output"]) not in reports:
            reports.append(report)
        twin.advance(1)

    assert [report and report["status"] for report in reports] == [
        *(None, "analyzing", "fixing", "testing", "creating_pr", "completed"),
    ]
    assert reports[-1] == {
        "status": "completed",
        "progress_percent": 100,
        "files_changed": ["src/shop/app.py"],
        "pull_request_url": _get(twin, name)["pull_requests"][0]["pr_url"],
        "issues": [{"id": "CQF-0001", "result": "fixed"}, {"id": "CQF-0002", "result": "fixed"}],
        "error": "",
    }


@pytest.mark.parametrize(
    ("outcome", "status", "has_error"),
    [
        ("blocked", "testing", True),
        ("failed", "failed", True),
        ("error", "failed", True),
        ("out_of_quota", "fixing", False),
    ],
)
def test_session__that_fails_says_how_far_it_came(
    twin: DevinTwin, *, outcome: str, status: str, has_error: bool
) -> None:
    twin.outcome(outcome)
    name = twin.create(prompt=PROMPT, structured_output_schema=REPORT)

    twin.advance(100)

    session = _get(twin, name)
    report = session["structured_output"]
    assert (report["status"], bool(report["error"])) == (status, has_error)
    assert {issue["result"] for issue in report["issues"]} == {"not_fixed"}
    assert session["pull_requests"] == []


@pytest.mark.parametrize(
    ("outcome", "has_output", "has_pull_request"),
    [("without_output", False, True), ("without_pull_request", True, False)],
)
def test_session__that_leaves_something_out(
    twin: DevinTwin, *, outcome: str, has_output: bool, has_pull_request: bool
) -> None:
    twin.outcome(outcome)
    name = twin.create(structured_output_schema=REPORT)

    twin.advance(100)

    session = _get(twin, name)
    assert (session["structured_output"] is not None, bool(session["pull_requests"])) == (has_output, has_pull_request)


def test_session__without_schema_has_no_output(twin: DevinTwin) -> None:
    name = twin.create()

    twin.advance(100)

    assert _get(twin, name)["structured_output"] is None


def test_session__takes_the_schema_of_its_playbook(twin: DevinTwin) -> None:
    playbook = {"title": "t", "body": "b", "structured_output_schema": REPORT}
    made = twin.ask("POST", "playbooks", playbook).json["playbook_id"]
    name = twin.create(playbook_id=made)

    twin.advance(100)

    assert _get(twin, name)["structured_output"]["status"] == "completed"


def test_session__accounts_for_acus_later(twin: DevinTwin) -> None:
    name = twin.create(max_acu_limit=1)

    assert _get(twin, name)["acus_consumed"] == 0
    twin.advance(60)
    soon = _get(twin, name)["acus_consumed"]
    twin.advance(60)
    later = _get(twin, name)["acus_consumed"]
    twin.advance(3600)

    assert 0 <= soon < later <= 1
    assert _get(twin, name)["acus_consumed"] == later


def test_answers__other_than_of_get_and_list_are_brief(twin: DevinTwin) -> None:
    name = twin.create(structured_output_schema=REPORT)
    twin.advance(100)

    replies = [
        twin.ask("POST", f"sessions/{name}/messages", {"message": "Thank you."}).json,
        twin.ask("POST", f"sessions/{name}/archive").json,
        twin.ask("POST", f"sessions/{name}/unarchive").json,
        twin.ask("DELETE", f"sessions/{name}").json,
    ]

    for reply in replies:
        assert [reply[key] for key in ("status_detail", "structured_output", "category", "subcategory")] == [None] * 4


@pytest.mark.parametrize(("form", "prefix"), [("bare", ""), ("prefixed", "devin-")])
def test_ids__have_both_forms(twin: DevinTwin, form: str, prefix: str) -> None:
    twin.switch(v3_ids=form, v1_ids=form)
    name = twin.create()
    bare = name.removeprefix("devin-")

    assert name == prefix + bare
    assert _get(twin, bare) == _get(twin, f"devin-{bare}")
    assert _get(twin, bare)["url"] == f"https://app.devin.ai/sessions/{bare}"
    for path in (f"/v1/sessions/{bare}", f"/v1/session/devin-{bare}"):
        assert twin.ask("GET", path).json["session_id"] == name
    assert len(twin.ask("GET", f"sessions?session_ids=devin-{bare}&session_ids={bare}").json["items"]) == 1


# --- messages


def _texts(twin: DevinTwin, name: str) -> list[tuple[str, str]]:
    items = twin.ask("GET", f"sessions/{name}/messages").json["items"]
    return [(one["source"], one["message"]) for one in items]


def test_messages__tell_of_the_stages_and_are_answered(twin: DevinTwin) -> None:
    name = twin.create()
    assert _texts(twin, name) == [("user", "Fix it.")]
    twin.advance(100)
    before = _texts(twin, name)

    twin.ask("POST", f"sessions/{name}/messages", {"message": "One more thing."})
    seen = _seen(twin, name)

    assert [source for source, _ in before] == ["user", *["devin"] * 5]
    assert seen == [WORKING, WAITING]
    assert [source for source, _ in _texts(twin, name)] == ["user", *["devin"] * 5, "user", "devin"]


def test_messages__come_page_by_page_in_order(twin: DevinTwin) -> None:
    name = twin.create()
    twin.advance(100)
    every = twin.ask("GET", f"sessions/{name}/messages").json["items"]

    got, cursor = [], ""
    while True:
        page = twin.ask("GET", f"sessions/{name}/messages?first=2&after={cursor}").json
        got += page["items"]
        if not page["has_next_page"]:
            break
        cursor = page["end_cursor"]

    assert got == every
    assert [one["created_at"] for one in every] == sorted(one["created_at"] for one in every)
    assert len({one["event_id"] for one in every}) == len(every)


def test_message__to_a_session_that_works_does_not_change_its_way(twin: DevinTwin) -> None:
    name = twin.create()
    twin.advance(15)

    twin.ask("POST", f"sessions/{name}/messages", {"message": "Hurry."})

    assert _seen(twin, name) == [WORKING, WAITING]
    written = _texts(twin, name).index(("user", "Hurry."))
    assert _texts(twin, name)[written + 1] == ("devin", "I have read your message and keep it in mind.")


@pytest.mark.parametrize(
    ("outcome", "end", "has_pull_request"),
    [
        ("inactivity", WAITING, True),
        ("usage_limit_exceeded", WAITING, True),  # the limit is one per message
        ("out_of_credits", ("suspended", "out_of_credits"), False),
    ],
)
def test_message__wakes_a_session_that_sleeps(
    twin: DevinTwin, *, outcome: str, end: tuple[str, str | None], has_pull_request: bool
) -> None:
    twin.outcome(outcome)
    name = twin.create(max_acu_limit=2)
    twin.advance(100)
    used = _get(twin, name)["acus_consumed"]

    answer = twin.ask("POST", f"sessions/{name}/messages", {"message": "Go on."})

    assert answer.json["status"] == "resuming"
    assert _seen(twin, name) == [RESUMING, WORKING, end]
    session = _get(twin, name)
    assert bool(session["pull_requests"]) == has_pull_request
    assert session["acus_consumed"] >= used


@pytest.mark.parametrize(("method", "path"), [("POST", "/archive"), ("DELETE", ""), ("DELETE", "?archive=true")])
def test_message__to_a_session_that_was_put_away_or_ended_is_refused(twin: DevinTwin, method: str, path: str) -> None:
    name = twin.create()
    twin.advance(15)
    twin.ask(method, f"sessions/{name}{path}")

    answer = twin.ask("POST", f"sessions/{name}/messages", {"message": "Hello?"})

    assert answer.status == 409
    assert ("user", "Hello?") not in _texts(twin, name)


def test_archive__puts_to_sleep_and_unarchive_lets_it_be_woken(twin: DevinTwin) -> None:
    name = twin.create()
    twin.advance(15)

    twin.ask("POST", f"sessions/{name}/archive")
    asleep = _get(twin, name)
    twin.ask("POST", f"sessions/{name}/unarchive")
    still = _get(twin, name)
    twin.ask("POST", f"sessions/{name}/messages", {"message": "Go on."})

    assert (asleep["status"], asleep["status_detail"], asleep["is_archived"]) == ("suspended", "user_request", True)
    assert (still["status"], still["is_archived"]) == ("suspended", False)
    assert _seen(twin, name) == [RESUMING, WORKING, WAITING]
    assert len(_get(twin, name)["pull_requests"]) == 1


def test_archive__leaves_a_session_that_ended_as_it_was(twin: DevinTwin) -> None:
    twin.outcome("exit")
    name = twin.create()
    twin.advance(100)

    twin.ask("POST", f"sessions/{name}/archive")

    assert (_get(twin, name)["status"], _get(twin, name)["is_archived"]) == ("exit", True)


def test_delete__ends_the_work_at_once(twin: DevinTwin) -> None:
    name = twin.create(structured_output_schema=REPORT)
    twin.advance(15)
    before = _get(twin, name)

    twin.ask("DELETE", f"sessions/{name}")
    twin.advance(100)

    after = _get(twin, name)
    assert (after["status"], after["status_detail"], after["pull_requests"]) == ("exit", None, [])
    assert after["structured_output"] == before["structured_output"]


# --- lists


def test_list__pages_neither_skip_nor_repeat_while_others_create(twin: DevinTwin) -> None:
    names = [twin.create() for _ in range(7)]

    got, cursor = [], ""
    while True:
        page = twin.ask("GET", f"sessions?first=3&after={cursor}").json
        got += [one["session_id"] for one in page["items"]]
        twin.create()
        if not page["has_next_page"]:
            break
        cursor = page["end_cursor"]

    assert got == names[::-1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "321"),
        ("tags=x", "21"),
        ("tags=x&tags=y", "321"),  # any of them, unless switched
        ("tags=nobody", ""),
        ("created_after={a}", "32"),
        ("created_after={b}", "3"),
        ("created_before={b}", "1"),
        ("updated_after=0", "321"),
        ("updated_before=1", ""),
        ("is_archived=true", "1"),
        ("is_archived=false", "32"),
        ("origins=webapp", ""),
        ("origins=webapp&origins=api", "321"),
        ("category=security", "321"),
        ("category=other", ""),
        ("repo_names=acme/shop", "1"),
        ("playbook_id=playbook-0", ""),
        ("parent_session_id=devin-0", ""),
        ("schedule_id=sched-0", ""),
        ("user_ids=user-0", ""),
        ("service_user_ids=nobody", ""),
        ("automation_ids=auto-0", ""),
        ("unheard_of=x", "321"),
    ],
)
def test_list__filters(twin: DevinTwin, query: str, expected: str) -> None:
    archived = twin.create(prompt="a", tags=["x"], repos=["acme/shop"])
    twin.ask("POST", f"sessions/{archived}/archive")
    begin = int(twin.advance(10)) - 10
    names = {archived: "1", twin.create(prompt="b", tags=["x", "y"]): "2"}
    twin.advance(10)
    names[twin.create(prompt="c", tags=["y"])] = "3"

    found = twin.ask("GET", f"sessions?{query.format(a=begin, b=begin + 10)}").json["items"]

    assert "".join(names[one["session_id"]] for one in found) == expected


def test_list__several_tags_can_mean_all_of_them(twin: DevinTwin) -> None:
    twin.create("x")
    both = twin.create(tags=["x", "y"])
    twin.switch(tags_match="all")

    assert [one["session_id"] for one in twin.ask("GET", "sessions?tags=x&tags=y").json["items"]] == [both]
    assert len(twin.ask("GET", "/v1/sessions?tags=x&tags=y").json["sessions"]) == 1


def test_tags__that_were_changed_are_found(twin: DevinTwin) -> None:
    name = twin.create("a")

    added = twin.ask("POST", f"sessions/{name}/tags", {"tags": ["b", "a", "b"]}).json
    replaced = twin.ask("PUT", f"sessions/{name}/tags", {"tags": ["c"]}).json
    too_many = twin.ask("POST", f"sessions/{name}/tags", {"tags": [f"t{number}" for number in range(50)]})

    assert (added["tags"], replaced["tags"], too_many.status) == (["a", "b"], ["c"], 422)
    assert [len(twin.ask("GET", f"sessions?tags={tag}").json["items"]) for tag in "abc"] == [0, 0, 1]


# --- what else an organization has


def test_attachments__of_a_session_are_what_came_with_it(twin: DevinTwin) -> None:
    name = twin.create(prompt='Look.\nATTACHMENT:"https://a/b.json"\n', attachment_urls=["https://a/c.sarif"])

    attached = twin.ask("GET", f"sessions/{name}/attachments").json
    twin.switch(wraps_arrays=True)
    wrapped = twin.ask("GET", f"sessions/{name}/attachments").json

    assert [(one["name"], one["source"]) for one in attached] == [("c.sarif", "user"), ("b.json", "user")]
    assert attached[1]["content_type"] == "application/json"
    assert wrapped == {"items": attached}


def test_attachment__link_needs_no_key_and_works_for_a_minute(twin: DevinTwin) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x/y.sarif"\r\n\r\n{}\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    url = twin.ask("POST", "attachments", form, headers=headers).json["url"].partition(twin.url)[2]
    link = twin.ask("GET", url).headers["location"].partition(twin.url)[2]

    statuses = [twin.ask("GET", place, key="").status for place in (link, link + "0", url)]
    twin.advance(61)

    assert statuses == [200, 403, 401]
    assert twin.ask("GET", link, key="").status == 403


def test_playbook__keeps_what_is_left_out_and_loses_what_is_null(twin: DevinTwin) -> None:
    given = {"title": "t", "body": "b", "macro": "!go", "structured_output_schema": {"type": "object"}}
    name = twin.ask("POST", "playbooks", given).json["playbook_id"]

    kept = twin.ask("PUT", f"playbooks/{name}", {"title": "u", "body": "b"}).json
    lost = twin.ask("PUT", f"playbooks/{name}", {"title": "u", "body": "b", "macro": None}).json
    free = twin.ask("POST", "playbooks", given)
    taken = twin.ask("POST", "playbooks", given)

    assert (kept["macro"], kept["structured_output_schema"]) == ("!go", {"type": "object"})
    assert (lost["macro"], lost["structured_output_schema"]) == (None, {"type": "object"})
    assert (free.status, taken.status) == (200, 409)


def test_notes__are_found_by_text_folder_and_repository(twin: DevinTwin) -> None:
    [folder] = twin.ask("GET", "knowledge/folders").json["folders"]
    note = {"name": "Style", "body": "Tabs.", "trigger": "t", "folder_id": folder["folder_id"], "pinned_repo": "a/b"}
    name = twin.ask("POST", "knowledge/notes", note).json["note_id"]
    queries = {
        "search=TABS": 1,
        "search=spaces": 0,
        "folder_path=/Security": 1,
        "pinned_repo=a/b": 1,
        "pinned_repo=all": 0,
    }

    found = {query: len(twin.ask("GET", f"knowledge/notes?{query}").json["items"]) for query in queries}
    replaced = twin.ask("PUT", f"knowledge/notes/{name}", {"name": "Style", "body": "Tabs.", "trigger": "t"}).json

    assert found == queries
    assert (replaced["folder_id"], replaced["folder_path"], replaced["pinned_repo"]) == (None, "/", None)
    assert twin.ask("GET", "knowledge/folders").json["root_note_count"] == 1


# --- v1, as it is now


def test_v1__shows_the_sessions_of_v3_in_its_own_words(twin: DevinTwin) -> None:
    name = twin.create("a", structured_output_schema=REPORT)
    words = []
    for _ in range(80):
        session = twin.ask("GET", f"/v1/sessions/{name}").json
        if session["status_enum"] not in words:
            words.append(session["status_enum"])
        twin.advance(1)

    [listed] = twin.ask("GET", "/v1/sessions?tags=a").json["sessions"]
    assert words == [None, "working", "blocked"]
    assert session["pull_request"]["url"] == _get(twin, name)["pull_requests"][0]["pr_url"]
    assert listed["structured_output"] == session["structured_output"]
    assert [one["type"] for one in session["messages"]][:2] == ["initial_user_message", "devin_message"]


def test_v1__messages_and_stop(twin: DevinTwin) -> None:
    created = twin.ask("POST", "/v1/sessions", {"prompt": "Fix it."}).json
    one = f"/v1/session/{created['session_id']}"

    first = twin.ask("POST", f"{one}/message", {"message": "Hello."})
    ended = twin.ask("DELETE", one)
    second = twin.ask("POST", f"{one}/message", {"message": "Hello?"})
    again = twin.ask("DELETE", one)

    assert (first.status, first.content) == (200, b"null")
    assert ended.json == {"detail": "Session terminated successfully"}
    assert (second.status, second.json) == (200, {"detail": "Devin session already exited"})
    assert (again.status, again.json) == (400, {"detail": "Devin session already exited"})
    assert twin.ask("GET", one).json["status_enum"] == "finished"


def test_v1__idempotent_is_about_the_prompt(twin: DevinTwin) -> None:
    orders = [("a", True), ("a", True), ("b", True), ("a", False), ("a", None)]

    answers = [twin.ask("POST", "/v1/sessions", {"prompt": text, "idempotent": flag}).json for text, flag in orders]

    assert [one.get("is_new_session") for one in answers] == [True, False, True, None, None]
    assert len({one["session_id"] for one in answers}) == 4


def test_v1__other_answers_of_today(twin: DevinTwin) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n{}\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}

    url = twin.ask("POST", "/v1/attachments", form, headers=headers)
    secret = twin.ask("POST", "/v1/secrets", {"type": "key-value", "key": "A", "value": "x"})
    twin.switch(wraps_arrays=True)

    assert url.json.startswith(f"{twin.url}/v1/attachments/")
    assert secret.status == 200
    assert [one["key"] for one in twin.ask("GET", "/v1/secrets").json] == ["A"]
    assert twin.ask("GET", "/v1/playbooks").json == {"items": []}
    assert isinstance(twin.ask("POST", "/v1/sessions", {}).json["detail"], list)
    assert twin.ask("GET", "/v1/sessions?limit=1001").status == 422
