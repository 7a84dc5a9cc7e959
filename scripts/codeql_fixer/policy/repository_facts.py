"""What file names tell about a repository: languages, package managers, test commands, style files, tests of a file."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING

from codeql_fixer.domain.brief import RepositoryFacts
from codeql_fixer.policy.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MAX_LANGUAGES = 5
_MAX_DEPTH = 2  # folders above a manifest: services of a monorepo count, vendored packages do not
# Manifest or lock file to package manager; where several stand side by side the first one decides.
_MANAGERS: Mapping[str, str] = {
    "uv.lock": "uv",
    "poetry.lock": "poetry",
    "Pipfile": "pipenv",
    "pyproject.toml": "pip",
    "requirements.txt": "pip",
    "setup.py": "pip",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "package.json": "npm",
    "go.mod": "go modules",
    "Cargo.toml": "cargo",
    "pom.xml": "maven",
    "build.gradle": "gradle",
    "build.gradle.kts": "gradle",
    "Gemfile": "bundler",
    "composer.json": "composer",
}
_TEST_COMMANDS: Mapping[str, str] = {
    "uv": "uv run pytest",
    "poetry": "poetry run pytest",
    "pipenv": "pipenv run pytest",
    "pip": "python -m pytest",
    "pnpm": "pnpm test",
    "yarn": "yarn test",
    "npm": "npm test",
    "go modules": "go test ./...",
    "cargo": "cargo test",
    "maven": "mvn test",
    "gradle": "gradle test",
    "bundler": "bundle exec rake test",
    "composer": "composer test",
}
_STYLE_FILES = re.compile(
    r"\.editorconfig|\.flake8|\.pylintrc|ruff\.toml|\.ruff\.toml|\.eslintrc(\.\w+)?|eslint\.config\.\w+|biome\.json"
    r"|\.prettierrc(\.\w+)?|prettier\.config\.\w+|\.rubocop\.yml|\.golangci\.ya?ml|rustfmt\.toml|\.clang-format"
    r"|checkstyle\.xml|\.pre-commit-config\.yaml|\.php-cs-fixer(\.dist)?\.php"
)
_TEST_FILE = re.compile(r"(^|/)(tests?|spec|__tests__)/|(^|/)test_[^/]+$|[._](test|spec)\.[^/]+$")
_TEST_NAME = re.compile(r"(?:test_(?P<a>.+)|(?P<b>.+?)(?:_test|_tests|\.test|\.spec|_spec|Test|Tests|IT))\.[A-Za-z]+")


def repository_facts(files: Iterable[str]) -> RepositoryFacts:
    """Read a list of repository-relative paths; only names from our own tables come out, plus style files."""
    languages: Counter[str] = Counter()
    names: dict[str, None] = {}
    styles: list[str] = []
    for file in files:
        languages[language_of(file)] += 1
        name = posixpath.basename(file)
        if file.count("/") <= _MAX_DEPTH and name in _MANAGERS:
            names[name] = None
        if "/" not in file and _STYLE_FILES.fullmatch(name):
            styles.append(file)
    del languages[""]
    managers = tuple(dict.fromkeys(manager for name, manager in _MANAGERS.items() if name in names))
    python = [manager for manager in managers if manager in {"uv", "poetry", "pipenv", "pip"}]
    javascript = [manager for manager in managers if manager in {"pnpm", "yarn", "npm"}]
    shadowed = {*python[1:], *javascript[1:]}
    managers = tuple(manager for manager in managers if manager not in shadowed)
    return RepositoryFacts(
        languages=tuple(name for name, _ in languages.most_common(_MAX_LANGUAGES)),
        package_managers=managers,
        test_commands=tuple(_TEST_COMMANDS[manager] for manager in managers),
        style_files=tuple(styles),
    )


def is_test(file: str) -> bool:
    """True for source code that, by its name or folder, tests other code."""
    return _TEST_FILE.search(file) is not None and language_of(file) != ""


class TestIndex:
    """Finds the tests that belong to a file by their names, the nearest first."""

    __test__ = False  # not a test itself, whatever pytest makes of the name

    def __init__(self, files: Iterable[str]) -> None:
        self._tests: dict[str, list[str]] = {}
        for file in files:
            if match := _TEST_NAME.fullmatch(posixpath.basename(file)):
                self._tests.setdefault((match["a"] or match["b"]).lower(), []).append(file)

    def tests_of(self, file: str) -> tuple[str, ...]:
        """The test files named after a file, those that share most folders with it first."""
        stem = posixpath.basename(file).partition(".")[0].lower()
        if not stem or stem == "__init__":
            return ()
        found = self._tests.get(stem, [])
        return tuple(sorted(found, key=lambda test: (-_shared_folders(test, file), test)))


def _shared_folders(one: str, two: str) -> int:
    return len(posixpath.commonpath(["/" + posixpath.dirname(one), "/" + posixpath.dirname(two)]))
