"""Which issue lives on under a new name: a line that was edited, or a file that was moved, has fixed nothing.

A fingerprint follows the code. So an edit that leaves the flaw makes one name vanish and another appear in the same
scan. Taken one by one, that would be a fix and a new issue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.policy.proof.marks import Mark, Surroundings, rule_key
from codeql_fixer.policy.proof.matching import Side, match
from codeql_fixer.policy.proof.moves import Moves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.tracked import TrackedIssue

_NOTHING = Surroundings()


def successors(gone: Sequence[TrackedIssue], fresh: Sequence[TrackedIssue]) -> dict[str, TrackedIssue]:
    """By the fingerprint of an issue that a scan does not report any more, the one that it is called now.

    Args:
        gone: issues that were open, and that a scan with a say about them did not report.
        fresh: issues that the same scan reported for the first time.
    """
    if not gone or not fresh:
        return {}
    before, after = Side([*map(_mark, gone)], lambda _: _NOTHING), Side([*map(_mark, fresh)], lambda _: _NOTHING)
    pairs = match(before, after, Moves(None)).pairs.values()
    return {gone[pair.before].fingerprint: fresh[pair.after] for pair in pairs}


def _mark(issue: TrackedIssue) -> Mark:
    return Mark(
        rule=rule_key(issue.tool, issue.rule_id),
        file=issue.file,
        line=issue.start_line,
        column=None,
        message=" ".join(issue.message.split()),
        prints=issue.aliases[0] if issue.aliases else "",  # of the rule and the line's hash, without the path
        text="",
    )
