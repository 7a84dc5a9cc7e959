"""Whether a scan has a say about an issue that it does not report: absence proves a fix only then.

The rules are fact 2 of docs/ARCHITECTURE.md. Every "no" has a reason, which is shown to people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeql_fixer.domain.issue import Evidence
from codeql_fixer.domain.scan_run import ScanScope
from codeql_fixer.policy.eligibility import Eligibility, FilterOptions

if TYPE_CHECKING:
    from codeql_fixer.domain.scan_run import ScanRun, ScanSummary
    from codeql_fixer.domain.tracked import TrackedIssue

_TRACKED_SCOPES = frozenset({ScanScope.DEFAULT_BRANCH, ScanScope.UNKNOWN})


def is_tracked(run: ScanRun) -> bool:
    """True when the scan tells how the repository is doing, not how a branch or a pull request is."""
    return run.scope in _TRACKED_SCOPES


class ScanSay:
    """What one scan run has a say about.

    Args:
        run: the later scan.
    """

    def __init__(self, run: ScanRun) -> None:
        self._version = run.fingerprint_version
        self._scans: dict[tuple[str, str], list[tuple[ScanSummary, frozenset[str]]]] = {}
        for scan in run.scans:
            self._scans.setdefault((scan.tool, scan.category), []).append((scan, frozenset(scan.rule_ids)))
        filters = run.filters
        self._eligibility = Eligibility(
            FilterOptions(
                threshold=filters.severity_threshold,
                include_paths=filters.include_paths,
                exclude_paths=filters.exclude_paths,
                languages=frozenset(filters.languages),
            )
        )
        counts = run.counts
        self._hides = run.set_aside is None and bool(counts.suppressed + counts.below_threshold + counts.excluded)
        self._set_aside = frozenset((place.rule_id, place.file) for place in run.set_aside or ())

    def doubt(self, issue: TrackedIssue) -> str:
        """Why it proves nothing that the scan does not report the issue; "" when it does prove that it is gone."""
        if issue.fingerprint_version != self._version:
            return "the scan names issues by another algorithm"
        if issue.evidence in {Evidence.LINE_NUMBER, Evidence.UNKNOWN}:
            return "its fingerprint follows the line number"
        return self._doubt_about_scan(issue) or self._doubt_about_scope(issue)

    def _doubt_about_scan(self, issue: TrackedIssue) -> str:
        scans = self._scans.get((issue.tool, issue.category))
        if not scans:
            return f"{issue.tool} did not scan{f' {issue.category}' if issue.category else ''}"
        if not any(issue.rule_id in rules for _, rules in scans):
            return "the scan does not list the rule as run"
        if all(issue.rule_id in scan.disabled_rules for scan, rules in scans if issue.rule_id in rules):
            return "the scan had the rule switched off"
        # Each may be a part of the whole: the one that failed may have looked there.
        return next(filter(None, (_doubt_about_part(scan) for scan, _ in scans)), "")

    def _doubt_about_scope(self, issue: TrackedIssue) -> str:
        if self._hides:
            return "the record does not say what was set aside"
        if (issue.rule_id, issue.file) in self._set_aside:
            return "the scan set findings of this rule in this file aside"
        reason = self._eligibility.exclusion(issue.file, issue.tier)
        return f"the scan did not look there ({reason.value})" if reason else ""


def _doubt_about_part(scan: ScanSummary) -> str:
    if not scan.rule_ids:
        return "the scan does not list the rules that it ran"
    if scan.execution_successful is False or not scan.has_results:
        return "the scan did not succeed"
    return scan.partial or ("the scanner reported errors of its own" if scan.tool_errors else "")
