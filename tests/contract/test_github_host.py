"""GitHub as the host of a fleet, against its twin: what the orchestrator is told, and how many calls that costs."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.github.factory import github_host
from codeql_fixer.adapters.github.limits import CallLimits
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.errors import RateLimitedError, UserError
from codeql_fixer.ports.hosting import HostedRepository, Workflow
from tests.github_twin import github_twin
from tests.unit.transport.fake_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from codeql_fixer.adapters.github.host import GitHubHost
    from codeql_fixer.ports.hosting import Hosting
    from tests.github_twin import GitHubTwin

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

NAME = "acme/shop"
AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SCAN = Workflow(repository=NAME, file="scan.yml", ref="main")
SARIF = {"version": "2.1.0", "runs": [{"results": [{}, {}]}]}


@pytest.fixture(scope="module")
def running() -> Iterator[GitHubTwin]:
    with github_twin("--seed", "7") as twin:
        yield twin


@pytest.fixture
def twin(running: GitHubTwin) -> GitHubTwin:
    """A twin with one repository."""
    running.reset()
    running.repository(NAME)
    return running


@pytest.fixture
def host(twin: GitHubTwin) -> GitHubHost:
    """A host that keeps no answers and sleeps in no time."""
    return github_host(twin.token, base_url=twin.url, timing=FakeTime().timing())


def _calls(twin: GitHubTwin) -> int:
    return sum(twin.stats()["requests"].values())


def test_host__is_what_the_port_asks_for(host: GitHubHost) -> None:
    asked: Hosting = host

    assert asked.repository(NAME).name == NAME


# --- repositories


def test_repository__is_told_under_its_own_name(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.repository("acme/fork", fork_of=NAME, is_archived=True, default_branch="trunk")

    assert host.repository("ACME/Shop") == HostedRepository(name=NAME, default_branch="main")
    assert host.repository("acme/fork") == HostedRepository(
        name="acme/fork", default_branch="trunk", is_fork=True, parent=NAME, is_archived=True
    )


def test_repository__is_found_under_its_old_name(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.commits(NAME, 3)
    twin.admin("POST", f"repos/{NAME}/rename", {"to": "acme/store"})

    assert host.repository(NAME).name == "acme/store"
    assert host.commits_since(NAME, AGES_AGO, "main") == 4  # the query is led on, too
    twin.repository(NAME)
    assert host.repository(NAME).name == NAME


@pytest.mark.parametrize("name", ["acme/none", "nobody/none"])
def test_repository__that_is_not_there(host: GitHubHost, name: str) -> None:
    with pytest.raises(UserError, match=f"repository {name}: GitHub has none, or the token may not see it"):
        host.repository(name)


@pytest.mark.parametrize("name", ["shop", "acme/../x", "acme/shop/pulls", "acme/shop?x", ""])
def test_repository__whose_name_is_none_is_not_asked_for(twin: GitHubTwin, host: GitHubHost, name: str) -> None:
    with pytest.raises(UserError, match="is no owner/name"):
        host.repository(name)

    assert _calls(twin) == 0


@pytest.mark.parametrize("kind", ["Organization", "User"])
def test_repositories__of_an_owner_on_any_number_of_pages(twin: GitHubTwin, host: GitHubHost, kind: str) -> None:
    for number in range(230):
        twin.repository(f"many/r{number}", owner_kind=kind)

    names = [one.name for one in host.repositories("Many")]

    assert names == [f"many/r{number}" for number in range(230)]
    assert _calls(twin) == (3 if kind == "Organization" else 4)


def test_repositories__of_nobody(host: GitHubHost) -> None:
    with pytest.raises(UserError, match="owner nobody: GitHub has none"):
        list(host.repositories("nobody"))


# --- commits


@pytest.mark.parametrize(("hours", "count"), [(0.0, 1), (1.0, 61), (100.0, 250)])
def test_commits__are_counted_by_one_call(twin: GitHubTwin, host: GitHubHost, *, hours: float, count: int) -> None:
    now = twin.now()
    twin.commits(NAME, 250, branch="trunk", every_seconds=60, at=now.timestamp())

    assert host.commits_since(NAME, now - timedelta(hours=hours), "trunk") == count
    assert _calls(twin) == 1


def test_commits__there_are_none(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.repository("acme/empty", has_commits=False)

    assert host.commits_since(NAME, twin.now() + timedelta(seconds=1), "main") == 0
    assert host.commits_since(NAME, AGES_AGO, "") == host.commits_since(NAME, AGES_AGO, "main") > 0
    assert host.commits_since("acme/empty", AGES_AGO, "main") == 0
    with pytest.raises(UserError, match="branch nowhere of acme/shop"):
        host.commits_since(NAME, AGES_AGO, "nowhere")


# --- workflows


def test_trigger__starts_one_run_and_tells_its_page(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.workflow(NAME, "scan.yml", inputs={"target_repo": True, "mode": False})

    page = host.trigger(SCAN, {"target_repo": "acme/bank", "mode": "orchestrator"})

    [run] = twin.runs()
    assert (run["workflow"], run["ref"], run["url"]) == ("scan.yml", "main", page)
    assert run["inputs"] == {"target_repo": "acme/bank", "mode": "orchestrator"}


def test_trigger__on_a_server_that_tells_no_page(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.workflow(NAME, "scan.yml")
    twin.switch(run_details=False)

    assert host.trigger(SCAN, {}) == ""

    twin.switch(run_details=True)
    assert len(twin.runs()) == 1


def test_trigger__on_a_server_that_does_not_know_the_question(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.workflow(NAME, "scan.yml")
    words = 'Invalid request.\n\n"return_run_details" is not a permitted key.'
    twin.fault("422", match={"method": "POST"}, detail=words)

    assert host.trigger(SCAN, {}) == ""

    assert len(twin.runs()) == 1


def test_trigger__in_a_repository_that_was_renamed(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.workflow(NAME, "scan.yml")
    twin.admin("POST", f"repos/{NAME}/rename", {"to": "acme/store"})

    assert host.trigger(SCAN, {}).startswith("https://github.com/acme/store/actions/runs/")

    assert len(twin.runs()) == 1


@pytest.mark.parametrize(
    ("settings", "inputs", "problem"),
    [
        (None, {}, "workflow scan.yml of acme/shop: GitHub has none"),
        ({"has_dispatch": False}, {}, "does not have 'workflow_dispatch' trigger"),
        ({"is_active": False}, {}, "disabled workflow"),
        ({"inputs": {"target_repo": True}}, {}, "'target_repo' not provided"),
        ({}, {"mode": "x"}, "Unexpected inputs"),
        ({}, {f"i{number}": "" for number in range(26)}, "up to 25"),
    ],
)
def test_trigger__is_refused_with_a_reason(
    twin: GitHubTwin,
    host: GitHubHost,
    *,
    settings: dict[str, object] | None,
    inputs: dict[str, str],
    problem: str,
) -> None:
    if settings is not None:
        twin.workflow(NAME, "scan.yml", **settings)

    with pytest.raises(UserError, match=problem):
        host.trigger(SCAN, inputs)

    assert twin.runs() == []


def test_trigger__with_a_token_that_may_not(twin: GitHubTwin) -> None:
    twin.workflow(NAME, "scan.yml")

    with pytest.raises(UserError, match=r"the token needs scope repo, or the permission Actions: write"):
        github_host(twin.read_token, base_url=twin.url).trigger(SCAN, {})

    assert twin.runs() == []


def test_runs__by_the_clock(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.workflow(NAME, "scan.yml", run_seconds=600, conclusion="failure")
    first = host.trigger(SCAN, {})
    twin.advance(1000)
    host.trigger(SCAN, {})

    runs = list(host.runs(SCAN, since=AGES_AGO))

    assert [(run.is_completed, run.conclusion) for run in runs] == [(False, ""), (True, "failure")]
    assert runs[-1].url == first
    assert list(host.runs(SCAN, since=twin.now())) == runs[:1]


# --- pull requests


def test_pull_requests__in_all_their_states(twin: GitHubTwin, host: GitHubHost) -> None:
    numbers = [twin.pull(NAME, f"devin/{number}", body="Fixes-Finding: x") for number in range(4)]
    twin.pull(NAME, "other/branch")
    for number, action in zip(numbers, ("edit", "draft", "merge", "close"), strict=True):
        twin.advance(10)
        twin.change_pull(NAME, number, action)

    pulls = list(host.pull_requests(NAME, head_prefix="devin/", since=AGES_AGO))

    assert [pull.number for pull in pulls] == list(reversed(numbers))
    assert [(pull.state, pull.is_draft) for pull in reversed(pulls)] == [
        (PullRequestState.OPEN, False),
        (PullRequestState.OPEN, True),
        (PullRequestState.MERGED, False),
        (PullRequestState.CLOSED, False),
    ]
    assert [bool(pull.merge_commit) for pull in reversed(pulls)] == [False, False, True, False]
    assert [pull.merged_at for pull in pulls if pull.merged_at] == [twin.now() - timedelta(seconds=10)]
    assert {pull.body for pull in pulls} == {"Fixes-Finding: x"}
    assert [host.pull_request(NAME, number) for number in reversed(numbers)] == pulls


def test_pull_requests__that_did_not_change_are_not_read(twin: GitHubTwin, host: GitHubHost) -> None:
    for number in range(230):
        twin.pull(NAME, f"devin/{number}")
    twin.advance(100)
    twin.change_pull(NAME, 17, "push")
    before = _calls(twin)

    pulls = list(host.pull_requests(NAME, head_prefix="", since=twin.now()))

    assert [pull.number for pull in pulls] == [17]
    assert _calls(twin) == before + 1
    assert len(list(host.pull_requests(NAME, head_prefix="devin/1", since=AGES_AGO))) == 111


def test_pull_request__of_a_stranger_is_known_by_its_repository(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.pull(NAME, "devin/1", author="devin-ai[bot]")
    twin.pull(NAME, "devin/1", author="mallory", head_owner="mallory")

    mallorys, devins = host.pull_requests(NAME, head_prefix="devin/", since=AGES_AGO)

    assert (devins.author, devins.head_repository) == ("devin-ai[bot]", NAME)
    assert (mallorys.author, mallorys.head_repository) == ("mallory", "mallory/shop")


def test_pull_request__that_is_not_there(host: GitHubHost) -> None:
    with pytest.raises(UserError, match="pull request 9 of acme/shop: GitHub has none"):
        host.pull_request(NAME, 9)


# --- code scanning


def test_analyses__the_newest_of_each_tool_and_category(twin: GitHubTwin, host: GitHubHost) -> None:
    twin.analysis(NAME, SARIF, category="/language:python")
    twin.advance(10)
    python = twin.analysis(NAME, SARIF, category="/language:python", commit="c" * 40)
    javascript = twin.analysis(NAME, SARIF, category="/language:javascript", error="too large")
    semgrep = twin.analysis(NAME, SARIF, tool="semgrep")
    twin.analysis(NAME, SARIF, category="/language:python", ref="refs/pull/3/merge")

    found = {one.id: one for one in host.newest_analyses(NAME, "main")}

    assert set(found) == {python, javascript, semgrep}
    assert (found[python].commit, found[python].results, found[python].error) == ("c" * 40, 2, "")
    assert (found[python].created_at, found[javascript].error) == (twin.now(), "too large")
    assert (found[semgrep].tool, found[semgrep].category) == ("semgrep", "")
    assert host.newest_analyses(NAME, "refs/heads/main") == list(found.values())


def test_analyses__there_are_none(twin: GitHubTwin, host: GitHubHost) -> None:
    assert host.newest_analyses(NAME, "main") == []

    twin.repository(NAME, has_code_scanning=False)
    with pytest.raises(UserError, match="code scanning of acme/shop: GitHub refuses: Code scanning is not enabled"):
        host.newest_analyses(NAME, "main")


@pytest.mark.parametrize("sarif", ['{"runs": [\n ]} ', "no SARIF \x00 at all"])
def test_sarif__comes_byte_by_byte(twin: GitHubTwin, host: GitHubHost, sarif: str) -> None:
    number = twin.analysis(NAME, sarif)

    assert host.sarif(NAME, number) == sarif.encode()
    with pytest.raises(UserError, match="analysis 1 of"):
        host.sarif(NAME, 1)


# --- what it costs


def test_answers__that_hold_cost_nothing(twin: GitHubTwin, tmp_path: Path) -> None:
    for number in range(130):
        twin.pull(NAME, f"devin/{number}")
    seen = []
    for _ in range(3):
        host = github_host(twin.token, base_url=twin.url, state=tmp_path)
        pulls = list(host.pull_requests(NAME, head_prefix="", since=AGES_AGO))
        seen.append((len(pulls), host.repository(NAME), host.calls_left, twin.stats()["rate"]["used"]))
    twin.advance(10)
    twin.change_pull(NAME, 1, "merge")

    assert [cost for _, _, cost, _ in seen] == [3997, 4000, 4000]
    assert [used for _, _, _, used in seen] == [3, 3, 3]
    assert {(count, repository.name) for count, repository, _, _ in seen} == {(130, NAME)}
    [first, *_] = host.pull_requests(NAME, head_prefix="", since=AGES_AGO)
    assert (first.number, first.state) == (1, PullRequestState.MERGED)


def test_answers__of_one_page_hold_too(twin: GitHubTwin, tmp_path: Path) -> None:
    """Such an answer leads to no other page."""
    number = twin.analysis(NAME, SARIF)

    for _ in range(2):
        host = github_host(twin.token, base_url=twin.url, state=tmp_path)
        assert [analysis.id for analysis in host.newest_analyses(NAME, "main")] == [number]


def test_answers__are_not_for_other_tokens(twin: GitHubTwin, tmp_path: Path) -> None:
    github_host(twin.token, base_url=twin.url, state=tmp_path).repository(NAME)

    github_host(twin.read_token, base_url=twin.url, state=tmp_path).repository(NAME)

    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert twin.ask("GET", "/rate_limit", headers={"Authorization": f"token {twin.read_token}"}).json["rate"]["used"]
    assert twin.token.encode() not in files


def test_answers__that_cannot_be_kept_are_fetched(twin: GitHubTwin, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    host = github_host(twin.token, base_url=twin.url, state=tmp_path / "file/state")

    assert host.repository(NAME) == host.repository(NAME)


def test_calls__of_a_run_are_bounded(twin: GitHubTwin) -> None:
    host = github_host(twin.token, base_url=twin.url, limits=CallLimits(calls=2))
    host.repository(NAME)
    host.repository(NAME)

    with pytest.raises(RateLimitedError, match="2 calls of GitHub's API that it may"):
        host.repository(NAME)
    assert (host.calls_left, _calls(twin)) == (0, 2)


def test_host__serves_eight_threads(twin: GitHubTwin, tmp_path: Path) -> None:
    names = [f"acme/r{number}" for number in range(40)]
    for number, name in enumerate(names):
        twin.repository(name)
        twin.workflow(name, "scan.yml")
        twin.commits(name, number + 1)
    time = FakeTime()
    host = github_host(twin.token, base_url=twin.url, state=tmp_path, timing=time.timing())

    def visit(name: str) -> tuple[str, int, str]:
        page = host.trigger(Workflow(repository=name, file="scan.yml", ref="main"), {})
        return host.repository(name).name, host.commits_since(name, AGES_AGO, "main"), page

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(visit, names))

    assert [name for name, _, _ in seen] == names
    assert [count for _, count, _ in seen] == [number + 2 for number in range(40)]
    assert {page for _, _, page in seen} == {run["url"] for run in twin.runs()}
    assert len(twin.runs()) == 40
    assert time.slept == [1.0] * 39  # between two writes


def test_host__imports_the_library_only_when_it_asks() -> None:
    code = (
        "import sys\nfrom codeql_fixer.adapters.github.factory import github_host\n"
        "github_host('x')\nassert 'github' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "scripts"}, check=True)


def test_analyses__a_list_of_one_page_is_read_again_from_what_is_kept(twin: GitHubTwin, tmp_path: Path) -> None:
    twin.analysis(NAME, sarif=SARIF)
    host = github_host(twin.token, base_url=twin.url, state=tmp_path, timing=FakeTime().timing())

    first, second = (host.newest_analyses(NAME, "refs/heads/main") for _ in range(2))

    assert len(first) == 1
    assert second == first
