"""Issues that are near each other."""

from __future__ import annotations

import posixpath
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.clusters import clusters_of

FILES = st.lists(st.sampled_from(["a.py", "b.py", "web/a.py", "web/b.py", "web/c.py", "web/api/a.py"]), max_size=40)


@pytest.mark.parametrize(
    ("files", "size", "clusters"),
    [
        ([], 3, []),
        (["w/a", "x/a", "w/b", "w/a"], 3, [["w/a", "w/a", "w/b"], ["x/a"]]),
        (["w/a", "w/a", "w/b", "w/b", "w/c"], 3, [["w/a", "w/a"], ["w/b", "w/b", "w/c"]]),  # files stay whole
        (["w/a"] * 5 + ["w/b"], 3, [["w/a"] * 3, ["w/a", "w/a", "w/b"]]),
        (["a", "b", "w/a"], 9, [["a", "b"], ["w/a"]]),
    ],
)
def test_clusters_of(files: list[str], size: int, clusters: list[list[str]]) -> None:
    assert clusters_of(files, lambda file: file, max_size=size) == clusters


@given(FILES, st.integers(1, 6))
def test_clusters_of__laws(files: list[str], size: int) -> None:
    found = clusters_of(enumerate(files), lambda item: item[1], max_size=size)

    assert sorted(item for cluster in found for item in cluster) == list(enumerate(files))
    assert all(0 < len(cluster) <= size for cluster in found)
    assert all(len({posixpath.dirname(file) for _, file in cluster}) == 1 for cluster in found)
    for file, count in Counter(files).items():
        holders = [cluster for cluster in found if any(name == file for _, name in cluster)]
        assert len(holders) == 1 or count > size
        order = [place for cluster in holders for place, name in cluster if name == file]
        assert order == sorted(order)
