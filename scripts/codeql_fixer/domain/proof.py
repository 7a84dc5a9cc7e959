"""What comparing two scans proves, finding by finding, and what that rests on."""

from __future__ import annotations

from msgspec import Struct

from codeql_fixer.domain.hiding import HidingSign
from codeql_fixer.domain.verification import Verdict


class SeenAt(Struct, frozen=True):
    """Where a scan reported a finding; the line counts from 1."""

    file: str
    line: int | None = None


class VerdictEvidence(Struct, frozen=True, kw_only=True):
    """What a verdict rests on.

    `candidate` is where the later scan still sees the finding, `matched_by` names the signals by which it is the same
    one. `hiding` are signs in the change that it was hidden, also where it was not hidden well enough.
    """

    baseline: SeenAt | None = None
    candidate: SeenAt | None = None
    matched_by: tuple[str, ...] = ()
    is_suppressed: bool = False
    hiding: tuple[HidingSign, ...] = ()


class TargetVerdict(Struct, frozen=True, kw_only=True):
    """The verdict on one finding of the earlier scan; `reasons` are for people, the most important first."""

    fingerprint: str
    rule_id: str
    verdict: Verdict
    reasons: tuple[str, ...]
    evidence: VerdictEvidence


class NewFinding(Struct, frozen=True, kw_only=True):
    """A finding that the earlier scan did not have."""

    fingerprint: str
    rule_id: str
    file: str
    line: int | None
    message: str


class ScanCoverage(Struct, frozen=True, kw_only=True):
    """How the later scan compares with one run of the earlier one.

    `doubts` are why its silence proves nothing about anything that this run reported, none when it does;
    `missing_rules` are those that the earlier run had and the later one lacks.
    """

    tool: str
    category: str
    baseline_version: str
    candidate_version: str
    missing_rules: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


class Proof(Struct, frozen=True, kw_only=True):
    """Verdicts on all targets in the order in which they were named, and what else the comparison shows.

    `problem` says why the later scan could not be used at all, "" when it could.
    """

    targets: tuple[TargetVerdict, ...]
    new_findings: tuple[NewFinding, ...] = ()
    coverage: tuple[ScanCoverage, ...] = ()
    problem: str = ""
