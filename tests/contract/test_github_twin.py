"""The twin of GitHub as a server: limits, ETags, pages, redirects, its clock and its faults, and how it starts."""

from __future__ import annotations

import re
import subprocess
import sys
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jwt
import pytest

from tests.github_twin import START, github_twin
from tests.pull_request_worlds import GitRepository
from tests.remotes import git
from tests.twins import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.github_twin import GitHubTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SHOP = "/repos/acme/shop"
DISPATCHES = f"{SHOP}/actions/workflows/scan.yml/dispatches"


@pytest.fixture(scope="module")
def running() -> Iterator[GitHubTwin]:
    with github_twin("--seed", "7") as twin:
        yield twin


@pytest.fixture
def twin(running: GitHubTwin) -> Iterator[GitHubTwin]:
    """A twin with one repository and a workflow."""
    running.reset()
    running.repository("acme/shop")
    running.workflow("acme/shop", "scan.yml")
    yield running
    running.switch(primary_per_hour=5000, points_per_minute=900, writes_per_minute=80, writes_per_hour=500)


# --- limits


def test_primary_limit__is_told_and_kept(twin: GitHubTwin) -> None:
    twin.switch(primary_per_hour=3)

    answers = [twin.ask("GET", SHOP) for _ in range(4)]

    assert [answer.status for answer in answers] == [200, 200, 200, 403]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[3].json["message"].startswith("API rate limit exceeded")
    assert "retry-after" not in answers[3].headers
    assert twin.ask("GET", "/rate_limit").json["rate"]["used"] == 3
    assert twin.ask("GET", SHOP, headers={"Authorization": f"Bearer {twin.read_token}"}).status == 200
    twin.advance(3600)
    assert twin.ask("GET", SHOP).headers["x-ratelimit-remaining"] == "2"


@pytest.mark.parametrize(
    ("switches", "after", "rest"),
    [({"points_per_minute": 12}, 2, 60), ({"writes_per_minute": 3}, 3, 60), ({"writes_per_hour": 4}, 4, 3600)],
)
def test_secondary_limits__are_told_and_kept(
    twin: GitHubTwin, switches: dict[str, int], *, after: int, rest: int
) -> None:
    twin.switch(**switches)

    answers = [twin.ask("POST", DISPATCHES, {"ref": "main"}) for _ in range(after + 1)]

    assert [answer.status for answer in answers] == [204] * after + [403]
    assert answers[-1].headers["retry-after"] == "60"
    assert "secondary rate limit" in answers[-1].json["message"]
    assert len(twin.runs()) == after
    twin.advance(rest)
    assert twin.ask("POST", DISPATCHES, {"ref": "main"}).status == 204


def test_etag__costs_nothing_while_nothing_changes(twin: GitHubTwin) -> None:
    first = twin.ask("GET", SHOP)
    known = {"If-None-Match": f'W/"other", {first.headers["etag"]}'}

    second = twin.ask("GET", SHOP, headers=known)
    twin.advance(60)
    twin.commits("acme/shop")
    third = twin.ask("GET", SHOP, headers=known)

    assert (second.status, second.content, second.headers["etag"]) == (304, b"", first.headers["etag"])
    assert second.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"] == "1"
    assert (third.status, third.headers["x-ratelimit-used"]) == (200, "2")


# --- pages


@pytest.mark.parametrize(
    ("page", "shown", "links"),
    [
        (1, 20, {"next": "2", "last": "3"}),
        (2, 20, {"prev": "1", "next": "3", "last": "3", "first": "1"}),
        (3, 11, {"prev": "2", "first": "1"}),
        (9, 0, {"prev": "8", "first": "1"}),
    ],
)
def test_pages__lead_to_one_another(twin: GitHubTwin, *, page: int, shown: int, links: dict[str, str]) -> None:
    twin.commits("acme/shop", 50)

    answer = twin.ask("GET", f"{SHOP}/commits?per_page=20&page={page}&sha=main")

    found = re.findall(r'[?&]page=(\d+)[^>]*>; rel="(\w+)"', answer.headers["link"])
    assert {rel: number for number, rel in found} == links
    assert all("sha=main" in link for link in re.findall(r"<([^>]*)>", answer.headers["link"]))
    assert len(answer.json) == shown


@pytest.mark.parametrize(("asked", "shown"), [("per_page=500", 100), ("per_page=0", 1), ("per_page=x", 30), ("", 30)])
def test_pages__have_a_largest_size(twin: GitHubTwin, asked: str, shown: int) -> None:
    twin.commits("acme/shop", 150)

    assert len(twin.ask("GET", f"{SHOP}/commits?{asked}").json) == shown


# --- names


def test_rename__leads_on_with_the_query(twin: GitHubTwin) -> None:
    number = twin.ask("GET", SHOP).json["id"]
    twin.admin("POST", "repos/acme/shop/rename", {"to": "other/Store"})

    moved = twin.ask("GET", "/repos/ACME/shop/commits?per_page=5&sha=main")

    location = f"{twin.url}/repositories/{number}/commits?per_page=5&sha=main"
    assert (moved.status, moved.headers["location"]) == (301, location)
    assert twin.ask("POST", DISPATCHES, {"ref": "main"}).status == 307
    assert twin.runs() == []
    assert len(twin.ask("GET", location.removeprefix(twin.url)).json) == 1
    assert twin.ask("GET", "/repos/other/store").json["full_name"] == "other/Store"
    assert twin.ask("GET", "/repositories/7/commits").status == 404
    assert twin.stats()["requests"]["GET /repos/{owner}/{repo}/commits"] == 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", SHOP, 405),
        ("GET", f"{SHOP}/pulls/x", 404),
        ("GET", f"{SHOP}/actions/runs/9", 404),
        ("GET", f"{SHOP}/commits?since=yesterday", 422),
        ("GET", f"{SHOP}/commits?sha=nowhere", 404),
    ],
)
def test_requests__that_lead_nowhere(twin: GitHubTwin, method: str, *, path: str, status: int) -> None:
    answer = twin.ask(method, path)

    assert (answer.status, answer.json["status"]) == (status, str(status))


def test_token__is_needed(twin: GitHubTwin) -> None:
    assert twin.request("GET", SHOP, headers={}).json["message"] == "Requires authentication"
    assert twin.ask("GET", SHOP, headers={"Authorization": "token x"}).json["message"] == "Bad credentials"
    assert twin.ask("GET", SHOP, headers={"Authorization": f"token {twin.token}"}).status == 200


# --- the admin surface


def test_pulls__go_their_ways(twin: GitHubTwin) -> None:
    number = twin.pull("acme/shop", "devin/fix", number=40, head_owner="robot")
    path = f"{SHOP}/pulls/{number}"

    twin.change_pull("acme/shop", number, "draft")
    assert twin.ask("GET", path).json["draft"] is True
    before = twin.ask("GET", path).json["head"]
    twin.change_pull("acme/shop", number, "push", title="Better")
    pushed = twin.ask("GET", path).json
    assert (pushed["title"], pushed["head"]["label"]) == ("Better", "robot:devin/fix")
    assert pushed["head"]["sha"] != before["sha"]
    twin.change_pull("acme/shop", number, "close")
    twin.change_pull("acme/shop", number, "reopen")
    assert [one["number"] for one in twin.ask("GET", f"{SHOP}/pulls?head=robot:devin/fix&base=main").json] == [40]
    twin.change_pull("acme/shop", number, "merge")
    merged = twin.ask("GET", path).json
    assert merged["merge_commit_sha"] == twin.ask("GET", f"{SHOP}/commits").json[0]["sha"]
    assert twin.ask("GET", f"{SHOP}/pulls").json == []
    assert twin.pull("acme/shop", "devin/next") == 41


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("PATCH", "repos/acme/shop/pulls/1", {"action": "merge"}, 404),
        ("PATCH", "repos/acme/shop/pulls/2", {"action": "reopen"}, 422),
        ("PATCH", "repos/acme/shop/pulls/3", {"action": "reopen"}, 422),
        ("PATCH", "repos/acme/shop/pulls/3", {"action": "close"}, 422),
        ("PATCH", "repos/acme/shop/pulls/3", {"action": "explode"}, 422),
        ("POST", "repos/acme/shop/pulls", {"head": "x", "number": 2}, 422),
        ("POST", "repos/acme/none/pulls", {"head": "x"}, 404),
        ("POST", "repos/acme/shop/rename", {"to": "store"}, 422),
        ("POST", "repos/acme/shop/analyses", {}, 422),
        ("PUT", "repos/acme/new", {"fork_of": "acme/none"}, 404),
        ("POST", "faults", [{"fault": "earthquake"}], 422),
        ("POST", "faults", b"nonsense", 400),
        ("POST", "switches", {"colour": "red"}, 422),
        ("POST", "clock", {"advance_seconds": -1}, 422),
    ],
)
def test_admin__says_what_cannot_be(twin: GitHubTwin, *, method: str, name: str, body: object, status: int) -> None:
    twin.pull("acme/shop", "open", number=2)
    twin.pull("acme/shop", "merged", number=3)
    twin.change_pull("acme/shop", 3, "merge")

    assert twin.ask(method, f"/__twin__/{name}", body).status == status


def test_repository__that_is_put_again_keeps_what_is_in_it(twin: GitHubTwin) -> None:
    number = twin.ask("GET", SHOP).json["id"]

    twin.repository("Acme/Shop", is_archived=True)

    assert twin.ask("GET", SHOP).json["id"] == number
    assert twin.ask("POST", DISPATCHES, {"ref": "main"}).status == 403
    assert twin.stats()["repositories"] == 1


# --- faults


@pytest.mark.parametrize("fault", ["timeout-before", "timeout-after-commit", "reset", "half-body"])
def test_fault__breaks_the_connection(twin: GitHubTwin, fault: str) -> None:
    twin.fault(fault, match={"method": "POST"}, seconds=0.2)

    with pytest.raises((HTTPException, ConnectionError)):
        twin.ask("POST", DISPATCHES, {"ref": "main", "return_run_details": True})

    assert len(twin.runs()) == (0 if fault == "timeout-before" else 1)
    [rule] = twin.admin("GET", "faults")["faults"]
    assert (rule["matched"], rule["struck"]) == (1, 1)


def test_fault__strikes_the_nth_request_that_matches(twin: GitHubTwin) -> None:
    twin.fault("502", match={"path": "/pulls$", "nth": 2}, detail="Bad weather")

    answers = [twin.ask("GET", path) for path in (f"{SHOP}/pulls", SHOP, f"{SHOP}/pulls", f"{SHOP}/pulls")]

    assert [answer.status for answer in answers] == [200, 200, 502, 200]
    assert answers[2].json["message"] == "Bad weather"
    twin.fault("500")
    twin.clear_faults()
    assert twin.ask("GET", SHOP).status == 200


def test_disconnect__undoes_what_is_on_its_way(twin: GitHubTwin) -> None:
    twin.disconnect()

    assert twin.ask("GET", SHOP).status == 200


# --- the program


def test_twin__is_the_same_for_the_same_seed() -> None:
    seen = []
    for seed in ("3", "3", "4"):
        with github_twin("--seed", seed) as twin:
            shop = twin.repository("acme/shop")
            seen.append((twin.token, shop["id"], shop["created_at"], twin.now().timestamp()))

    assert seen[0] == seen[1]
    assert seen[0][:2] != seen[2][:2]
    assert seen[0][2:] == ("2027-01-15T08:00:00Z", START)


@pytest.mark.parametrize(
    ("options", "problem"),
    [(["--set", "primary_per_hour=many"], "primary_per_hour"), (["--set", "colour=red"], "colour")],
)
def test_twin__says_what_is_wrong_with_its_arguments(options: list[str], problem: str) -> None:
    done = _start(*options)

    assert (done.returncode, problem in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_twin__does_not_share_a_port(twin: GitHubTwin) -> None:
    done = _start("--port", str(urlsplit(twin.url).port))

    assert (done.returncode, "cannot listen on port" in done.stderr) == (2, True)


def test_twin__ends_with_the_process_that_started_it() -> None:
    with github_twin() as twin:
        assert twin.process.stdin is not None
        twin.process.stdin.close()

        assert twin.process.wait(10) == 0


def _start(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codeql_fixer.twin.github", *options]
    return subprocess.run(command, env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True, check=False)


# --- a repository of this machine behind one of the twin


@pytest.fixture
def behind(twin: GitHubTwin, tmp_path: Path) -> GitRepository:
    """A bare repository behind acme/shop, whose branch fix changes its second line."""
    repository = GitRepository(tmp_path)
    repository.push("fix", "one\n2\nthree\n", base="main")
    twin.bind("acme/shop", repository.path)
    return repository


def test_git__is_what_commits_diffs_and_merges_come_from(twin: GitHubTwin, behind: GitRepository) -> None:
    number = twin.pull("acme/shop", "fix")
    diff = twin.ask("GET", f"{SHOP}/pulls/{number}", headers={"Accept": "application/vnd.github.v3.diff"})
    before = twin.ask("GET", f"{SHOP}/commits").json

    twin.change_pull("acme/shop", number, "merge")

    merged = twin.ask("GET", f"{SHOP}/pulls/{number}").json
    assert diff.headers["content-type"] == "application/vnd.github.diff; charset=utf-8"
    assert b"\n-two\n+2\n" in diff.content
    assert [commit["commit"]["message"] for commit in before] == ["Change main"]
    assert git(behind.path, "rev-parse", "main") == merged["merge_commit_sha"]
    assert git(behind.path, "show", "main:a.txt") == "one\n2\nthree"
    assert len(twin.ask("GET", f"{SHOP}/commits").json) == 3
    assert twin.ask("GET", f"{SHOP}/branches/main").json["commit"]["sha"] == merged["merge_commit_sha"]


def test_git__in_conflict_is_not_merged(twin: GitHubTwin, behind: GitRepository) -> None:
    number = twin.pull("acme/shop", "fix")
    tip = behind.push("main", "one\nzwei\nthree\n", base="main")

    refused = twin.request("PATCH", f"/__twin__/repos/acme/shop/pulls/{number}", {"action": "merge"}, headers={})

    assert refused.status == 405
    assert twin.ask("GET", f"{SHOP}/pulls/{number}").json["mergeable_state"] == "dirty"
    assert git(behind.path, "rev-parse", "main") == tip


def test_git__that_is_not_there(twin: GitHubTwin, tmp_path: Path) -> None:
    refused = twin.request("PUT", "/__twin__/repos/acme/shop/git", {"path": str(tmp_path)}, headers={})

    assert refused.status == 422


# --- Apps


def test_app__is_heard_only_with_a_fresh_signature_of_its_own(twin: GitHubTwin) -> None:
    app, other, now = twin.app("mine"), twin.app("theirs"), int(twin.now().timestamp())
    good = {"iat": now, "exp": now + 600, "iss": str(other["id"])}
    cases = [
        (good, other, "", 200),
        ({**good, "exp": now}, other, "Expiration time", 401),
        ({**good, "exp": now + 700}, other, "too far in the future", 401),
        ({**good, "iat": now + 60}, other, "Issued at", 401),
        ({**good, "iss": "1"}, other, "Integration not found", 401),
        (good, app, "could not be decoded", 401),
    ]
    for claims, signer, words, status in cases:
        signed = jwt.encode(claims, signer["private_key"], "RS256")
        answer = twin.ask("GET", "/app", headers={"Authorization": f"Bearer {signed}"})
        assert answer.status == status
        assert words in answer.content.decode()
    assert twin.ask("GET", "/app").status == 401


def test_app__has_tokens_for_an_hour_and_for_what_was_chosen(twin: GitHubTwin) -> None:
    twin.repository("acme/other")
    app, installation, now = twin.app(), twin.install("acme", "acme/shop"), int(twin.now().timestamp())
    signed = jwt.encode({"iat": now, "exp": now + 600, "iss": str(app["id"])}, app["private_key"], "RS256")
    path = f"/app/installations/{installation}/access_tokens"
    opened = twin.ask("POST", path, headers={"Authorization": f"Bearer {signed}"}).json
    bearer = {"Authorization": f"Bearer {opened['token']}"}

    statuses = [twin.ask("GET", name, headers=bearer).status for name in (SHOP, "/repos/acme/other", "/user")]
    twin.advance(3600)

    assert statuses == [200, 404, 403]
    assert opened["repository_selection"] == "selected"
    assert twin.ask("GET", SHOP, headers=bearer).status == 401
