"""What a fix may never change, whoever wrote it: then there is no pull request, and the reason names the path."""

from __future__ import annotations

import configparser
import json
import posixpath
import re
import tomllib
from typing import TYPE_CHECKING

from codeql_fixer.adapters.local_agent.changes import NO_MODE
from codeql_fixer.policy.paths import repository_relative
from codeql_fixer.policy.plain_text import counted, one_line
from codeql_fixer.policy.repository_facts import is_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from codeql_fixer.adapters.local_agent.changes import Change
    from codeql_fixer.adapters.local_agent.options import Limits

# What runs with a repository's secrets after the merge, in whichever continuous integration.
_PIPELINES = re.compile(
    r"\.circleci/|\.buildkite/|\.woodpecker|\.travis\.yml$|azure-pipelines\.ya?ml$|bitbucket-pipelines\.yml$|Jenkinsfile"
    r"|\.pre-commit-config\.yaml$|\.drone\.yml$",
    re.IGNORECASE,
)
_SCANNERS = re.compile(
    r"(^|/)(\.codeql-fixer\.ya?ml|\.semgrepignore|\.?semgrep\.ya?ml|\.?bandit(\.ya?ml|\.toml)?|\.?codeql-config\.ya?ml"
    r"|codeql-config[^/]*|qlpack\.yml|codeql-pack\.(lock\.)?yml|\.?lgtm\.yml|sonar-project\.properties|\.snyk"
    r"|\.trivyignore|\.checkov\.ya?ml|\.secrets\.baseline)$|(^|/)\.?(semgrep|codeql)/",
    re.IGNORECASE,
)
# Comments that make a scanner look away: bandit and gosec, semgrep, CodeQL old and new, Sonar, ESLint, ruff.
_SUPPRESSION = re.compile(
    rb"#\s?nosec\b|//\s?#nosec\b|\bnosemgrep\b|\blgtm\b|\bcodeql\s*\[|\bNOSONAR\b|eslint-disable|#\s*noqa\b",
    re.IGNORECASE,
)
_TEST = re.compile(
    rb"^\s*(?:async\s+)?def test|^\s*(?:it|test)(?:\.each[^(]*)?\(|^func Test|@Test\b|#\[test\]", re.MULTILINE
)
_SKIP = re.compile(
    rb"\bskip(?:if|test|unless)?\b|\bxfail\b|\bx(?:it|describe|test)\(|\.only\(|@Disabled\b|@Ignore\b", re.IGNORECASE
)
_TESTING = re.compile(r"(^|/)(\.?pytest\.ini|\.coveragerc)$")
# Files of many tools, and what in them is about scanning and testing.
_SECTIONS_IN = {"pyproject.toml": "toml", "setup.cfg": "ini", "tox.ini": "ini", "package.json": "json"}
_SECTIONS = ("bandit", "semgrep", "pytest", "tool:pytest", "coverage")
_SHOWN = 120


def violations(changes: Sequence[Change], limits: Limits) -> list[str]:
    """Why a fix may not be proposed, one sentence for each reason; empty when it may."""
    found = [f"{one_line(change.path, _SHOWN)}: {problem}" for change in changes for problem in _problems(change)]
    lines = sum((change.added or 0) + (change.deleted or 0) for change in changes)
    if len(changes) > limits.changed_files:
        found.append(f"the fix changes {counted(len(changes), 'file')}, more than the {limits.changed_files} allowed")
    if lines > limits.changed_lines:
        found.append(f"the fix changes {counted(lines, 'line')}, more than the {limits.changed_lines} allowed")
    return found


def _problems(change: Change) -> Iterator[str]:
    path = change.path
    if repository_relative(path) != path or not _is_text(path):
        yield "is no plain path inside the repository"
    if any(part.lower().startswith(".git") for part in path.split("/")):
        yield "a fix never changes workflows or git's own settings"
    if _PIPELINES.match(path):
        yield "a fix never changes a build pipeline"
    if not change.is_plain:
        yield "a fix never changes links or repositories within the repository"
    if change.added is None:
        yield "a fix never changes binary files"
    if change.is_plain and not change.is_deletion and change.after is None:
        yield "is too large to be checked"
    is_judge = _SCANNERS.search(path) or _TESTING.search(path)
    if is_judge or _sections(path, change.before) != _sections(path, change.after):
        yield "a fix never changes how the code is scanned or tested"
    if _count(_SUPPRESSION, change.after) > _count(_SUPPRESSION, change.before):
        yield "a comment that silences a scanner was added"
    if is_test(path):
        yield from _weakened_tests(change)


def _weakened_tests(change: Change) -> Iterator[str]:
    if change.is_deletion:
        yield "a test file was deleted"
    elif _count(_TEST, change.after) < _count(_TEST, change.before):
        yield "a test was deleted"
    elif change.before_mode != NO_MODE and _count(_SKIP, change.after) > _count(_SKIP, change.before):
        yield "a test is skipped that was not"


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8, as git gives them to us
        return False
    return True


def _count(pattern: re.Pattern[bytes], content: bytes | None) -> int:
    return len(pattern.findall(content or b""))


def _sections(path: str, content: bytes | None) -> object:
    """What a file of many tools says about scanning and testing; one that cannot be read says something of its own."""
    kind = _SECTIONS_IN.get(posixpath.basename(path))
    if kind is None:
        return None
    if content is None:
        return {}
    try:
        return _READERS[kind](content.decode())
    except (ValueError, configparser.Error):  # bytes, TOML and JSON that are none
        return content


def _of_toml(text: str) -> object:
    tools = tomllib.loads(text).get("tool")
    return {name: tools[name] for name in _SECTIONS if name in tools} if isinstance(tools, dict) else {}


def _of_ini(text: str) -> object:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections() if name.lower().startswith(_SECTIONS)}


def _of_json(text: str) -> object:
    parsed = json.loads(text)
    scripts = parsed.get("scripts") if isinstance(parsed, dict) else None
    return {"scripts": scripts} if scripts else {}


_READERS: Mapping[str, Callable[[str], object]] = {"toml": _of_toml, "ini": _of_ini, "json": _of_json}
