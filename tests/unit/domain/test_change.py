"""Paths of changed files."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.change import FileChange, FileStatus


@pytest.mark.parametrize(
    ("file", "path"),
    [
        (FileChange(old_path="a.py", new_path="a.py", status=FileStatus.MODIFIED), "a.py"),
        (FileChange(old_path="", new_path="b.py", status=FileStatus.ADDED), "b.py"),
        (FileChange(old_path="c.py", new_path="", status=FileStatus.DELETED), "c.py"),
        (FileChange(old_path="d.py", new_path="e.py", status=FileStatus.RENAMED), "e.py"),
    ],
)
def test_path__is_the_present_one_where_there_is_one(file: FileChange, path: str) -> None:
    assert file.path == path
