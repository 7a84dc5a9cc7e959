"""Pull requests of GitHub on bad days, and what only GitHub has: Apps, logs elsewhere, checks that are required."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.github.apps import AppKey
from codeql_fixer.adapters.github.factory import github
from codeql_fixer.adapters.github.limits import CallLimits
from codeql_fixer.bootstrap.hosting import opened
from codeql_fixer.domain.pull_request import CheckReport, CheckState, Conclusion, ReviewState
from codeql_fixer.errors import RateLimitedError, UpstreamError, UserError
from codeql_fixer.github_settings import GitHubApp
from codeql_fixer.transport.http import Limits
from tests.github_twin import TwinTime, github_twin
from tests.unit.transport.fake_time import FakeTime
from tests.unit.transport.scripted_server import scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.adapters.github.factory import GitHub
    from codeql_fixer.adapters.github.pull_requests import GitHubPullRequests
    from tests.github_twin import GitHubTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

NAME = "acme/shop"
SHOP = f"/repos/{NAME}"
TOKEN = "ghp_" + "s3cret" * 6
LOST: list[tuple[str, dict[str, Any]]] = [
    ("commit-then-500", {}),
    ("timeout-after-commit", {"seconds": 1}),
    ("slow-drip", {"seconds": 2}),
    ("half-body", {}),
    ("reset", {}),
]
NOT_DONE: list[tuple[str, dict[str, Any]]] = [
    ("500", {}),
    ("502", {}),
    ("timeout-before", {"seconds": 1}),
    ("reset", {"commits": False}),
]


@pytest.fixture(scope="module")
def running() -> Iterator[GitHubTwin]:
    now = int(time.time())  # noqa: TID251 - what an App signs is by the machine's clock
    with github_twin("--seed", "7", "--start", str(now), "--speed", "1") as twin:
        yield twin


@pytest.fixture
def twin(running: GitHubTwin) -> Iterator[GitHubTwin]:
    """A twin with one repository and pull request 1."""
    running.reset()
    running.repository(NAME)
    running.pull(NAME, "fix")
    yield running
    running.switch(writes_per_minute=80, writes_per_hour=500, points_per_minute=900, log_url="")


def _opened(
    twin: GitHubTwin, key: str | AppKey = "", *, time: FakeTime | None = None, limits: CallLimits | None = None
) -> GitHub:
    http = Limits(answer_seconds=0.5)
    timing = (time or FakeTime()).timing()
    return github(key or twin.token, base_url=twin.url, limits=limits, http=http, timing=timing)


@pytest.fixture
def forge(twin: GitHubTwin) -> GitHubPullRequests:
    return _opened(twin).pull_requests


def _commit(twin: GitHubTwin) -> str:
    return str(twin.ask("GET", f"{SHOP}/pulls/1").json["head"]["sha"])


def _report(twin: GitHubTwin, title: str = "Fixed") -> CheckReport:
    return CheckReport(
        commit=_commit(twin), name="codeql-fixer", conclusion=Conclusion.SUCCESS, title=title, summary="Why."
    )


def _comment(forge: GitHubPullRequests, twin: GitHubTwin) -> None:
    del twin
    assert forge.comment(NAME, 1, marker="proof", body="Fixed.")


def _issue(forge: GitHubPullRequests, twin: GitHubTwin) -> None:
    del twin
    assert forge.open_issue(NAME, marker="plan", title="A plan", body="Do it.")


def _label(forge: GitHubPullRequests, twin: GitHubTwin) -> None:
    del twin
    forge.label(NAME, 1, add=["verified"], remove=[])


def _status(forge: GitHubPullRequests, twin: GitHubTwin) -> None:
    forge.report_check(NAME, _report(twin))


def _comments(twin: GitHubTwin) -> int:
    return len(twin.said(NAME, 1))


def _issues(twin: GitHubTwin) -> int:
    return len([one for one in twin.ask("GET", f"{SHOP}/issues").json if "pull_request" not in one])


def _labels(twin: GitHubTwin) -> int:
    return len(twin.ask("GET", f"{SHOP}/issues/1/labels").json)


def _statuses(twin: GitHubTwin) -> int:
    return len(twin.ask("GET", f"{SHOP}/commits/{_commit(twin)}/statuses").json)


WRITES = [
    pytest.param(_comment, _comments, id="comment"),
    pytest.param(_issue, _issues, id="issue"),
    pytest.param(_label, _labels, id="label"),
    pytest.param(_status, _statuses, id="check"),
]
_Write = Callable[["GitHubPullRequests", "GitHubTwin"], None]
_Count = Callable[["GitHubTwin"], int]


# --- writes on bad days


@pytest.mark.parametrize(("write", "count"), WRITES)
@pytest.mark.parametrize(("fault", "more"), LOST)
def test_write__whose_answer_is_lost_is_found_again(
    twin: GitHubTwin,
    forge: GitHubPullRequests,
    *,
    write: _Write,
    count: _Count,
    fault: str,
    more: dict[str, Any],
) -> None:
    twin.fault(fault, match={"method": "POST"}, **more)

    write(forge, twin)
    write(forge, twin)

    assert count(twin) == 1


@pytest.mark.parametrize(("write", "count"), WRITES)
@pytest.mark.parametrize(("fault", "more"), NOT_DONE)
def test_write__that_nobody_can_tell_of_is_not_sent_again_until_it_was_looked_for(
    twin: GitHubTwin,
    forge: GitHubPullRequests,
    *,
    write: _Write,
    count: _Count,
    fault: str,
    more: dict[str, Any],
) -> None:
    twin.fault(fault, match={"method": "POST"}, **more)

    with pytest.raises(UpstreamError):
        write(forge, twin)
    assert count(twin) == 0
    write(forge, twin)

    assert count(twin) == 1


@pytest.mark.parametrize(("write", "count"), WRITES)
@pytest.mark.parametrize(("fault", "more"), [("secondary-limit", {"retry_after": 30}), ("429", {"retry_after": 30})])
def test_write__that_was_refused_for_now_waits(
    twin: GitHubTwin,
    *,
    write: _Write,
    count: _Count,
    fault: str,
    more: dict[str, Any],
) -> None:
    time = FakeTime()
    twin.fault(fault, match={"method": "POST"}, **more)

    write(_opened(twin, time=time).pull_requests, twin)

    assert 30.5 in time.slept  # and some luck, so that not all come at once
    assert count(twin) == 1


@pytest.mark.parametrize("fault", ["500", "commit-then-500", "half-body", "reset"])
def test_change__is_asked_for_again_since_twice_does_no_harm(
    twin: GitHubTwin, forge: GitHubPullRequests, fault: str
) -> None:
    forge.comment(NAME, 1, marker="proof", body="Running.")
    forge.open_issue(NAME, marker="plan", title="A plan", body="Do it.")
    forge.label(NAME, 1, add=["old"], remove=[])
    for method in ("PATCH", "DELETE"):
        twin.fault(fault, match={"method": method})

    forge.comment(NAME, 1, marker="proof", body="Fixed.")
    forge.label(NAME, 1, add=[], remove=["old"])
    forge.close(NAME, 1)

    assert [said["body"].rpartition("\n")[2] for said in twin.said(NAME, 1)] == ["Fixed."]
    assert _labels(twin) == 0
    assert twin.ask("GET", f"{SHOP}/pulls/1").json["state"] == "closed"


def test_comment__that_says_the_same_is_not_written_again(twin: GitHubTwin, forge: GitHubPullRequests) -> None:
    for _ in range(3):
        forge.comment(NAME, 1, marker="proof", body="Fixed.\r\n\n")

    requests = twin.stats()["requests"]
    assert {name: count for name, count in requests.items() if not name.startswith("GET")} == {
        "POST /repos/{owner}/{repo}/issues/{number}/comments": 1
    }
    assert requests["GET /user"] == 1


def test_comment__among_many_of_others(twin: GitHubTwin, forge: GitHubPullRequests) -> None:
    for number in range(130):
        twin.say(NAME, 1, f"<!-- codeql-fixer:proof -->\n{number}", author="mallory")

    for _ in range(2):
        forge.comment(NAME, 1, marker="proof", body="Fixed.")

    assert _comments(twin) == 131


def test_comment__without_the_right_to(twin: GitHubTwin) -> None:
    with pytest.raises(UserError, match="the permissions Issues: write and Pull requests: write"):
        _opened(twin, twin.read_token).pull_requests.comment(NAME, 1, marker="proof", body="x")
    with pytest.raises(UserError, match=r"comments of acme/shop#99: GitHub has none"):
        _opened(twin).pull_requests.comment(NAME, 99, marker="proof", body="x")


def test_writes__keep_to_the_limits_of_content(twin: GitHubTwin) -> None:
    """The twin refuses more than 80 in a minute by its own clock, which moves with ours."""
    time = TwinTime(twin)
    forge = _opened(twin, time=time, limits=CallLimits(write_seconds=0.0)).pull_requests

    for number in range(100):
        forge.comment(NAME, 1, marker=f"m{number}", body="x")

    assert (_comments(twin), time.slept) == (100, [60.0])
    assert twin.stats()["requests"]["POST /repos/{owner}/{repo}/issues/{number}/comments"] == 100


def test_writes__of_an_hour_are_not_waited_for(twin: GitHubTwin) -> None:
    time = FakeTime()
    forge = _opened(twin, time=time, limits=CallLimits(writes_per_hour=2)).pull_requests

    for number in range(2):
        forge.comment(NAME, 1, marker=f"m{number}", body="x")
    with pytest.raises(RateLimitedError, match="the 2 writes that GitHub takes in an hour"):
        forge.comment(NAME, 1, marker="m3", body="x")

    assert _comments(twin) == 2


# --- reads on bad days


@pytest.mark.parametrize(
    ("fault", "more"), [("502", {}), ("half-body", {}), ("slow-drip", {"seconds": 2}), ("429", {"retry_after": 5})]
)
def test_read__is_asked_for_again(
    twin: GitHubTwin, forge: GitHubPullRequests, fault: str, *, more: dict[str, Any]
) -> None:
    twin.review(NAME, 1, "APPROVED")
    twin.change_pull(NAME, 1, "edit", diff="diff --git a/x b/x\n")
    twin.check(NAME, _commit(twin), "build")
    for path in ("/reviews$", "/check-runs$", "/pulls/1$"):
        twin.fault(fault, match={"method": "GET", "path": path}, **more)

    assert [one.state for one in forge.reviews(NAME, 1)] == [ReviewState.APPROVED]
    assert forge.diff(NAME, 1) == "diff --git a/x b/x\n"
    assert [one.name for one in forge.checks(NAME, _commit(twin))] == ["build"]


@pytest.mark.parametrize("lines", [20_001, 300_000])
def test_diff__that_is_huge_is_refused(twin: GitHubTwin, forge: GitHubPullRequests, lines: int) -> None:
    twin.change_pull(NAME, 1, "edit", diff="+x\n" * lines)

    with pytest.raises(UserError, match=r"is too large for GitHub \(Sorry, the diff exceeded"):
        forge.diff(NAME, 1)


def test_diff__of_long_lines_is_bounded(twin: GitHubTwin, forge: GitHubPullRequests) -> None:
    twin.change_pull(NAME, 1, "edit", diff="x" * (5 * 1024 * 1024))

    with pytest.raises(UserError, match=r"has 5242880 bytes, and 4194304 is most; split the change"):
        forge.diff(NAME, 1)


@pytest.mark.parametrize("known", [None, True, False])
def test_is_mergeable__as_far_as_github_knows(
    twin: GitHubTwin, forge: GitHubPullRequests, *, known: bool | None
) -> None:
    twin.change_pull(NAME, 1, "edit", is_mergeable=known)

    assert forge.is_mergeable(NAME, 1) is known


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "7",
        "[7]",
        '[{"id": 1}]',
        '{"message": "?"}',
        '[{"id": 1, "state": "LOUD", "submitted_at": "2027-01-01T00:00:00Z"}]',
    ],
)
def test_answer__that_is_no_list_of_reviews(body: str) -> None:
    paths = {f"{SHOP}/pulls/1/comments": [{"body": "[]"}], f"{SHOP}/pulls/1/reviews": [{"body": body}]}
    with scripted(paths) as server, pytest.raises(UpstreamError):
        github(TOKEN, base_url=server.url, timing=FakeTime().timing()).pull_requests.reviews(NAME, 1)


def test_reviews__that_are_pending_or_of_no_review(twin: GitHubTwin, forge: GitHubPullRequests) -> None:
    remark = {"path": "a.py", "line": 1, "body": "See."}
    twin.review(NAME, 1, "PENDING", body="secret", comments=[remark])
    twin.review(NAME, 1, "COMMENTED", author="ann", comments=[remark], is_loose=True)

    [alone] = forge.reviews(NAME, 1)

    assert (alone.author, alone.state, alone.comments[0].body) == ("ann", ReviewState.COMMENTED, "See.")


# --- checks


def test_checks__that_are_required(twin: GitHubTwin, forge: GitHubPullRequests) -> None:
    commit = _commit(twin)
    for name in ("build", "lint", "other"):
        twin.check(NAME, commit, name)
    unknown = {one.name: one.is_required for one in forge.checks(NAME, "b" * 40)}
    plain = {one.name: one.is_required for one in forge.checks(NAME, commit)}
    twin.require(NAME, "main", protection=["build"], rules=["lint"])
    told = {one.name: one.is_required for one in forge.checks(NAME, commit)}
    twin.require(NAME, "main", protection=["build"], rules=["lint"], is_hidden=True)
    hidden = {one.name: one.is_required for one in forge.checks(NAME, commit)}

    assert unknown == {}
    assert plain == {"build": False, "lint": False, "other": False}
    assert told == {"build": True, "lint": True, "other": False}
    assert hidden == {"build": None, "lint": None, "other": None}


def test_checks__of_a_commit_without_pull_request_do_not_tell_whether_they_are_required(
    twin: GitHubTwin, forge: GitHubPullRequests
) -> None:
    twin.check(NAME, "b" * 40, "build")

    assert [one.is_required for one in forge.checks(NAME, "b" * 40)] == [None]


def test_checks__the_log_is_fetched_elsewhere_without_the_token(twin: GitHubTwin, forge: GitHubPullRequests) -> None:
    run = twin.check(NAME, _commit(twin), "build", conclusion="failure", log="x")["id"]
    with scripted({f"/logs/{NAME}/{run}": [{"body": "step 1\nboom\n"}]}) as elsewhere:
        twin.switch(log_url=f"{elsewhere.url}/logs")

        [build] = forge.checks(NAME, _commit(twin))

        [seen] = elsewhere.seen()
    assert build.log == "step 1\nboom\n"
    assert seen.path.endswith("?sig=secret")
    assert "Authorization" not in seen.headers


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/gone", "http://logs.example.com/x", "ftp://127.0.0.1/x"])
def test_checks__a_log_that_cannot_be_read_leaves_what_the_check_says(
    twin: GitHubTwin, forge: GitHubPullRequests, url: str
) -> None:
    annotations = [{"path": "a.py", "line": 3, "message": "no such name"}]
    more = {"title": "1 error", "summary": "See.", "log": "x", "annotations": annotations}
    twin.check(NAME, _commit(twin), "build", conclusion="failure", **more)
    twin.switch(log_url=url)

    assert [one.log for one in forge.checks(NAME, _commit(twin))] == ["1 error\nSee.\na.py:3: failure: no such name"]


def test_checks__of_other_apps_and_statuses(twin: GitHubTwin, forge: GitHubPullRequests) -> None:
    commit = _commit(twin)
    twin.check(NAME, commit, "scan", app="sonar", conclusion="timed_out", text="too slow")
    twin.check(NAME, commit, "gate", app="sonar", conclusion="skipped")
    twin.ask("POST", f"{SHOP}/statuses/{commit}", {"state": "error", "context": "ci", "description": "broke"})
    twin.ask("POST", f"{SHOP}/statuses/{commit}", {"state": "pending", "context": "deploy"})

    found = {one.name: (one.state, one.log) for one in forge.checks(NAME, commit)}

    assert found == {
        "ci": (CheckState.FAILED, "broke"),
        "deploy": (CheckState.PENDING, ""),
        "gate": (CheckState.PASSED, ""),
        "scan": (CheckState.FAILED, "too slow"),
    }


# --- Apps


def _app(twin: GitHubTwin) -> AppKey:
    made = twin.app()
    return AppKey(id=str(made["id"]), private_key=made["private_key"])


def test_app__writes_under_its_own_name(twin: GitHubTwin) -> None:
    key = _app(twin)
    twin.install("acme")
    hosted = _opened(twin, key)
    twin.say(NAME, 1, "<!-- codeql-fixer:proof -->\nplanted", author="other-app[bot]")

    for body in ("Running.", "Fixed."):
        hosted.pull_requests.comment(NAME, 1, marker="proof", body=body)
    for title in ("A plan", "A better plan"):
        hosted.pull_requests.open_issue(NAME, marker="plan", title=title, body="x", labels=["plan"])

    assert _issues(twin) == 1
    assert [said["user"]["login"] for said in twin.said(NAME, 1)] == ["other-app[bot]", "codeql-fixer[bot]"]
    assert hosted.host.repository(NAME).name == NAME
    assert [one.name for one in hosted.host.repositories("acme")] == [NAME]
    requests = twin.stats()["requests"]
    assert requests["POST /app/installations/{installation}/access_tokens"] == 1
    assert requests["GET /repos/{owner}/{repo}/installation"] == 1


def test_app__reports_check_runs(twin: GitHubTwin) -> None:
    key = _app(twin)
    twin.install("acme")
    twin.check(NAME, _commit(twin), "codeql-fixer", app="other", external_id="codeql-fixer:codeql-fixer")
    forge = _opened(twin, key).pull_requests

    first = forge.report_check(NAME, _report(twin, "Running"))
    again = forge.report_check(NAME, _report(twin, "Fixed"))

    runs = twin.ask("GET", f"{SHOP}/commits/{_commit(twin)}/check-runs?filter=all").json["check_runs"]
    assert first == again == runs[0]["html_url"]
    assert [(run["app"]["slug"], run["output"]["title"]) for run in runs] == [
        ("codeql-fixer", "Fixed"),
        ("other", None),
    ]
    assert [one.name for one in forge.checks(NAME, _commit(twin))] == ["codeql-fixer"]  # the other App's


@pytest.mark.parametrize(("fault", "more"), LOST)
def test_app__a_check_run_whose_answer_is_lost_is_found_again(
    twin: GitHubTwin, fault: str, more: dict[str, Any]
) -> None:
    key = _app(twin)
    twin.install("acme")
    forge = _opened(twin, key).pull_requests
    twin.fault(fault, match={"method": "POST", "path": "/check-runs$"}, **more)

    assert forge.report_check(NAME, _report(twin))

    runs = twin.ask("GET", f"{SHOP}/commits/{_commit(twin)}/check-runs?filter=all").json["check_runs"]
    assert len(runs) == 1


def test_app__tokens_are_renewed_before_their_time_is_over(twin: GitHubTwin) -> None:
    time = FakeTime()
    key = _app(twin)
    twin.install("acme")
    host = _opened(twin, key, time=time).host
    minted = "POST /app/installations/{installation}/access_tokens"

    host.repository(NAME)
    time.now += 3600 - 301
    host.repository(NAME)
    before = twin.stats()["requests"][minted]
    time.now += 2
    host.repository(NAME)

    assert (before, twin.stats()["requests"][minted]) == (1, 2)


@pytest.mark.parametrize("fault", ["500", "commit-then-500", "reset", "half-body"])
def test_app__a_token_whose_answer_is_lost_is_asked_for_again(twin: GitHubTwin, fault: str) -> None:
    key = _app(twin)
    twin.install("acme")
    twin.fault(fault, match={"path": "access_tokens"})

    assert _opened(twin, key).host.repository(NAME).name == NAME


def test_app__that_is_not_installed_there(twin: GitHubTwin) -> None:
    key = _app(twin)
    twin.install("acme", "acme/other")

    with pytest.raises(UserError, match=rf"the App {key.id} is not installed for acme/shop; install it there"):
        _opened(twin, key).host.repository(NAME)
    with pytest.raises(UserError, match="is no owner/name"):
        _opened(twin, key).host.repository("shop")


def test_app__whose_key_is_another_one(twin: GitHubTwin) -> None:
    old = _app(twin)
    twin.app("another")
    twin.install("acme")

    with pytest.raises(UserError, match=r"does not accept the App .* this machine's clock") as caught:
        _opened(twin, old).host.repository(NAME)

    _check_secret_is_not_in(caught.value, old.private_key.splitlines()[1])


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nQUJD\n-----END RSA PRIVATE KEY-----"])
def test_app__whose_key_is_none(twin: GitHubTwin, key: str) -> None:
    with pytest.raises(UserError, match="GITHUB_APP_PRIVATE_KEY is no RSA key in PEM") as caught:
        _opened(twin, AppKey(id="1", private_key=key)).host.repository(NAME)

    _check_secret_is_not_in(caught.value, "QUJD")
    assert "private" not in repr(AppKey(id="1", private_key=key))


def test_token__of_an_installation_takes_the_words_of_bots_for_its_own(twin: GitHubTwin) -> None:
    """Such as a workflow's: it cannot ask who it is."""
    key = _app(twin)
    installation = twin.install("acme")
    path = f"/app/installations/{installation}/access_tokens"
    token = twin.ask("POST", path, headers={"Authorization": f"Bearer {key.jwt()}"}).json["token"]
    twin.say(NAME, 1, "<!-- codeql-fixer:proof -->\nplanted", author="mallory")
    forge = _opened(twin, token).pull_requests

    for body in ("Running.", "Fixed."):
        forge.comment(NAME, 1, marker="proof", body=body)

    assert [said["body"].rpartition("\n")[2] for said in twin.said(NAME, 1)] == ["planted", "Fixed."]


def _check_secret_is_not_in(error: BaseException, secret: str) -> None:
    chain: BaseException | None = error
    while chain is not None:
        assert secret not in f"{chain!r}{chain}"
        chain = chain.__cause__ or chain.__context__


# --- as it is wired


def test_opened__by_the_token_where_there_is_one_else_by_the_app(twin: GitHubTwin) -> None:
    key = _app(twin)
    twin.install("acme")
    app = GitHubApp(id=key.id, private_key=key.private_key)

    for token in (twin.token, ""):
        hosted = opened(token, twin.url, state=None, app=app)
        hosted.pull_requests.comment(NAME, 1, marker="proof", body="Fixed.")
    with pytest.raises(UserError, match="GITHUB_TOKEN is not set"):
        opened("", twin.url, state=None)

    assert [said["user"]["login"] for said in twin.said(NAME, 1)] == ["fixer", "codeql-fixer[bot]"]
    assert "POST /app/installations/{installation}/access_tokens" in twin.stats()["requests"]


def test_opened__dry_writes_nothing(twin: GitHubTwin) -> None:
    told = list[str]()

    hosted = opened(twin.token, twin.url, state=None).dry(told.append)

    assert hosted.pull_requests.comment(NAME, 1, marker="proof", body="Fixed.") == ""
    assert hosted.pull_requests.is_mergeable(NAME, 1) is True
    assert hosted.hosting.repository(NAME).name == NAME
    assert (_comments(twin), len(told)) == (0, 1)


@pytest.mark.parametrize(
    ("association", "may_decide"),
    [("OWNER", True), ("MEMBER", True), ("COLLABORATOR", True), ("CONTRIBUTOR", False), ("NONE", False)],
)
def test_reviews__say_whether_their_author_belongs_to_the_repository(
    twin: GitHubTwin, association: str, *, may_decide: bool
) -> None:
    twin.review(NAME, 1, "CHANGES_REQUESTED", body="Not yet.", association=association)

    [review] = _opened(twin).pull_requests.reviews(NAME, 1)

    assert review.may_decide is may_decide
