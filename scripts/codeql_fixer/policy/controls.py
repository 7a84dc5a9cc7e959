"""Findings that a change should have left alone: when those are gone, too, the later scan did not look.

A scan that failed half-way, looked at another folder or at fewer files says so nowhere. What nobody touched is the
control group: it has to be there still.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from codeql_fixer.domain.finding import Finding
    from codeql_fixer.policy.matching import Matching
    from codeql_fixer.policy.moves import Moves

# Of a control group: a fix in one file can mend what flows through others, and where nobody tells what was changed,
# others may have mended something besides.
_MOST_LOST, _MOST_LOST_UNKNOWN = 0.2, 0.5
_ENOUGH = 3
_ALL_GONE = 10  # findings; so many are not mended at once, where nobody tells what was changed


class Controls:
    """The control group of every finding.

    Args:
        before: the earlier findings.
        files: that each of them rests on.
        matching: which of them the later scan has.
        moves: what the change touched; without it, whatever is no target is a control.
        targets: positions of the findings that were to be fixed, empty where nobody said.
    """

    def __init__(
        self,
        before: Sequence[Finding],
        files: Sequence[frozenset[str]],
        matching: Matching,
        *,
        moves: Moves,
        targets: Collection[int],
    ) -> None:
        self._before, self._is_known, self._targets = before, moves.is_known, frozenset(targets)
        self._by_run: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._by_file: dict[str, list[int]] = defaultdict(list)
        self._is_seen = [position in matching.pairs for position in range(len(before))]
        fixed = frozenset[str]().union(*(files[position] for position in self._targets))
        for position, finding in enumerate(before):
            if self._is_control(files[position], moves, fixed):
                self._by_run[_run(finding)].append(position)
            if position not in self._targets and self._is_kept(finding, moves):
                self._by_file[finding.file].append(position)
        self._runs_seen = {_run(finding) for finding, is_seen in zip(before, self._is_seen, strict=True) if is_seen}

    def _is_control(self, files: frozenset[str], moves: Moves, fixed: frozenset[str]) -> bool:
        if self._is_known:
            return not any(moves.is_touched(file) for file in files)
        return bool(self._targets) and files.isdisjoint(fixed)

    @staticmethod
    def _is_kept(finding: Finding, moves: Moves) -> bool:
        """Whether the very line is still there."""
        if not finding.file or not finding.start_line or not moves.is_touched(finding.file):
            return False
        span = moves.line_after(finding.file, finding.start_line)
        return span is not None and span.is_kept

    def doubts(self, position: int) -> Iterator[str]:
        """Why the group says that the later scan did not look where it should have."""
        finding = self._before[position]
        group = [one for one in self._by_run.get(_run(finding), ()) if one != position]
        lost = [one for one in group if not self._is_seen[one]]
        most = (_MOST_LOST if self._is_known else _MOST_LOST_UNKNOWN) * len(group)
        if lost and (len(lost) == len(group) or len(lost) >= max(_ENOUGH, most)):
            of = f"{counted(len(lost), 'finding')} of {len(group)}"
            yield f"{of} that nobody touched are gone, too: the later scan did not look everywhere"
        beside = [
            one for one in self._by_file.get(finding.file, ()) if one != position and self._is_other_rule(one, finding)
        ]
        if len(beside) >= _ENOUGH and not any(self._is_seen[one] for one in beside):
            yield f"{counted(len(beside), 'finding')} on unchanged lines of {finding.file} are gone, too"
        if not self._is_known and not self._targets and self._all_gone(finding):
            yield "everything that the earlier scan found is gone at once, and nobody tells what was changed"

    def _is_other_rule(self, one: int, finding: Finding) -> bool:
        other = self._before[one]
        return _run(other) == _run(finding) and other.rule.id != finding.rule.id

    def _all_gone(self, finding: Finding) -> bool:
        of_run = sum(1 for other in self._before if _run(other) == _run(finding))
        return of_run >= _ALL_GONE and _run(finding) not in self._runs_seen


def _run(finding: Finding) -> tuple[str, str]:
    return finding.scan.tool, finding.scan.category
