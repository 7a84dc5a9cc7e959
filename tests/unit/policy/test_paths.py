"""Repository-relative paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeql_fixer.policy.paths import repository_relative


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("src/a.py", "src/a.py"),
        ("./src//a.py", "src/a.py"),
        ("src\\win\\a.py", "src/win/a.py"),
        ("src/../lib/a.py", "lib/a.py"),
        ("../a.py", ""),
        ("src/../../a.py", ""),
        ("..\\a.py", ""),
        ("/etc/passwd", ""),
        ("C:\\a.py", ""),
        ("", ""),
        (".", ""),
        ("..", ""),
        ("a\0b", ""),
        ("..a/b", "..a/b"),  # an odd name, but inside
    ],
)
def test_repository_relative__stays_inside(path: str, clean: str) -> None:
    assert repository_relative(path) == clean


@given(st.text(alphabet="a./\\:", max_size=20))
def test_repository_relative__never_leads_outside(path: str) -> None:
    clean = repository_relative(path)

    assert not clean.startswith("/")
    assert ".." not in clean.split("/")
