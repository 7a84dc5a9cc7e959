"""What a later scan reports that may be a finding which nothing was paired with: then it is not surely gone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codeql_fixer.domain.finding import Finding
    from codeql_fixer.policy.proof.moves import Moves

_NUMBERS = re.compile(r"\d+")
# Signals of policy/proof/matching.py by which a pair is the only one that is possible.
_SURE = frozenset({"place", "fingerprint, message", "fingerprint", "line, message"})


def is_one_of_several(finding: Finding, other: Finding, left: Finding, *, by: Sequence[str], moves: Moves) -> bool:
    """Whether a later finding went to one of several that look alike, and may as well be another of them.

    Args:
        finding: the earlier finding without a pair.
        other: an earlier one of the same rule, file and message.
        left: what `other` was paired with.
        by: the signals of that pair.
        moves: what the change did; where it tells where lines went, only what stands in their place is open.
    """
    hashes = {one.tool_fingerprints.line_hash.partition(":")[0] for one in (finding, other)} - {""}
    is_sure = len(by) == 1 and by[0] in _SURE
    if is_sure or left.file != moves.file_after(finding.file) or (len(hashes) > 1 and by[0] in _SURE):
        return False
    span = moves.line_after(finding.file, finding.start_line) if finding.start_line else None
    if span is not None:
        return not span.is_kept and span.first <= (left.start_line or 0) <= span.last
    return other.start_line in {None, finding.start_line} or left.start_line != other.start_line


def could_be_it(stray: Finding, finding: Finding, now: str, *, is_same_file_open: bool = False) -> bool:
    """Whether a later finding that nothing was paired with may be at the same place: scans start from other folders.

    Args:
        stray: of the same rule.
        finding: the earlier one.
        now: its file as it is called now.
        is_same_file_open: nobody knows where lines went, so that one in the same file may be it, too.
    """
    path = path_of(stray)
    if not path:
        return True  # it has no place at all: it may be anywhere
    if path == now or not now:
        # Where lines can be followed, the matching has seen that it is another one.
        return is_same_file_open and path == now
    return f"/{path}".endswith(f"/{now}") or (f"/{now}".endswith(f"/{path}") and stray.message == finding.message)


def path_of(finding: Finding) -> str:
    """Where a finding is, in or outside of the repository; "" when it has no place."""
    place = finding.locations[0] if finding.locations else None
    return (place.file or place.external_uri.replace("\\", "/")) if place else ""


def name_of(path: str) -> str:
    """The name of a file, which it has wherever a scan starts from."""
    return path.rpartition("/")[2]


def gist(message: str) -> str:
    """A message without numbers: some name lines, which move."""
    return _NUMBERS.sub("", message)
