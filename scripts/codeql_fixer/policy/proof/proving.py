"""What the scans since a merge prove about the issues that it was to fix: the verdicts for the ledger."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.merged_fix import MergedFix
from codeql_fixer.domain.proof import SeenAt, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.tracked import Tracking
from codeql_fixer.domain.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable


class ProvedMerge(Struct, frozen=True, kw_only=True):
    """What one scan run says about one merged pull request. `scan_run` is the path of its record."""

    fix: MergedFix
    scan_run: str
    targets: tuple[TargetVerdict, ...]


def proved(fixes: Iterable[MergedFix]) -> list[ProvedMerge]:
    """The verdicts, by pull request and by the scan that they rest on.

    Args:
        fixes: each with an issue that a scan since its merge reported or proved to be gone.
    """
    by_name: dict[tuple[str, int, str], MergedFix] = {}
    # Two issues may have shared a name: the one that is there outweighs the one that is not.
    for fix in sorted(fixes, key=_is_gone):
        by_name.setdefault((fix.repository, fix.number, fix.fingerprint), fix)
    found = sorted(by_name.values(), key=_order)
    return [
        ProvedMerge(fix=group[0], scan_run=scan_run, targets=tuple(map(_verdict_on, group)))
        for (_, _, scan_run), group in ((key, list(group)) for key, group in groupby(found, key=_key))
    ]


def _is_gone(fix: MergedFix) -> bool:
    return fix.issue.tracking is Tracking.FIXED


def _key(fix: MergedFix) -> tuple[str, int, str]:
    return fix.repository, fix.number, _scan_run(fix)


def _order(fix: MergedFix) -> tuple[tuple[str, int, str], str]:
    return _key(fix), fix.fingerprint


def _scan_run(fix: MergedFix) -> str:
    return fix.issue.fixed_run if _is_gone(fix) else fix.issue.last_run


def _verdict_on(fix: MergedFix) -> TargetVerdict:
    issue = fix.issue
    if _is_gone(fix):
        verdict, reason = Verdict.VERIFIED_FIXED, "a comparable scan after the merge does not report it any more"
        evidence = VerdictEvidence(baseline=SeenAt(issue.file, issue.start_line))
    else:
        where = f"{issue.file or '(no file)'}:{issue.start_line or '?'}"
        name = "" if issue.fingerprint == fix.fingerprint else f", now as {issue.fingerprint}"
        verdict, reason = Verdict.STILL_PRESENT, f"a scan after the merge reports it still, at {where}{name}"
        evidence = VerdictEvidence(candidate=SeenAt(issue.file, issue.start_line))
    return TargetVerdict(
        fingerprint=fix.fingerprint, rule_id=issue.rule_id, verdict=verdict, reasons=(reason,), evidence=evidence
    )
