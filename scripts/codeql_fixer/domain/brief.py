"""Brief: all that an agent is told about one batch, before it is put into words."""

from __future__ import annotations

from msgspec import Struct

from codeql_fixer.domain.batch import Batch
from codeql_fixer.domain.finding import Trace
from codeql_fixer.domain.fix_example import KnownExample
from codeql_fixer.domain.issue import Issue


class RepositoryFacts(Struct, frozen=True, kw_only=True):
    """What the checkout tells about working in it; empty without a checkout. Entries are in order of weight."""

    languages: tuple[str, ...] = ()
    package_managers: tuple[str, ...] = ()
    test_commands: tuple[str, ...] = ()
    style_files: tuple[str, ...] = ()


class IssueBrief(Struct, frozen=True, kw_only=True):
    """One issue with its surroundings. `snippet` has line numbers, the flagged lines are marked."""

    issue: Issue
    snippet: str
    language: str
    trace: Trace
    tests: tuple[str, ...]


class EarlierAttempt(Struct, frozen=True, kw_only=True):
    """An attempt at some of the issues that did not fix them, and what was said about it."""

    number: int
    agent: str
    detail: str


class Brief(Struct, frozen=True, kw_only=True):
    """One batch. `default_branch` is "" when the agent has to find it, `examples` are proved fixes."""

    target_repo: str
    default_branch: str
    run_id: str
    batch: Batch
    issues: tuple[IssueBrief, ...]
    repository: RepositoryFacts
    earlier_attempts: tuple[EarlierAttempt, ...] = ()
    examples: tuple[KnownExample, ...] = ()
