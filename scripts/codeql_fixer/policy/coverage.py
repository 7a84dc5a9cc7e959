"""Whether a later scan has a say about what an earlier one found: its silence proves a fix only then.

The same question as in policy/comparability.py, which asks it of records; here both scans are at hand as they were
read, and so is more to hold against them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codeql_fixer.domain.proof import ScanCoverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codeql_fixer.domain.finding import Finding, Scan

_NUMBERS = re.compile(r"\d+")
_PARTS = 2  # of a version that have to agree, or grow, for two scans to be compared


class Coverage:
    """What the later scan has a say about.

    Args:
        baseline: the runs of the earlier scan.
        candidate: the runs of the later one.
        commit: what the later scan is claimed to have read, "" where nobody claims anything.
    """

    def __init__(self, baseline: Sequence[Scan], candidate: Sequence[Scan], *, commit: str = "") -> None:
        self._candidate, self._commit = candidate, commit
        self._doubts: dict[int, tuple[str, ...]] = {}
        self._counterparts: dict[int, list[Scan]] = {}
        self.compared = tuple(self._compared(scan) for scan in baseline)

    def doubts(self, finding: Finding, files: Iterable[str]) -> Iterator[str]:
        """Why it proves nothing that the later scan does not report a finding.

        Args:
            finding: of the earlier scan.
            files: those that it rests on, as they are called now.
        """
        scan = finding.scan
        if id(scan) not in self._doubts:
            self._compared(scan)
        yield from self._doubts[id(scan)]
        parts = self._counterparts[id(scan)]
        rule = finding.rule.id
        if parts and not any(rule in part.rule_ids for part in parts):
            yield f"rule {rule} is not among those that the later scan ran"
        elif parts and rule not in scan.disabled_rules and all(rule in part.disabled_rules for part in parts):
            yield f"rule {rule} was switched off in the later scan"
        unread = {file for part in parts for file in part.error_files if file}
        if found := sorted(unread.intersection(files)):
            yield f"the later scan had errors in {found[0]}"

    def _compared(self, scan: Scan) -> ScanCoverage:
        parts = self._counterparts[id(scan)] = _counterparts(scan, self._candidate)
        doubts = self._doubts[id(scan)] = tuple(dict.fromkeys(self._found(scan, parts)))
        rules = {rule for part in parts for rule in part.rule_ids}
        return ScanCoverage(
            tool=scan.tool,
            category=scan.category,
            baseline_version=scan.tool_version,
            candidate_version=", ".join(sorted({part.tool_version for part in parts if part.tool_version})),
            missing_rules=tuple(rule for rule in scan.rule_ids if rule not in rules) if parts else (),
            doubts=doubts,
        )

    def _found(self, scan: Scan, parts: Sequence[Scan]) -> Iterator[str]:
        if not parts:
            category = f" for {scan.category}" if scan.category else ""
            yield f"the later scan has no run of {scan.tool}{category}"
        for part in parts:  # each may be a part of the whole: the one that failed may have looked there
            yield from _doubts_of_run(part)
            yield from _doubts_of_versions(scan, part)
            yield from self._doubts_of_commit(scan, part)
            if part.error_files.count("") > scan.error_files.count(""):
                yield "the later scanner reported errors of its own"

    def _doubts_of_commit(self, scan: Scan, part: Scan) -> Iterator[str]:
        if part.revision and self._commit and not _is_same_commit(part.revision, self._commit):
            yield f"the later scan is of commit {part.revision[:12]}, not of {self._commit[:12]}"
        elif part.revision and scan.revision and _is_same_commit(part.revision, scan.revision):
            yield f"both scans are of the same commit {part.revision[:12]}"


def _counterparts(scan: Scan, candidates: Sequence[Scan]) -> list[Scan]:
    """The later runs of the same tool, of the same category where both name one."""
    same = [part for part in candidates if part.tool == scan.tool] or [
        part for part in candidates if _family(part.tool) == _family(scan.tool)
    ]
    exact = [part for part in same if part.category == scan.category]
    return exact or [part for part in same if not part.category or not scan.category]


def _doubts_of_run(part: Scan) -> Iterator[str]:
    if part.execution_successful is False:
        yield "the later scan says that it did not succeed"
    if not part.has_results:
        yield "the later scan has no list of results: it did not get that far"
    if not part.rule_ids:
        yield "the later scan does not list the rules that it ran"
    if part.partial:
        yield part.partial


def _doubts_of_versions(scan: Scan, part: Scan) -> Iterator[str]:
    if reason := _incompatible(scan.tool_version, part.tool_version):
        yield f"{part.tool} {part.tool_version or 'of no version'} {reason} {scan.tool_version or 'one of no version'}"
    later = dict(part.packs)
    for name, version in scan.packs:
        if name in later and (reason := _incompatible(version, later[name])):
            yield f"rules {name} {later[name] or 'of no version'} {reason} {version or 'one of no version'}"


def _incompatible(before: str, after: str) -> str:
    """Why two versions cannot be compared, "" when they can: a newer one of the same generation finds no less."""
    one, two = _version(before), _version(after)
    if one[:1] != two[:1]:
        return "cannot be compared with"
    return "is older than" if two[:_PARTS] < one[:_PARTS] else ""


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number[:9]) for number in _NUMBERS.findall(text)[:3])


def _family(tool: str) -> str:
    return tool.split(maxsplit=1)[0].lower() if tool.split() else ""


def _is_same_commit(one: str, two: str) -> bool:
    return one.startswith(two) or two.startswith(one)
