"""A client that is not ours, with types made from GitHub's description, is at home with the twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from githubkit import GitHub, TokenAuthStrategy
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
