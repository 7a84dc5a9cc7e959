"""What a session says about each issue: it claims a fix only where something was changed. Only a scan proves one."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from codeql_fixer.domain.session import IssueReport, IssueResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codeql_fixer.adapters.local_agent.changes import Change
    from codeql_fixer.domain.session import FixTarget


def claims(
    targets: Sequence[FixTarget], changes: Sequence[Change], *, is_in_place: bool, notes: Mapping[str, str]
) -> tuple[IssueReport, ...]:
    """One report per issue.

    Args:
        targets: the issues.
        changes: what was changed.
        is_in_place: True for fixers that change the very statement of an issue: a change elsewhere in the file is no
            fix then. A coding agent may mend a cause elsewhere, so any change of the file counts.
        notes: what the fixer says about an issue that it left, by the issue's id.
    """
    changed = {change.path: change for change in changes if not change.is_deletion}
    return tuple(_claim(target, changed.get(target.file), is_in_place, notes.get(target.id, "")) for target in targets)


def _claim(target: FixTarget, change: Change | None, is_in_place: bool, note: str) -> IssueReport:  # noqa: FBT001, PLR0917
    if change is None:
        return IssueReport(id=target.id, result=IssueResult.NOT_FIXED, note=note or "the file was not changed")
    if is_in_place and not _is_met(change, target.start_line):
        return IssueReport(id=target.id, result=IssueResult.NOT_FIXED, note=note or "nothing was changed at that place")
    place = "the statement" if is_in_place else "the file"
    return IssueReport(id=target.id, result=IssueResult.FIXED, note=f"{place} was changed; a scan has to tell")


def _is_met(change: Change, line: int | None) -> bool:
    if line is None:
        return False
    first, last = statement_lines(change.before or b"", line)
    return any(lines.meets(first, last) for lines in change.old_lines)


def statement_lines(source: bytes, line: int) -> tuple[int, int]:
    """First and last line of the innermost Python statement at a line, of its head if it has a body of its own.

    The line itself where the source is no Python.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # about a stranger's escapes and comparisons
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return line, line
    found = [(first, last) for first, last in _statements(tree) if first <= line <= last]
    return min(found, key=lambda span: span[1] - span[0], default=(line, line))


def _statements(tree: ast.AST) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno or node.lineno
            yield node.lineno, max(node.lineno, last)
