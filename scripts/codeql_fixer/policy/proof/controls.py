"""Findings that a change should have left alone: when those are gone, too, the later scan did not look.

A scan that failed half-way, looked at another folder or at fewer files says so nowhere. What nobody touched is the
control group: it has to be there still.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, TypeAlias

from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Sequence

    from codeql_fixer.domain.finding import Finding
    from codeql_fixer.policy.proof.matching import Matching
    from codeql_fixer.policy.proof.moves import Moves

Places: TypeAlias = "frozenset[tuple[str, int | None]]"  # files and lines that a finding rests on

# Of a control group: a fix in one file can mend what flows through others, and where nobody tells what was changed,
# others may have mended something besides.
_MOST_LOST, _MOST_LOST_UNKNOWN = 0.2, 0.5
_ENOUGH = 3
_PAIR = 2  # one may be gone for a reason of its own
_AROUND = 15  # lines on both sides of a place within which a change may well have to do with it
_MANY_IN_FILE, _ALL_GONE = 5, 10  # findings; so many are not mended at once, where nobody tells what was changed


class Controls:
    """The control groups of every finding.

    Args:
        before: the earlier findings.
        places: that each of them rests on.
        matching: which of them the later scan has.
        moves: what the change touched; without it, whatever is no target is a control.
        targets: positions of the findings that were to be fixed, empty where nobody said.
    """

    def __init__(
        self,
        before: Sequence[Finding],
        places: Sequence[Places],
        matching: Matching,
        *,
        moves: Moves,
        targets: Collection[int],
    ) -> None:
        self._before, self._places, self._moves = before, places, moves
        self._targets = frozenset(targets)
        self._is_seen = [position in matching.pairs for position in range(len(before))]
        self._size: Counter[Hashable] = Counter()
        self._lost: Counter[Hashable] = Counter()
        self._far: dict[Hashable, tuple[Counter[str], Counter[str]]] = {}
        self._some_seen: dict[int, int] = {}
        self._by_file: dict[Hashable, list[int]] = defaultdict(list)
        self._all: dict[Hashable, list[int]] = defaultdict(list)
        fixed = {file for position in self._targets for file, _ in places[position]}
        for position, finding in enumerate(before):
            self._all[_run(finding)].append(position)
            self._by_file[_run(finding), finding.file].append(position)
            if self._is_control(places[position], fixed):
                for key, _ in self._keys(finding):
                    self._size[key] += 1
                    self._lost[key] += not self._is_seen[position]
        self._fixed = fixed

    def doubts(self, position: int, *, is_read: bool = False) -> Iterator[str]:
        """Why the groups say that the later scan did not look where it should have.

        Args:
            position: of the finding.
            is_read: the later scan says that it read the finding's file.
        """
        finding = self._before[position]
        itself = self._is_control(self._places[position], self._fixed)
        for key, what in self._keys(finding):
            size = self._size[key] - itself
            lost = self._lost[key] - (itself and not self._is_seen[position])
            if self._is_too_much(lost, size, is_whole_run=not what):
                yield (
                    f"{counted(lost, 'finding')} of {size}{what} that nobody touched are gone, too: "
                    "the later scan did not look everywhere"
                )
                return
        if finding.file and not is_read:
            yield from self._doubts_of_file(position)
        if not self._moves.is_known and not self._targets:
            everything = self._all[_run(finding)]
            if len(everything) >= _ALL_GONE and not self._seen(everything):
                yield "everything that the earlier scan found is gone at once: only the change can explain it (--diff)"

    def _keys(self, finding: Finding) -> Iterator[tuple[Hashable, str]]:
        """The groups that a finding is held against: its run, and of that what is likely to be left out as one."""
        run, file = _run(finding), finding.file
        yield (run, ""), ""
        if self._moves.is_known:
            yield (run, "rule", finding.rule.id), f" of rule {finding.rule.id}"
            folder, _, name = file.rpartition("/")
            yield (run, "folder", folder), f" in folder {folder or '.'}"
            yield (run, "suffix", name.rpartition(".")[2]), f" in files such as {name}"

    def _is_control(self, places: Places, fixed: Collection[str]) -> bool:
        if self._moves.is_known:
            return not any(self._moves.is_touched(file) for file, _ in places)
        return bool(self._targets) and not any(file in fixed for file, _ in places)

    def _is_too_much(self, lost: int, size: int, *, is_whole_run: bool) -> bool:
        if not is_whole_run:
            return lost == size >= _PAIR
        most = (_MOST_LOST if self._moves.is_known else _MOST_LOST_UNKNOWN) * size
        return bool(lost) and (lost == size or lost >= max(_ENOUGH, most))

    def _doubts_of_file(self, position: int) -> Iterator[str]:
        """What else was in the file, and is not where the change was: a file that is left out loses all of it."""
        finding = self._before[position]
        in_file = self._by_file[_run(finding), finding.file]
        if self._moves.is_known:
            # A fix away from the flagged line is easily confused with a file that was left out.
            enough, where = 1 if self._is_left_alone(position, around=0) else _PAIR, "far from the change"
            beside, seen = self._far_off(finding)
        elif self._targets:
            enough, where, seen = 1, "that nobody meant to fix", self._seen(in_file)
            beside = sum(
                one not in self._targets
                and self._before[one].rule.id != finding.rule.id
                and _distance(self._before[one], finding) > _AROUND
                for one in in_file
            )
        else:
            enough, where, seen, beside = _MANY_IN_FILE, "at once", self._seen(in_file), len(in_file)
        if beside >= enough and not seen:
            gone = f"{counted(beside, 'finding')} in {finding.file} {where}"
            yield f"{gone} are gone, too: the later scan may have left the file out"

    def _far_off(self, finding: Finding) -> tuple[int, int]:
        """How many findings of other rules in the same file are far from the change, and how many of them are seen."""
        key = (_run(finding), finding.file)
        if key not in self._far:
            sizes, seen = self._far[key] = Counter[str](), Counter[str]()
            for one in self._by_file[key]:
                if one not in self._targets and self._is_left_alone(one, around=_AROUND):
                    sizes[self._before[one].rule.id] += 1
                    seen[self._before[one].rule.id] += self._is_seen[one]
        sizes, seen = self._far[key]
        return sizes.total() - sizes[finding.rule.id], seen.total() - seen[finding.rule.id]

    def _is_left_alone(self, position: int, *, around: int) -> bool:
        """Whether the change is that far from all lines that a finding rests on."""
        return all(line is not None and self._is_quiet(file, line, around) for file, line in self._places[position])

    def _is_quiet(self, file: str, line: int, around: int) -> bool:
        if not self._moves.is_touched(file):
            return True
        spans = [self._moves.line_after(file, one) for one in range(max(line - around, 1), line + around + 1)]
        if not all(span is not None and span.is_kept for span in spans):
            return False
        first, last = spans[0], spans[-1]
        return first is not None and last is not None and last.first - first.first == len(spans) - 1

    def _seen(self, positions: list[int]) -> int:
        """How many of a group that is kept here are seen."""
        if id(positions) not in self._some_seen:
            self._some_seen[id(positions)] = sum(self._is_seen[one] for one in positions)
        return self._some_seen[id(positions)]


def _distance(one: Finding, two: Finding) -> int:
    return abs((one.start_line or 0) - (two.start_line or 0))


def _run(finding: Finding) -> tuple[str, str]:
    return finding.scan.tool, finding.scan.category
