"""Bad days of GitHub: what is read is asked for again, what is started is started once, waits are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from codeql_fixer.adapters.github.factory import github_host
from codeql_fixer.adapters.github.limits import CallLimits
from codeql_fixer.errors import RateLimitedError, UpstreamError, UserError, WorkflowUnsettledError
from codeql_fixer.ports.hosting import Workflow
from codeql_fixer.transport.http import Limits
from tests.github_twin import START, TwinTime, github_twin
from tests.unit.transport.fake_time import FakeTime
from tests.unit.transport.scripted_server import scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.adapters.github.host import GitHubHost
    from tests.github_twin import GitHubTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

NAME = "acme/shop"
SCAN = Workflow(repository=NAME, file="scan.yml", ref="main")
GET, POST = {"method": "GET"}, {"method": "POST"}
TOKEN = "ghp_" + "s3cret" * 6
REPOSITORY = '{"full_name": "acme/shop", "fork": false, "default_branch": "main"}'


@pytest.fixture(scope="module")
def running() -> Iterator[GitHubTwin]:
    with github_twin("--seed", "7") as twin:
        yield twin


@pytest.fixture
def twin(running: GitHubTwin) -> Iterator[GitHubTwin]:
    running.reset()
    running.repository(NAME)
    running.workflow(NAME, "scan.yml")
    yield running
    running.switch(primary_per_hour=5000, points_per_minute=900, writes_per_minute=80)


def _host(twin: GitHubTwin, time: FakeTime | None = None, **limits: Any) -> GitHubHost:  # noqa: ANN401 - passed on
    return github_host(
        twin.token,
        base_url=twin.url,
        limits=CallLimits(**limits),
        http=Limits(answer_seconds=0.5),
        timing=(time or TwinTime(twin)).timing(),
    )


def _scripted(url: str) -> GitHubHost:
    return github_host(TOKEN, base_url=url, timing=FakeTime().timing())


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("500", {}),
        ("502", {}),
        ("503", {"retry_after": 3}),
        ("commit-then-500", {}),
        ("timeout-before", {"seconds": 1}),
        ("timeout-after-commit", {"seconds": 1}),
        ("slow-drip", {"seconds": 2}),
        ("half-body", {}),
        ("reset", {}),
        ("secondary-limit", {"retry_after": 30}),
        ("secondary-limit", {}),
        ("429", {}),
        ("429", {"retry_after": 7}),
    ],
)
def test_read__is_asked_for_again(twin: GitHubTwin, fault: str, more: dict[str, Any]) -> None:
    twin.fault(fault, match={**GET, "times": 2}, **more)

    assert _host(twin).repository(NAME).name == NAME

    assert twin.stats()["requests"] == {"GET /repos/{owner}/{repo}": 3}


@pytest.mark.parametrize(
    ("fault", "more", "runs"),
    [
        ("500", {}, 0),
        ("502", {}, 0),
        ("commit-then-500", {}, 1),
        ("timeout-before", {"seconds": 1}, 0),
        ("timeout-after-commit", {"seconds": 1}, 1),
        ("slow-drip", {"seconds": 2}, 1),
        ("half-body", {}, 1),
        ("reset", {}, 1),
        ("reset", {"commits": False}, 0),
    ],
)
def test_start__that_may_have_happened_is_not_tried_again(
    twin: GitHubTwin, fault: str, *, more: dict[str, Any], runs: int
) -> None:
    twin.fault(fault, match=POST, **more)

    with pytest.raises(WorkflowUnsettledError, match="of acme/shop may have been started all the same"):
        _host(twin).trigger(SCAN, {})

    assert len(twin.runs()) == runs
    assert list(twin.stats()["requests"].values()) == [1]


@pytest.mark.parametrize(("fault", "more"), [("secondary-limit", {"retry_after": 30}), ("429", {"retry_after": 9})])
def test_start__that_was_refused_for_now_waits(twin: GitHubTwin, fault: str, more: dict[str, Any]) -> None:
    time = TwinTime(twin)
    twin.fault(fault, match=POST, **more)

    assert _host(twin, time).trigger(SCAN, {})

    assert len(twin.runs()) == 1
    assert time.slept == [more["retry_after"] + 0.5]  # and some luck, so that not all come at once


def test_wait__that_is_not_told_is_a_minute(twin: GitHubTwin) -> None:
    time = TwinTime(twin)
    twin.fault("429", match=GET)

    _host(twin, time).repository(NAME)

    assert time.slept == [60.5]


def test_wait__that_is_too_long_ends_the_call(twin: GitHubTwin) -> None:
    time = TwinTime(twin)
    twin.fault("secondary-limit", match=GET, retry_after=1800)
    host, words = _host(twin, time), f"used up until {twin.now() + timedelta(seconds=1800):%H:%M} UTC"

    with pytest.raises(RateLimitedError, match=words):
        host.repository(NAME)
    with pytest.raises(RateLimitedError, match=words):
        host.trigger(SCAN, {})

    assert (time.slept, twin.runs()) == ([], [])
    assert list(twin.stats()["requests"].values()) == [1]


def test_wait__does_not_go_on_for_ever(twin: GitHubTwin) -> None:
    twin.fault("secondary-limit", match={**GET, "times": None})

    with pytest.raises(RateLimitedError, match="after 3 waits"):
        _host(twin).repository(NAME)

    assert list(twin.stats()["requests"].values()) == [3]


def test_limit__of_an_hour_is_not_run_into(twin: GitHubTwin) -> None:
    """The answer that uses the limit up is taken; the next call is not made until the reset."""
    twin.switch(primary_per_hour=2)
    twin.fault("403", match={**GET, "nth": 3, "times": None}, detail="must not be asked")
    host, words = _host(twin), f"until {twin.now() + timedelta(seconds=3601):%H:%M} UTC"

    host.repository(NAME)
    host.repository(NAME)
    with pytest.raises(RateLimitedError, match=words):
        host.repository(NAME)

    assert list(twin.stats()["requests"].values()) == [2]


def test_limit__of_an_hour_that_others_used_up(twin: GitHubTwin) -> None:
    time = TwinTime(twin)
    twin.switch(primary_per_hour=1)
    twin.ask("GET", f"/repos/{NAME}")
    twin.advance(3550)

    assert _host(twin, time).repository(NAME).name == NAME
    assert time.slept == [51.5]


def test_limit__of_writes_is_kept_by_their_pace(twin: GitHubTwin) -> None:
    time = TwinTime(twin)
    host = _host(twin, time)

    for _ in range(100):
        host.trigger(SCAN, {})

    assert time.slept == [1.0] * 99
    assert set(twin.stats()["requests"].values()) == {100}


def test_limit__of_points_is_waited_for(twin: GitHubTwin) -> None:
    twin.switch(points_per_minute=10)
    host = _host(twin)

    for _ in range(25):
        host.repository(NAME)

    assert twin.stats()["requests"] == {"GET /repos/{owner}/{repo}": 27}


def test_outage__ends_in_an_error_of_the_service(twin: GitHubTwin) -> None:
    twin.fault("502", match={**GET, "times": None})

    with pytest.raises(UpstreamError, match="502"):
        _host(twin).repository(NAME)


def test_token__that_is_none_is_not_quoted(twin: GitHubTwin) -> None:
    host = github_host(TOKEN, base_url=twin.url)

    with pytest.raises(UserError, match=r"does not accept the token \(Bad credentials\); check GITHUB_TOKEN") as caught:
        host.repository(NAME)

    chain: BaseException | None = caught.value
    while chain is not None:
        assert TOKEN not in f"{chain!r}{chain}"
        chain = chain.__cause__ or chain.__context__


# --- answers of a server that is none


@pytest.mark.parametrize(
    "body",
    ["[1, 2]", '"words"', "{", "<html>", "{}", '{"full_name": 7, "fork": false, "default_branch": "main"}', ""],
)
def test_answer__that_is_no_repository(body: str) -> None:
    with scripted({f"/repos/{NAME}": [{"body": body}]}) as server, pytest.raises(UpstreamError):
        _scripted(server.url).repository(NAME)


@pytest.mark.parametrize("body", ["{", "7", "{}", '{"html_url": 7}', "[1]"])
def test_start__with_an_answer_that_cannot_be_read_may_have_happened(body: str) -> None:
    path = f"/repos/{NAME}/actions/workflows/scan.yml/dispatches"
    with scripted({path: [{"body": body}]}) as server:
        with pytest.raises(WorkflowUnsettledError, match="look at its runs"):
            _scripted(server.url).trigger(SCAN, {})

        assert len(server.seen()) == 1


@pytest.mark.parametrize("body", ["7", "{", '{"message": "?"}', "[7]", '[{"number": 1}]'])
def test_answer__that_is_no_list(body: str) -> None:
    with scripted({f"/repos/{NAME}/pulls": [{"body": body}]}) as server, pytest.raises(UpstreamError):
        list(_scripted(server.url).pull_requests(NAME, head_prefix="", since=datetime.fromtimestamp(START, UTC)))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect__to_another_server_is_not_followed(status: int) -> None:
    with scripted({f"/repos/{NAME}": [{"body": REPOSITORY}]}) as other:
        step = {"status": status, "headers": {"Location": f"{other.url}/repos/{NAME}"}}
        with (
            scripted({f"/repos/{NAME}": [step]}) as server,
            pytest.raises(UserError, match="not followed with a token; mend GITHUB_API_URL"),
        ):
            _scripted(server.url).repository(NAME)

        assert other.seen() == []


def test_redirect__round_in_circles() -> None:
    step = {"status": 301, "headers": {"Location": f"/repos/{NAME}"}}
    with scripted({f"/repos/{NAME}": [step]}) as server:
        with pytest.raises(UpstreamError, match="round in circles"):
            _scripted(server.url).repository(NAME)

        assert len(server.seen()) == 4


def test_redirect__of_a_write_that_would_become_a_read_is_not_followed() -> None:
    path = f"/repos/{NAME}/actions/workflows/scan.yml/dispatches"
    step = {"status": 302, "headers": {"Location": "/elsewhere"}}
    with scripted({path: [step], "/elsewhere": [{}]}) as server:
        with pytest.raises(UserError, match="302"):
            _scripted(server.url).trigger(SCAN, {})

        assert len(server.seen()) == 1


def test_pages__on_another_server_are_not_fetched() -> None:
    with scripted({"/x": [{}]}) as other:
        step = {"body": "[]", "headers": {"Link": f'<{other.url}/x>; rel="next"'}}
        with scripted({f"/repos/{NAME}/pulls": [step]}) as server, pytest.raises(UpstreamError, match="another server"):
            list(_scripted(server.url).pull_requests(NAME, head_prefix="", since=datetime.fromtimestamp(0, UTC)))

        assert other.seen() == []


def test_server__of_an_enterprise_is_below_a_path() -> None:
    script = {
        f"/api/v3/repos/{NAME}": [{"body": REPOSITORY}],
        f"/api/v3/repos/{NAME}/code-scanning/analyses/1": [{"body": "sarif"}],
    }
    with scripted(script) as server:
        host = _scripted(f"{server.url}/api/v3/")

        assert host.repository(NAME).name == NAME
        assert host.sarif(NAME, 1) == b"sarif"
        first, second = server.seen()
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert first.headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert (first.headers["Accept"], second.headers["Accept"]) == (
        "application/vnd.github+json",
        "application/sarif+json",
    )


def test_answer__304_that_nobody_asked_for() -> None:
    with (
        scripted({f"/repos/{NAME}": [{"status": 304, "body": ""}]}) as server,
        pytest.raises(UpstreamError, match="not asked for that"),
    ):
        _scripted(server.url).repository(NAME)


@pytest.mark.parametrize(
    ("token", "url", "problem"),
    [
        ("", "", "GITHUB_TOKEN is not set"),
        (TOKEN, "github.com", "is no address"),
        (TOKEN, "http://github.example.com", "in the clear"),
        (TOKEN, "https://me:pw@github.example.com", "holds a user name"),
    ],
)
def test_host__that_cannot_be(token: str, url: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem) as caught:
        github_host(token, base_url=url)

    assert TOKEN not in str(caught.value)
