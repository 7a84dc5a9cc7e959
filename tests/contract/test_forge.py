"""What every forge does, and what the local one does besides: real git, real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codeql_fixer.adapters.forge.local import LocalForge
from codeql_fixer.adapters.forge.local_pulls import LocalPullRequests, Reviewer
from codeql_fixer.domain.cycle import PullRequestState
from codeql_fixer.domain.pull_request import CheckState, ReviewState
from codeql_fixer.errors import InputError, UpstreamError, UserError
from codeql_fixer.ports.forge import Proposal
from tests.remotes import git, refs

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPTS = Path(__file__).parents[2] / "scripts"
NAME = "acme/shop"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def forge(tmp_path: Path) -> LocalForge:
    """A forge with one repository of one file."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("one\ntwo\nthree\n")
    made = _forge(tmp_path)
    made.add_repository(NAME, source)
    return made


def _forge(tmp_path: Path) -> LocalForge:
    return LocalForge(tmp_path / "forge", environment=os.environ, now=lambda: AT)  # noqa: TID251 - tests


def _place(tmp_path: Path) -> Path:
    return tmp_path / "forge/acme/shop.git"


def _push(tmp_path: Path, branch: str, text: str = "changed\n", *, file: str = "a.txt", name: str = NAME) -> str:
    """Push a branch with one commit more than main; returns the commit."""
    clone = tmp_path / f"clone-{branch.replace('/', '-')}"
    subprocess.run(["git", "clone", "--quiet", _forge(tmp_path).clone_url(name), clone], check=True)
    git(clone, "checkout", "--quiet", "-B", branch)
    (clone / file).write_text(text)
    git(clone, "add", "--all")
    git(clone, "-c", "user.name=x", "-c", "user.email=x@example.invalid", "commit", "--quiet", "-m", branch)
    git(clone, "push", "--quiet", "origin", branch)
    return git(clone, "rev-parse", "HEAD")


def _proposal(head: str, base: str = "main", *, title: str = "Fix it", name: str = NAME) -> Proposal:
    return Proposal(repository=name, head=head, base=base, title=title, body="Why.")


def test_forge__tells_where_to_clone_from_and_what_to_change(forge: LocalForge, tmp_path: Path) -> None:
    assert forge.clone_url(NAME) == _place(tmp_path).as_uri()
    assert forge.default_branch(NAME) == "main"


def test_propose__opens_a_pull_request(forge: LocalForge, tmp_path: Path) -> None:
    tip = _push(tmp_path, "cqf/1")

    opened = forge.propose(_proposal("cqf/1"))

    assert (opened.number, opened.state, opened.head, opened.base) == (1, PullRequestState.OPEN, "cqf/1", "main")
    assert (opened.head_commit, opened.merge_commit, opened.merged_at) == (tip, "", None)
    assert (opened.title, opened.body, opened.created_at) == ("Fix it", "Why.", AT)
    assert forge.pull_request(NAME, 1) == opened
    assert git(_place(tmp_path), "rev-parse", "refs/pull/1/head") == tip


def test_propose__the_same_head_again_gives_the_one_that_is_there(forge: LocalForge, tmp_path: Path) -> None:
    _push(tmp_path, "cqf/1")
    opened = forge.propose(_proposal("cqf/1"))

    again = forge.propose(_proposal("cqf/1", title="Another title"))
    forge.close(NAME, 1)
    closed = forge.propose(_proposal("cqf/1"))

    assert again == opened
    assert (closed.number, closed.state) == (1, PullRequestState.CLOSED)
    assert len(list(forge.pull_requests(NAME))) == 1


def test_pull_requests__are_newest_first_and_chosen_by_their_branch(forge: LocalForge, tmp_path: Path) -> None:
    for head in ("cqf/1", "other", "cqf/2"):
        _push(tmp_path, head)
        forge.propose(_proposal(head))

    assert [pull.number for pull in forge.pull_requests(NAME)] == [3, 2, 1]
    assert [pull.head for pull in forge.pull_requests(NAME, head_prefix="cqf/")] == ["cqf/2", "cqf/1"]


def test_pull_request__follows_its_branch(forge: LocalForge, tmp_path: Path) -> None:
    _push(tmp_path, "cqf/1")
    forge.propose(_proposal("cqf/1"))
    clone = tmp_path / "clone-cqf-1"
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    git(clone, *identity, "commit", "--quiet", "--allow-empty", "-m", "more")
    git(clone, "push", "--quiet", "origin", "cqf/1")

    assert forge.pull_request(NAME, 1).head_commit == git(clone, "rev-parse", "HEAD")
    git(_place(tmp_path), "update-ref", "-d", "refs/heads/cqf/1")
    assert forge.pull_request(NAME, 1).state is PullRequestState.OPEN


@pytest.mark.parametrize(
    ("branches", "problem"),
    [
        (("gone", "main"), "no branch gone"),
        (("cqf", "main"), "no branch cqf"),  # a folder of branches, not a branch
        (("--help", "main"), "no branch --help"),
        (("cqf/1", "nowhere"), "no branch nowhere"),
        (("main", "main"), "adds nothing"),
    ],
)
def test_propose__of_what_cannot_be_proposed_is_refused(
    forge: LocalForge, tmp_path: Path, *, branches: tuple[str, str], problem: str
) -> None:
    _push(tmp_path, "cqf/1")

    with pytest.raises(UserError, match=problem):
        forge.propose(_proposal(*branches))

    assert list(forge.pull_requests(NAME)) == []


@pytest.mark.parametrize(
    "name",
    [
        *("", "shop", "acme/", "/shop", "acme/shop/more", "../shop", "acme/..", "acme/."),
        *("a b/c", "acme/shop\n", "acme/\x00", "-/;id"),
    ],
)
def test_forge__refuses_names_that_are_none(forge: LocalForge, tmp_path: Path, name: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: forge.clone_url(name),
        lambda: forge.propose(_proposal("cqf/1", name=name)),
        lambda: forge.pull_request(name, 1),
        lambda: list(forge.pull_requests(name)),
        lambda: forge.add_repository(name, tmp_path / "source"),
    ]
    for call in calls:
        with pytest.raises(UserError, match="is no owner/name"):
            call()


def test_forge__knows_what_is_not_there(forge: LocalForge) -> None:
    with pytest.raises(UserError, match="no repository acme/other"):
        forge.clone_url("acme/other")
    with pytest.raises(UserError, match="no pull request 7"):
        forge.pull_request(NAME, 7)


def test_forge__takes_all_spellings_of_a_name_for_one_repository(forge: LocalForge) -> None:
    assert forge.clone_url("Acme/SHOP") == forge.clone_url(NAME)


def test_merge__makes_a_merge_commit_without_a_work_tree(forge: LocalForge, tmp_path: Path) -> None:
    head = _push(tmp_path, "cqf/1", "one\ntwo\nthree, changed\n")
    base = _push(tmp_path, "main", "other\n", file="b.txt")
    forge.propose(_proposal("cqf/1"))

    merged = forge.merge(NAME, 1)

    place = _place(tmp_path)
    assert (merged.state, merged.merged_at) == (PullRequestState.MERGED, AT)
    assert git(place, "rev-parse", "main") == merged.merge_commit
    assert git(place, "rev-list", "--parents", "-1", "main").split()[1:] == [base, head]
    assert git(place, "show", "main:a.txt").endswith("changed")
    assert git(place, "show", "main:b.txt") == "other"
    assert forge.merge(NAME, 1) == merged == forge.pull_request(NAME, 1)


def test_merge__of_branches_in_conflict_names_the_files(forge: LocalForge, tmp_path: Path) -> None:
    _push(tmp_path, "cqf/1", "mine\n")
    tip = _push(tmp_path, "main", "theirs\n")
    forge.propose(_proposal("cqf/1"))

    with pytest.raises(UserError, match=r"cqf/1 is in conflict with main: a\.txt"):
        forge.merge(NAME, 1)

    assert forge.pull_request(NAME, 1).state is PullRequestState.OPEN
    assert git(_place(tmp_path), "rev-parse", "main") == tip


def test_merge__that_git_knows_of_and_the_record_does_not(forge: LocalForge, tmp_path: Path) -> None:
    """A process killed between the two, or a person who merged and pushed."""
    _push(tmp_path, "cqf/1")
    forge.propose(_proposal("cqf/1"))
    place = _place(tmp_path)
    record = (place / "codeql-fixer-pulls/1.json").read_bytes()
    merged = forge.merge(NAME, 1)
    (place / "codeql-fixer-pulls/1.json").write_bytes(record)

    assert forge.pull_request(NAME, 1) == merged
    assert forge.merge(NAME, 1) == merged
    assert git(place, "rev-parse", "main") == merged.merge_commit


def test_merge__by_moving_the_branch_forward_is_told(forge: LocalForge, tmp_path: Path) -> None:
    tip = _push(tmp_path, "cqf/1")
    forge.propose(_proposal("cqf/1"))
    git(_place(tmp_path), "update-ref", "refs/heads/main", tip)

    merged = forge.pull_request(NAME, 1)

    assert (merged.state, merged.merge_commit) == (PullRequestState.MERGED, tip)
    assert merged.merged_at is not None


def test_close__ends_what_is_open_only(forge: LocalForge, tmp_path: Path) -> None:
    for head in ("cqf/1", "cqf/2"):
        _push(tmp_path, head, head, file=head[-1])
        forge.propose(_proposal(head))
    forge.merge(NAME, 2)

    assert forge.close(NAME, 1).state is PullRequestState.CLOSED
    assert forge.close(NAME, 1).state is PullRequestState.CLOSED
    with pytest.raises(UserError, match="is closed"):
        forge.merge(NAME, 1)
    with pytest.raises(UserError, match="is merged"):
        forge.close(NAME, 2)


# --- faults


def test_propose__killed_before_the_record_gives_the_number_again(forge: LocalForge, tmp_path: Path) -> None:
    tip = _push(tmp_path, "cqf/1")
    git(_place(tmp_path), "update-ref", "refs/pull/1/head", git(_place(tmp_path), "rev-parse", "main"))
    (_place(tmp_path) / "codeql-fixer-pulls").mkdir()
    (_place(tmp_path) / "codeql-fixer-pulls/1.new").write_text('{"number": 1, "he')

    opened = forge.propose(_proposal("cqf/1"))

    assert opened.number == 1
    assert git(_place(tmp_path), "rev-parse", "refs/pull/1/head") == tip


def test_record__that_cannot_be_read_is_named(forge: LocalForge, tmp_path: Path) -> None:
    _push(tmp_path, "cqf/1")
    forge.propose(_proposal("cqf/1"))
    (_place(tmp_path) / "codeql-fixer-pulls/1.json").write_text("{")

    with pytest.raises(InputError, match=r"1\.json: is no record"):
        forge.pull_request(NAME, 1)


_PROPOSE = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from codeql_fixer.adapters.forge.local import LocalForge
from codeql_fixer.ports.forge import Proposal
forge = LocalForge(Path(sys.argv[1]), environment=os.environ, now=lambda: datetime.now(UTC))
for head in sys.argv[2:]:
    print(forge.propose(Proposal(repository="acme/shop", head=head, base="main", title="t", body="")).number)
"""


def test_propose__by_several_processes_at_once_makes_one_each(forge: LocalForge, tmp_path: Path) -> None:
    heads = [f"cqf/{number}" for number in range(4)]
    for head in heads:
        _push(tmp_path, head, head, file=head[-1])

    def run(order: list[str]) -> set[int]:
        command = [sys.executable, "-c", _PROPOSE, str(tmp_path / "forge"), *order]
        path = {**os.environ, "PYTHONPATH": str(SCRIPTS)}  # noqa: TID251 - tests
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=path)
        return {int(line) for line in done.stdout.split()}

    with ThreadPoolExecutor() as pool:
        numbers = list(pool.map(run, [heads, heads[::-1], heads[2:] + heads[:2]]))

    assert numbers == [{1, 2, 3, 4}] * 3
    assert sorted(pull.head for pull in forge.pull_requests(NAME)) == heads


def test_add_repository__takes_what_belongs_to_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for file in ("kept.py", "__pycache__/kept.pyc", ".pytest_cache/x", "ignored.log", ".github/w.yml", ".git/config"):
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_text("x")
    (source / ".gitignore").write_text("*.log\n")

    _forge(tmp_path).add_repository("Acme/Shop", source, branch="trunk")

    place = _place(tmp_path)
    assert git(place, "ls-tree", "-r", "--name-only", "trunk").split() == [".github/w.yml", ".gitignore", "kept.py"]
    assert refs(place) == ["refs/heads/trunk"]
    assert _forge(tmp_path).default_branch(NAME) == "trunk"
    assert [path.name for path in place.parent.iterdir()] == ["shop.git"]


def test_add_repository__never_replaces_one(forge: LocalForge, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is there already"):
        forge.add_repository("ACME/shop", tmp_path / "source")
    with pytest.raises(UserError, match="is not a directory"):
        forge.add_repository("acme/other", tmp_path / "nowhere")
    assert not (tmp_path / "forge/acme/other.git").exists()


def test_forge__runs_no_hook(forge: LocalForge, tmp_path: Path) -> None:
    _push(tmp_path, "cqf/1")
    hooks = _place(tmp_path) / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    (hooks / "reference-transaction").chmod(0o755)

    forge.propose(_proposal("cqf/1"))
    forge.merge(NAME, 1)

    assert not (tmp_path / "hook-ran").exists()


def test_forge__without_git_says_so(forge: LocalForge, tmp_path: Path) -> None:
    bare_of_tools = LocalForge(tmp_path / "forge", environment={"PATH": str(tmp_path)}, now=lambda: AT)

    with pytest.raises(UserError, match="git cannot be started"):
        bare_of_tools.default_branch(NAME)
    (_place(tmp_path) / "HEAD").write_text("nonsense")
    with pytest.raises(UpstreamError, match="git symbolic-ref failed"):
        forge.default_branch(NAME)


@pytest.fixture
def pulls(forge: LocalForge, tmp_path: Path) -> LocalPullRequests:
    """What is said at pull request 1, which is open."""
    _push(tmp_path, "cqf/1")
    forge.propose(_proposal("cqf/1"))
    return LocalPullRequests(forge, now=lambda: AT)


def test_review__of_a_stranger_decides_nothing(pulls: LocalPullRequests, forge: LocalForge) -> None:
    pulls.add_review(NAME, 1, state=ReviewState.APPROVED, body="", by=Reviewer("mallory", is_stranger=True))
    pulls.add_review(NAME, 1, state=ReviewState.APPROVED, body="")

    assert [(one.id, one.author, one.may_decide) for one in pulls.reviews(NAME, 1)] == [
        ("1", "mallory", False),
        ("2", "reviewer", True),
    ]
    forge.close(NAME, 1)
    with pytest.raises(UserError, match="is closed"):
        pulls.add_review(NAME, 1, state=ReviewState.APPROVED, body="")


def test_checks__of_a_name_are_replaced(pulls: LocalPullRequests, forge: LocalForge) -> None:
    commit = forge.pull_request(NAME, 1).head_commit
    pulls.add_check(NAME, 1, name="tests", state=CheckState.FAILED, log="1 failed")
    pulls.add_check(NAME, 1, name="lint", state=CheckState.PASSED, log="fine", is_required=False)
    pulls.add_check(NAME, 1, name="tests", state=CheckState.PASSED)

    assert [(one.name, one.is_required, one.log) for one in pulls.checks(NAME, commit)] == [
        ("lint", False, ""),
        ("tests", None, ""),
    ]
    assert pulls.checks(NAME, "0" * 40) == []


def test_is_mergeable__once_it_is_merged(pulls: LocalPullRequests, forge: LocalForge) -> None:
    forge.merge(NAME, 1)

    assert pulls.is_mergeable(NAME, 1)


def test_diff__of_one_that_somebody_pushed_to_its_base(pulls: LocalPullRequests, tmp_path: Path) -> None:
    git(_place(tmp_path), "update-ref", "refs/heads/main", "refs/heads/cqf/1")

    assert "\n+changed\n" in pulls.diff(NAME, 1)


def test_comment__the_same_words_again_are_no_event(pulls: LocalPullRequests, forge: LocalForge) -> None:
    late = AT + timedelta(hours=1)
    later = LocalPullRequests(forge, now=lambda: late)
    pulls.comment(NAME, 1, marker="m", body="Words.")

    assert later.comment(NAME, 1, marker="m", body="Words.").endswith("/acme/shop/pull/1#m")
    assert forge.pull_request(NAME, 1).updated_at == AT
    later.comment(NAME, 1, marker="m", body="Others.")
    assert forge.pull_request(NAME, 1).updated_at == late


def test_issue__shares_the_numbers_of_pull_requests(
    pulls: LocalPullRequests, forge: LocalForge, tmp_path: Path
) -> None:
    address = pulls.open_issue(NAME, marker="m", title="One", body="b")
    _push(tmp_path, "cqf/2")

    assert address.endswith("/acme/shop/issues/2")
    assert pulls.comment(NAME, 2, marker="m", body="Words.").endswith("/acme/shop/issues/2#m")
    assert forge.propose(_proposal("cqf/2")).number == 3
    with pytest.raises(UserError, match="no issue 3"):
        pulls.close_issue(NAME, 3)


_OLD_TALK = """{"at": "2026-03-01T12:00:00Z", "labels": ["a"], "comments": {"proof": "Fixed.", "m": "Words."},
"reviews": [{"id": "1", "author": "sam", "state": "commented", "at": "2026-03-01T12:00:00Z"}]}"""
_OLD_CHECKS = """{"checks": {"tests": {"id": "x", "name": "tests", "state": "failed", "log": "no"}},
"ours": {"proof": {"id": "ours-proof", "name": "proof", "state": "failed", "log": "no"}}}"""
_OLD_ISSUE = '{"number": 1, "marker": "plan", "title": "A plan", "body": "Do it.", "labels": ["a"]}'


def test_talk__of_an_older_version_is_read_and_goes_on(
    pulls: LocalPullRequests, forge: LocalForge, tmp_path: Path
) -> None:
    commit = forge.pull_request(NAME, 1).head_commit
    folder = _place(tmp_path) / "codeql-fixer-talk"
    folder.mkdir()
    (folder / "pull-1.json").write_text(_OLD_TALK)
    (folder / "issue-1.json").write_text(_OLD_ISSUE)  # its number was its own then
    (folder / f"checks-{commit}.json").write_text(_OLD_CHECKS)

    pulls.comment(NAME, 1, marker="proof", body="Not fixed.")
    address = pulls.open_issue(NAME, marker="plan", title="A better plan", body="Do that.", labels=["b"])

    talk = forge.talk_of(NAME).talk(1)
    assert [(one.marker, one.body.rpartition("\n")[2]) for one in talk.said] == [
        ("proof", "Not fixed."),
        ("m", "Words."),
    ]
    assert (talk.comments, talk.labels, [one.may_decide for one in pulls.reviews(NAME, 1)]) == ({}, ("a",), [True])
    assert [(one.name, one.log) for one in pulls.checks(NAME, commit)] == [("tests", "no")]
    assert address.endswith("/issues/1")
    assert [(one.title, one.labels) for one in forge.talk_of(NAME).issues()] == [("A better plan", ("a", "b"))]


def test_talk__one_that_cannot_be_read_is_told(pulls: LocalPullRequests, tmp_path: Path) -> None:
    pulls.comment(NAME, 1, marker="m", body="b")
    (_place(tmp_path) / "codeql-fixer-talk/pull-1.json").write_text("{")

    with pytest.raises(InputError, match="no record of what was said"):
        pulls.reviews(NAME, 1)
