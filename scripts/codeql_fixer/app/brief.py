"""Writes briefs: gathers from the checkout what an agent needs to know about a batch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codeql_fixer.domain.brief import Brief, IssueBrief
from codeql_fixer.policy.languages import language_of
from codeql_fixer.policy.line_hash import split_lines
from codeql_fixer.policy.repository_facts import TestIndex, is_test, repository_facts

if TYPE_CHECKING:
    from codeql_fixer.domain.batch import Batch
    from codeql_fixer.domain.brief import EarlierAttempt
    from codeql_fixer.domain.finding import Finding
    from codeql_fixer.domain.fix_example import KnownExample
    from codeql_fixer.domain.issue import Issue
    from codeql_fixer.ports.source_tree import SourceTree

_CONTEXT_LINES = 6
_MAX_FLAGGED_LINES = 30
_MAX_TESTS = 5
_MAX_TESTS_SEARCHED = 300
_LINE_WIDTH = 300
_IMPORT = re.compile(r"^.*\b(?:import|from|require|include|use)\b.*$", re.MULTILINE)


class BriefWriter:
    """Makes the briefs of one run; the list of files is read once.

    Args:
        tree: the target's checkout; without one the briefs hold what the scanner said.
        target_repo: owner/name.
        default_branch: base of pull requests, "" when unknown.
        run_id: identity of the run.
    """

    def __init__(self, tree: SourceTree, *, target_repo: str, default_branch: str, run_id: str) -> None:
        self._tree, self._target_repo, self._default_branch, self._run_id = tree, target_repo, default_branch, run_id
        self._files = tree.files()
        self._named_tests = TestIndex(self._files)
        self._facts = repository_facts(self._files)
        self._test_imports: dict[str, str] | None = None

    def write(
        self,
        batch: Batch,
        earlier_attempts: tuple[EarlierAttempt, ...] = (),
        examples: tuple[KnownExample, ...] = (),
    ) -> Brief:
        """The brief of one batch, with what was tried before and what has worked elsewhere."""
        return Brief(
            target_repo=self._target_repo,
            default_branch=self._default_branch,
            run_id=self._run_id,
            batch=batch,
            issues=tuple(self._issue(issue) for issue in batch.issues),
            repository=self._facts,
            earlier_attempts=earlier_attempts,
            examples=examples,
        )

    def _issue(self, issue: Issue) -> IssueBrief:
        return IssueBrief(
            issue=issue,
            snippet=self._snippet(issue.finding),
            language=language_of(issue.finding.file),
            trace=issue.trace(),
            tests=self._tests_of(issue.finding.file),
        )

    def _snippet(self, finding: Finding) -> str:
        """The flagged lines with their surroundings, numbered and marked; else the scanner's own copy."""
        text = self._tree.text(finding.file) if finding.file else None
        start = finding.start_line
        if text is None or start is None:
            return finding.snippet
        lines = split_lines(text)
        if start > len(lines):
            return finding.snippet
        end = min(finding.locations[0].end_line or start, start + _MAX_FLAGGED_LINES - 1, len(lines))
        first, last = max(1, start - _CONTEXT_LINES), min(len(lines), end + _CONTEXT_LINES)
        width = len(str(last))
        column = finding.locations[0].start_column or 1
        return "\n".join(
            f"{'>' if start <= number <= end else ' '} {number:>{width}} | "
            + _window(lines[number - 1], column if number == start else 1)
            for number in range(first, last + 1)
        )

    def _tests_of(self, file: str) -> tuple[str, ...]:
        """Tests named after the file, then tests that mention its module."""
        if not file:
            return ()
        named = self._named_tests.tests_of(file)
        stem = re.escape(file.rpartition("/")[2].partition(".")[0])
        if len(named) >= _MAX_TESTS or not stem or stem == "__init__":
            return named[:_MAX_TESTS]
        mention = re.compile(rf"\b{stem}\b")
        mentioning = (test for test, text in self._tests().items() if test not in named and mention.search(text))
        return (*named, *mentioning)[:_MAX_TESTS]

    def _tests(self) -> dict[str, str]:
        if self._test_imports is None:
            tests = [file for file in self._files if is_test(file)]
            self._test_imports = {
                test: "\n".join(_IMPORT.findall(self._tree.text(test) or "")) for test in tests[:_MAX_TESTS_SEARCHED]
            }
        return self._test_imports


def _window(line: str, column: int) -> str:
    """A line, or of a very long one the part around a column (counted from 1): a minified file is one line."""
    start = max(0, min(column - 1 - _LINE_WIDTH // 2, len(line) - _LINE_WIDTH))
    end = start + _LINE_WIDTH
    return f"{'... ' if start else ''}{line[start:end]}{' ...' if end < len(line) else ''}"
