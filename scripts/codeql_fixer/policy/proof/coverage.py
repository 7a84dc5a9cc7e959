"""Whether a later scan has a say about what an earlier one found: its silence proves a fix only then.

The same question as in policy/comparability.py, which asks it of records; here both scans are at hand as they were
read, and so is more to hold against them. What neither scan says is held against none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from codeql_fixer.domain.proof import ScanCoverage
from codeql_fixer.policy.plain_text import counted
from codeql_fixer.policy.proof.marks import rule_key
from codeql_fixer.policy.proof.versions import is_same_version, why_not_comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from codeql_fixer.domain.finding import Finding, Scan

_NUMBERS = re.compile(r"\d+")


class Coverage:
    """What the later scan has a say about.

    Args:
        baseline: the runs of the earlier scan.
        candidate: the runs of the later one.
        reported: the findings of the later one, also the suppressed ones; what a rule reports, it ran for.
        commit: what the later scan is claimed to have read, "" where nobody claims anything.
    """

    def __init__(
        self, baseline: Sequence[Scan], candidate: Sequence[Scan], *, reported: Iterable[Finding] = (), commit: str = ""
    ) -> None:
        self._candidate, self._commit = candidate, commit
        self._reported: dict[int, set[str]] = defaultdict(set)
        for finding in reported:
            self._reported[id(finding.scan)].add(finding.rule.id)
        self._doubts: dict[int, tuple[str, ...]] = {}
        self._counterparts: dict[int, list[Scan]] = {}
        self._rules: dict[int, frozenset[str]] = {}
        self._read: dict[int, frozenset[str]] = {}
        self.compared = tuple(self._compared(scan) for scan in baseline)

    def doubts(self, finding: Finding, files: Mapping[str, str]) -> Iterator[str]:
        """Why it proves nothing that the later scan does not report a finding.

        Args:
            finding: of the earlier scan.
            files: those that it rests on, as they were called, with the names that they have now; "" for deleted ones.
        """
        scan = finding.scan
        self._know(scan)
        yield from self._doubts[id(scan)]
        parts = self._counterparts[id(scan)]
        if parts:
            yield from self._doubts_of_rule(finding, parts)
            for before, now in sorted(files.items()):
                if now:
                    yield from self._doubts_of_file(scan, parts, before=before, now=now)

    def has_read(self, finding: Finding, file: str) -> bool:
        """Whether the later scan says that it read a file, by the name that it has now."""
        self._know(finding.scan)
        return file in self._read[id(finding.scan)]

    def _know(self, scan: Scan) -> None:
        if id(scan) not in self._doubts:
            self._compared(scan)

    def _compared(self, scan: Scan) -> ScanCoverage:
        parts = self._counterparts[id(scan)] = _counterparts(scan, self._candidate)
        doubts = self._doubts[id(scan)] = tuple(dict.fromkeys(self._found(scan, parts)))
        self._read[id(scan)] = frozenset(file for part in parts for file in part.files_read)
        rules = self._rules[id(scan)] = frozenset(
            rule_key(part.tool, rule) for part in parts for rule in self._ran(part)
        )
        return ScanCoverage(
            tool=scan.tool,
            category=scan.category,
            baseline_version=scan.tool_version,
            candidate_version=", ".join(sorted({part.tool_version for part in parts if part.tool_version})),
            missing_rules=tuple(rule for rule in scan.rule_ids if rule_key(scan.tool, rule) not in rules)
            if parts
            else (),
            doubts=doubts,
        )

    def _ran(self, part: Scan) -> set[str]:
        return {*part.rule_ids, *self._reported[id(part)]}

    def _doubts_of_rule(self, finding: Finding, parts: Sequence[Scan]) -> Iterator[str]:
        scan, rule = finding.scan, finding.rule.id
        listed = self._rules[id(scan)]
        if not any(rule_key(scan.tool, name) in listed for name in _with_parents(rule)):
            if listed:
                yield f"rule {rule} is not among those that the later scan lists as run, so its silence proves nothing"
            else:
                yield "the later scan does not list the rules that it ran"
        elif all(rule in part.disabled_rules for part in parts) and rule not in scan.disabled_rules:
            yield f"rule {rule} was switched off in the later scan"

    def _doubts_of_file(self, scan: Scan, parts: Sequence[Scan], *, before: str, now: str) -> Iterator[str]:
        read = self._read[id(scan)]
        if read and now not in read and (before in scan.files_read or not scan.files_read):
            yield f"{now} is not among the files that the later scan says it read"
        known = {_pattern(text, before) for file, text in scan.complaints if _is_about(before, file, text)}
        for part in parts:
            about = [text for file, text in part.complaints if _is_about(now, file, text)]
            if now in part.error_files or any(_pattern(text, now) not in known for text in about):
                yield (
                    f"the later scan had trouble with {now}: {about[0]:.120}"
                    if about
                    else (f"the later scan had errors in {now}")
                )
            kept_away = dict(part.silenced).get(now, 0) - dict(scan.silenced).get(before, 0)
            if kept_away > 0:
                yield f"comments keep {counted(kept_away, 'line')} more of {now} from the later scan"

    def _found(self, scan: Scan, parts: Sequence[Scan]) -> Iterator[str]:
        if not parts:
            category = f" for {scan.category}" if scan.category else ""
            yield f"the later scan has no run of {scan.tool}{category}"
        for part in parts:  # each may be a part of the whole: the one that failed may have looked there
            yield from self._doubts_of_run(part)
            yield from _doubts_of_versions(scan, part)
            yield from self._doubts_of_commit(scan, part)
            if part.error_files.count("") > scan.error_files.count(""):
                yield "the later scanner reported errors of its own"

    def _doubts_of_run(self, part: Scan) -> Iterator[str]:
        if part.execution_successful is False:
            yield "the later scan says that it did not succeed"
        if not part.has_results:
            yield "the later scan has no list of results: it did not get that far"
        if not self._ran(part):
            yield "the later scan does not list the rules that it ran"
        if part.partial:
            yield part.partial

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


def _doubts_of_versions(scan: Scan, part: Scan) -> Iterator[str]:
    if reason := why_not_comparable(scan.tool_version, part.tool_version):
        yield f"{part.tool} {part.tool_version or 'of no version'} {reason} {scan.tool_version or 'one of no version'}"
    is_same_tool = is_same_version(scan.tool_version, part.tool_version)
    later = dict(part.packs)
    for name, version in scan.packs:
        if name not in later:
            if later and is_same_tool:
                yield f"the later scan ran without {name}"
        # A newer tool brings newer packs along, and those of CodeQL count generations of their own.
        elif reason := why_not_comparable(version, later[name], across_generations=not is_same_tool):
            yield f"rules {name} {later[name] or 'of no version'} {reason} {version or 'one of no version'}"


def _with_parents(rule: str) -> Iterator[str]:
    """A rule and those that it is a part of: `CA1000/1` is a case of `CA1000` (section 3.5.4 of SARIF)."""
    while rule:
        yield rule
        rule = rule.rpartition("/")[0]


def _is_about(path: str, file: str, text: str) -> bool:
    """Whether a complaint is about a file: it names it as its place, or in words where it has no place."""
    if file or path not in text:
        return file == path
    return re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w/-])", text) is not None


def _pattern(text: str, path: str) -> str:
    """A complaint without what moves with every edit."""
    return _NUMBERS.sub("", text.replace(path, ""))


def _family(tool: str) -> str:
    return tool.split(maxsplit=1)[0].lower() if tool.split() else ""


def _is_same_commit(one: str, two: str) -> bool:
    one, two = one.lower(), two.lower()
    return one.startswith(two) or two.startswith(one)
