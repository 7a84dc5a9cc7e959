"""What people see of a verification at the pull request: one label, one comment, one check."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from codeql_fixer.domain.pull_request import Conclusion
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.policy.markdown import plain, table
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from codeql_fixer.domain.proof import Proof, SeenAt, TargetVerdict

MARKER = "verification"
CHECK_NAME = "CodeQL Fixer: verification"
_MOST_ROWS = 50
_MOST_CELL = 300


class Label(StrEnum):
    """What a pull request did, as far as it is proved; it bears one of them at most."""

    VERIFIED = "verified-fix"
    PARTIAL = "partial-fix"
    NOT_FIXED = "not-fixed"
    UNKNOWN = "unknown"


def label_of(proof: Proof) -> Label:
    """The label; only when every target is proved to be fixed it is the first one."""
    verdicts = Counter(target.verdict for target in proof.targets)
    fixed = verdicts[Verdict.VERIFIED_FIXED]
    if fixed:
        return Label.VERIFIED if fixed == len(proof.targets) else Label.PARTIAL
    failed = verdicts[Verdict.STILL_PRESENT] + verdicts[Verdict.MOVED] + verdicts[Verdict.GAMED]
    return Label.NOT_FIXED if failed else Label.UNKNOWN


def conclusion_of(proof: Proof) -> Conclusion:
    """How our check ends: it fails for what is proved to be there, also for something new, and never for a doubt."""
    label = label_of(proof)
    bad = {Verdict.STILL_PRESENT, Verdict.MOVED, Verdict.GAMED}
    if any(target.verdict in bad for target in proof.targets) or proof.new_findings:
        return Conclusion.FAILURE
    return Conclusion.SUCCESS if label is Label.VERIFIED else Conclusion.NEUTRAL


def title_of(proof: Proof) -> str:
    """The result in one line."""
    fixed = sum(target.verdict is Verdict.VERIFIED_FIXED for target in proof.targets)
    new = f", {counted(len(proof.new_findings), 'new finding')}" if proof.new_findings else ""
    return f"{fixed} of {counted(len(proof.targets), 'finding')} verified as fixed{new}"


def comment_of(proof: Proof) -> str:
    """The comment in Markdown: a row per target, what is new, and why a doubt is one."""
    lines = [f"### {title_of(proof)}", ""]
    if proof.problem:
        lines += [f"The scan after the change could not be used: {plain(proof.problem, _MOST_CELL)}", ""]
    lines += table(["verdict", "rule", "was at", "is at", "why"], map(_row, proof.targets[:_MOST_ROWS]))
    lines += _rest(len(proof.targets), "finding")
    if proof.new_findings:
        lines += ["", "**New in this change:**", ""]
        lines += table(
            ["rule", "place", "message"],
            (
                [plain(one.rule_id, _MOST_CELL), _at(one.file, one.line), plain(one.message, _MOST_CELL)]
                for one in proof.new_findings[:_MOST_ROWS]
            ),
        )
        lines += _rest(len(proof.new_findings), "new finding")
    lines += ["", "Only `verified_fixed` is a proved fix: a comparable scan would have reported the finding."]
    return "\n".join(lines) + "\n"


def _rest(count: int, noun: str) -> list[str]:
    return ["", f"And {counted(count - _MOST_ROWS, noun)} more."] if count > _MOST_ROWS else []


def _row(target: TargetVerdict) -> list[str]:
    evidence = target.evidence
    why = plain("; ".join(target.reasons), _MOST_CELL)
    was, now = _place(evidence.baseline), _place(evidence.candidate)
    return [f"`{target.verdict.value}`", plain(target.rule_id, _MOST_CELL), was, now, why]


def _place(place: SeenAt | None) -> str:
    return _at(place.file, place.line) if place else ""


def _at(file: str, line: int | None) -> str:
    return f"{plain(file or '(no file)', _MOST_CELL)}:{line or '?'}"
