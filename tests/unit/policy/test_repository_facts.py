"""What file names tell about a repository."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.brief import RepositoryFacts
from codeql_fixer.policy.repository_facts import TestIndex, repository_facts


@pytest.mark.parametrize(
    ("files", "facts"),
    [
        ([], RepositoryFacts()),
        (
            ["pyproject.toml", "uv.lock", "src/a.py", "src/b.py", "ui/c.ts", "ruff.toml", "README"],
            RepositoryFacts(
                languages=("python", "typescript"),
                package_managers=("uv",),
                test_commands=("uv run pytest",),
                style_files=("ruff.toml",),
            ),
        ),
        (
            ["api/pom.xml", "ui/package.json", "ui/pnpm-lock.yaml", "ui/.eslintrc.json"],
            RepositoryFacts(package_managers=("pnpm", "maven"), test_commands=("pnpm test", "mvn test")),
        ),
        (["a/b/c/go.mod"], RepositoryFacts()),  # too deep to be the repository's own
        (
            ["requirements.txt", "setup.py"],
            RepositoryFacts(package_managers=("pip",), test_commands=("python -m pytest",), languages=("python",)),
        ),
    ],
)
def test_repository_facts__come_from_names(files: list[str], facts: RepositoryFacts) -> None:
    assert repository_facts(files) == facts


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("src/login.py", ("src/test_login.py", "tests/test_login.py")),
        ("ui/Cart.tsx", ("ui/Cart.test.tsx",)),
        ("Order.java", ("OrderTest.java",)),
        ("src/other.py", ()),
        ("src/__init__.py", ()),
        ("", ()),
    ],
)
def test_tests_of__goes_by_the_name_nearest_first(file: str, tests: tuple[str, ...]) -> None:
    index = TestIndex(
        ["tests/test_login.py", "src/test_login.py", "ui/Cart.test.tsx", "OrderTest.java", "src/login.py"]
    )

    assert index.tests_of(file) == tests
