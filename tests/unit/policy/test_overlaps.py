"""Sessions keep out of each other's way."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.overlaps import WorkInProgress

BUSY = {"ACME/Shop": ["src/cart.py", ""]}


@pytest.mark.parametrize(
    ("repository", "files", "limit", "problem"),
    [
        ("acme/shop", ["src/cart.py"], None, "a session is at work on src/cart.py"),
        ("acme/shop", ["a.py", "src/cart.py"], 9, "a session is at work on src/cart.py"),
        ("acme/shop", ["a.py"], None, ""),
        ("acme/shop", [""], None, ""),  # nobody knows where: no reason to wait
        ("acme/other", ["src/cart.py"], 1, ""),
        ("Acme/Shop", ["a.py"], 2, "2 pull requests of the repository are the limit, and are open or on the way"),
        ("acme/shop", ["a.py"], 3, ""),
    ],
)
def test_problem(repository: str, files: list[str], limit: int | None, *, problem: str) -> None:
    assert WorkInProgress(BUSY, {"acme/shop": 1, "Acme/Shop": 1}).problem(repository, files, limit) == problem


def test_is_busy__no_file_is_never_busy() -> None:
    progress = WorkInProgress(BUSY, {})

    assert progress.is_busy("acme/shop", "src/cart.py")
    assert not progress.is_busy("acme/shop", "")


WORK = st.lists(st.tuples(st.sampled_from(["a/a", "A/A", "b/b"]), st.sets(st.sampled_from("123456"), min_size=1)))


@given(WORK, st.integers(0, 3))
def test_take__no_file_twice_and_no_more_pull_requests_than_allowed(
    work: list[tuple[str, set[str]]], limit: int
) -> None:
    progress = WorkInProgress({"a/a": ["1"]}, {"b/b": 1})
    files, sessions = Counter({("a/a", "1"): 1}), Counter({"b/b": 1})
    for repository, names in work:
        if not progress.problem(repository, names, limit):
            progress.take(repository, names)
            files.update((repository.lower(), name) for name in names)
            sessions[repository.lower()] += 1

    assert max(files.values()) == 1
    assert max(sessions.values()) <= max(limit, 1)
    assert all(progress.is_busy(repository, name) for repository, name in files)
