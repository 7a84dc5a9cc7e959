"""Webhooks of GitHub's twin: signed, and on time, late, twice or out of turn, as the script says."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import pytest

from tests.github_twin import github_twin
from tests.hooks import listening, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.github_twin import GitHubTwin
    from tests.hooks import Ear

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

NAME = "acme/shop"
SECRET = "It's a Secret to Everybody"  # noqa: S105 - GitHub's own example


@pytest.fixture(scope="module")
def running() -> Iterator[GitHubTwin]:
    with github_twin("--seed", "7") as twin:
        yield twin


@pytest.fixture
def twin(running: GitHubTwin) -> GitHubTwin:
    running.reset()
    running.repository(NAME)
    return running


@pytest.fixture
def ear(twin: GitHubTwin) -> Iterator[Ear]:
    with listening() as ear:
        twin.hook(ear.url, secret=SECRET)
        yield ear
        twin.reset()


def test_hook__tells_what_happens_signed(twin: GitHubTwin, ear: Ear) -> None:
    number = twin.pull(NAME, "fix")
    twin.review(NAME, number, "CHANGES_REQUESTED", body="No.")
    twin.say(NAME, number, "Why?", author="ann")
    twin.ask("POST", f"/repos/{NAME}/issues/{number}/comments", {"body": "Since."})
    twin.check(NAME, "a" * 40, "build", conclusion="failure")
    twin.ask("PATCH", f"/repos/{NAME}/pulls/{number}", {"state": "closed"})

    heard = ear.wait(6)

    assert [one.headers["X-GitHub-Event"] for one in heard] == [
        "pull_request",
        "pull_request_review",
        "issue_comment",
        "issue_comment",
        "check_run",
        "pull_request",
    ]
    assert [one.json["action"] for one in heard] == ["opened", "submitted", "created", "created", "completed", "closed"]
    assert {one.json["repository"]["full_name"] for one in heard} == {NAME}
    assert len({one.guid for one in heard}) == 6
    for one in heard:
        signature = hmac.new(SECRET.encode(), one.body, hashlib.sha256).hexdigest()
        assert one.headers["X-Hub-Signature-256"] == f"sha256={signature}"
    assert [one["answers"] for one in settled(twin)] == [[204]] * 6


def test_hook__late_by_the_twins_clock(twin: GitHubTwin, ear: Ear) -> None:
    twin.plan(event="pull_request", delay_seconds=3600)
    twin.pull(NAME, "late")
    number = twin.pull(NAME, "on-time")

    assert [one.json["number"] for one in ear.wait(1)] == [number]
    twin.advance(3600)
    assert [one.json["number"] for one in ear.wait(2)] == [number, 1]


def test_hook__twice_under_one_guid(twin: GitHubTwin, ear: Ear) -> None:
    twin.plan(times=2)
    twin.pull(NAME, "fix")

    first, second = ear.wait(2)

    assert first == second
    twin.admin("POST", f"hook/deliveries/{first.guid}")
    assert ear.wait(3)[2].guid == first.guid


def test_hook__out_of_turn(twin: GitHubTwin, ear: Ear) -> None:
    twin.plan(holds=2)
    for branch in ("a", "b", "c", "d"):
        twin.pull(NAME, branch)

    assert [one.json["number"] for one in ear.wait(4)] == [2, 3, 1, 4]


def test_hook__that_is_never_told_and_events_that_nobody_asked_for(twin: GitHubTwin, ear: Ear) -> None:
    twin.hook(ear.url, events=["pull_request"])
    twin.plan(event="pull_request", times=0)
    twin.pull(NAME, "lost")
    twin.issue(NAME, "An issue")
    twin.say(NAME, 1, "x")
    twin.pull(NAME, "told")

    [heard] = ear.wait(1)

    assert heard.json["pull_request"]["head"]["ref"] == "told"
    assert "X-Hub-Signature-256" not in heard.headers
    assert [one["left"] for one in twin.deliveries()] == [0, 0]


def test_hook__whose_receiver_is_ill_or_gone(twin: GitHubTwin, ear: Ear) -> None:
    ear.status = 500
    twin.pull(NAME, "fix")
    settled(twin)
    twin.hook("http://127.0.0.1:1/")
    twin.pull(NAME, "again")

    assert [one["answers"] for one in settled(twin)] == [[500], [0]]


def test_hook__stays_on_this_machine(twin: GitHubTwin) -> None:
    answer = twin.request("PUT", "/__twin__/hook", {"url": "http://example.com/"}, headers={})

    assert answer.status == 422
