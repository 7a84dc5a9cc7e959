"""A client that is not ours, with types made from GitHub's description, is at home with the twin."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from githubkit import AppAuthStrategy, GitHub, TokenAuthStrategy
from githubkit.exception import PrimaryRateLimitExceeded, RequestFailed, SecondaryRateLimitExceeded

from tests.github_twin import github_twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.github_twin import GitHubTwin

Client = GitHub[TokenAuthStrategy]

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(scope="module")
def running() -> Iterator[GitHubTwin]:
    with github_twin("--seed", "7") as twin:
        yield twin


@pytest.fixture
def twin(running: GitHubTwin) -> GitHubTwin:
    """A twin with one repository."""
    running.reset()
    running.repository("acme/shop")
    return running


@pytest.fixture
def client(twin: GitHubTwin) -> Iterator[Client]:
    with GitHub(
        TokenAuthStrategy(twin.token), base_url=twin.url, http_cache=False, auto_retry=False, trust_env=False
    ) as client:
        yield client


def test_client__reads_repositories_and_commits(twin: GitHubTwin, client: Client) -> None:
    for number in range(40):
        twin.repository(f"acme/r{number}", fork_of="acme/shop")
    twin.commits("acme/shop", 45, every_seconds=60)

    one = client.rest.repos.get("acme", "r1").parsed_data
    names = [each.name for each in client.rest.paginate(client.rest.repos.list_for_org, org="acme", per_page=15)]
    commits = list(client.rest.paginate(client.rest.repos.list_commits, owner="acme", repo="shop", per_page=20))

    assert (one.full_name, one.fork, one.parent and one.parent.full_name) == ("acme/r1", True, "acme/shop")
    assert (names[0], len(names), len(commits)) == ("shop", 41, 46)
    assert client.rest.orgs.get("acme").parsed_data.public_repos == 41


def test_client__follows_a_renamed_repository(twin: GitHubTwin, client: Client) -> None:
    twin.admin("POST", "repos/acme/shop/rename", {"to": "acme/store"})

    assert client.rest.repos.get("acme", "shop").parsed_data.full_name == "acme/store"


def test_client__starts_workflows(twin: GitHubTwin, client: Client) -> None:
    twin.workflow("acme/shop", "scan.yml", inputs={"target_repo": True})
    inputs = {"target_repo": "acme/bank"}

    started = client.rest.actions.create_workflow_dispatch(
        "acme", "shop", "scan.yml", ref="main", inputs=inputs
    ).parsed_data

    run = client.rest.actions.get_workflow_run("acme", "shop", started.workflow_run_id).parsed_data
    assert (run.status, run.event, run.html_url) == ("queued", "workflow_dispatch", started.html_url)
    twin.advance(1000)
    [run] = client.rest.actions.list_workflow_runs("acme", "shop", "scan.yml").parsed_data.workflow_runs
    assert (run.status, run.conclusion) == ("completed", "success")
    [workflow] = client.rest.actions.list_repo_workflows("acme", "shop").parsed_data.workflows
    assert client.rest.actions.get_workflow("acme", "shop", "scan.yml").parsed_data == workflow


def test_client__reads_pull_requests(twin: GitHubTwin, client: Client) -> None:
    number = twin.pull("acme/shop", "devin/fix", title="Fix it", is_draft=True)
    twin.change_pull("acme/shop", number, "merge")

    pull = client.rest.pulls.get("acme", "shop", number).parsed_data
    [listed] = client.rest.pulls.list("acme", "shop", state="closed").parsed_data

    assert (pull.merged, pull.draft, pull.title) == (True, True, "Fix it")
    assert (listed.number, listed.merged_at) == (number, pull.merged_at)


def test_client__reads_analyses(twin: GitHubTwin, client: Client) -> None:
    number = twin.analysis("acme/shop", {"runs": []}, category="/language:python")

    [listed] = client.rest.code_scanning.list_recent_analyses("acme", "shop", ref="refs/heads/main").parsed_data

    assert (listed.id, listed.category, listed.tool.name) == (number, "/language:python", "CodeQL")
    assert client.rest.code_scanning.get_analysis("acme", "shop", number).parsed_data == listed


def test_client__knows_the_limits(twin: GitHubTwin, client: Client) -> None:
    before = client.rest.rate_limit.get().parsed_data.resources.core
    client.rest.repos.get("acme", "shop")
    after = client.rest.rate_limit.get().parsed_data.resources.core

    assert (before.limit, before.remaining - after.remaining) == (5000, 1)
    twin.fault("secondary-limit", retry_after=30)
    with pytest.raises(SecondaryRateLimitExceeded) as secondary:
        client.rest.repos.get("acme", "shop")
    assert secondary.value.retry_after.total_seconds() == 30
    twin.switch(primary_per_hour=0)
    with pytest.raises(PrimaryRateLimitExceeded):
        client.rest.repos.get("acme", "shop")
    twin.switch(primary_per_hour=5000)


def test_client__knows_the_errors(client: Client) -> None:
    with pytest.raises(RequestFailed) as missing:
        client.rest.repos.get("acme", "none")

    assert missing.value.response.status_code == 404
    assert missing.value.response.parsed_data.message == "Not Found"


def _any(client: object) -> Any:  # noqa: ANN401 - mypy takes the methods `list` of these for the type in annotations
    return client


def test_client__talks_about_a_pull_request(twin: GitHubTwin, client: Client) -> None:
    number = twin.pull("acme/shop", "fix")
    remark = {"path": "a.py", "line": 3, "body": "Here.", "diff_hunk": "@@ -1 +1 @@"}
    twin.review("acme/shop", number, "CHANGES_REQUESTED", author="ann", comments=[remark])
    issues, pulls = _any(client.rest.issues), _any(client.rest.pulls)

    first = issues.create_comment("acme", "shop", number, body="Running.").parsed_data
    issues.update_comment("acme", "shop", first.id, body="Fixed.")
    [comment] = issues.list_comments("acme", "shop", number).parsed_data
    [review] = pulls.list_reviews("acme", "shop", number).parsed_data
    [line] = pulls.list_review_comments("acme", "shop", number).parsed_data

    assert (comment.body, comment.user and comment.user.login) == ("Fixed.", "fixer")
    assert (review.state, review.user and review.user.login) == ("CHANGES_REQUESTED", "ann")
    assert (line.pull_request_review_id, line.path, line.line) == (review.id, "a.py", 3)
    assert client.rest.users.get_authenticated().parsed_data.login == "fixer"
    assert pulls.update("acme", "shop", number, state="closed").parsed_data.state == "closed"


def test_client__puts_labels_on_issues(twin: GitHubTwin, client: Client) -> None:
    issues = _any(client.rest.issues)
    issues.create_label("acme", "shop", name="a plan", color="ff0000", description="d")
    made = issues.create("acme", "shop", title="Plan", body="b", labels=["a plan"]).parsed_data
    issues.add_labels("acme", "shop", made.number, labels=["other"])
    issues.remove_label("acme", "shop", made.number, "a plan")
    issues.update("acme", "shop", made.number, title="A plan")

    assert issues.get("acme", "shop", made.number).parsed_data.title == "A plan"
    assert [one.number for one in issues.list_for_repo("acme", "shop").parsed_data] == [made.number]
    assert [one.name for one in issues.list_labels_on_issue("acme", "shop", made.number).parsed_data] == ["other"]
    assert {one.name for one in issues.list_labels_for_repo("acme", "shop").parsed_data} == {"a plan", "other"}
    assert issues.get_label("acme", "shop", "a plan").parsed_data.color == "ff0000"
    assert len(twin.said("acme/shop", made.number)) == 0


def test_client__reads_checks_and_what_is_required(twin: GitHubTwin, client: Client) -> None:
    twin.require("acme/shop", "main", protection=["build"], rules=["lint"])
    number = twin.pull("acme/shop", "fix")
    commit = client.rest.pulls.get("acme", "shop", number).parsed_data.head.sha
    note = {"path": "a.py", "line": 3, "message": "no"}
    run = twin.check("acme/shop", commit, "build", conclusion="failure", annotations=[note])["id"]
    repos, checks = _any(client.rest.repos), _any(client.rest.checks)

    repos.create_commit_status("acme", "shop", commit, state="success", context="ours")
    [status] = repos.list_commit_statuses_for_ref("acme", "shop", commit).parsed_data
    [build] = checks.list_for_ref("acme", "shop", commit).parsed_data.check_runs
    [annotation] = checks.list_annotations("acme", "shop", run).parsed_data
    required = repos.get_branch("acme", "shop", "main").parsed_data.protection.required_status_checks
    rules = repos.get_branch_rules("acme", "shop", "main").parsed_data
    [pull] = repos.list_pull_requests_associated_with_commit("acme", "shop", commit).parsed_data

    assert (status.context, build.conclusion, annotation.message) == ("ours", "failure", "no")
    assert required
    assert required.contexts == ["build"]
    assert [rule.type for rule in rules] == ["deletion", "required_status_checks"]
    assert pull.number == number


def test_client__is_an_app_with_a_library_of_its_own() -> None:
    """Signed, looked up and opened by githubkit, not by us."""
    now = str(int(time.time()))  # noqa: TID251 - what an App signs is by the machine's clock
    with github_twin("--seed", "7", "--start", now, "--speed", "1") as twin:
        twin.repository("acme/shop")
        app, installation = twin.app(), twin.install("acme")
        itself = AppAuthStrategy(str(app["id"]), app["private_key"])
        with GitHub(itself, base_url=twin.url, http_cache=False, auto_retry=False, trust_env=False) as client:
            found = client.rest.apps.get_repo_installation("acme", "shop").parsed_data
            with client.with_auth(client.auth.as_installation(found.id)) as inside:
                run = inside.rest.checks.create("acme", "shop", name="ours", head_sha="a" * 40, conclusion="success")
                inside.rest.checks.update("acme", "shop", run.parsed_data.id, conclusion="failure")
                [seen] = inside.rest.checks.list_for_ref("acme", "shop", "a" * 40).parsed_data.check_runs
            slug = client.rest.apps.get_authenticated().parsed_data

    assert found.id == installation
    assert (seen.conclusion, seen.app and seen.app.slug) == ("failure", "codeql-fixer")
    assert slug
    assert slug.slug == "codeql-fixer"
