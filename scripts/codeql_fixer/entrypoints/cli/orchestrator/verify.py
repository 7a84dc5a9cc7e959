"""`verify`: what the scan after a change proves about findings of the scan before it."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeql_fixer.bootstrap.verify import VerifyFiles, verify_files
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.entrypoints.cli.orchestrator.showing import cell, print_table
from codeql_fixer.errors import UserError
from codeql_fixer.policy.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codeql_fixer.domain.proof import Proof, SeenAt, TargetVerdict

_FINGERPRINT = re.compile("[0-9a-f]{16}(?:[0-9a-f]{4})?")
_COMMIT = re.compile("[0-9a-fA-F]{7,64}")
_MOST_REASON = 200


def run(_flags: Mapping[str, str], own: Mapping[str, str | None], *, is_json: bool) -> None:
    """Do it; the exit code says whether there are verdicts, not which.

    Raises:
        UserError: a path or fingerprint is wrong, or the baseline cannot be read.
        UpstreamError: git failed.
    """
    proof = verify_files(
        VerifyFiles(
            baseline=_path(own, "baseline"),
            candidate=_path(own, "candidate"),
            targets=_targets(own["targets"] or ""),
            baseline_dir=_optional(own, "baseline_dir"),
            candidate_dir=_optional(own, "candidate_dir"),
            diff=_optional(own, "diff"),
            commit=_commit(own["commit"] or ""),
        ),
        os.environ,
    )
    if is_json:
        print(json.dumps(_document(proof)))
    else:
        _show(proof)


def _path(own: Mapping[str, str | None], name: str) -> Path:
    given = own[name]
    if not given:
        raise UserError(f"--{name} is missing: the SARIF of the scan {'before' if name == 'baseline' else 'after'} it")
    return Path(given)


def _optional(own: Mapping[str, str | None], name: str) -> Path | None:
    given = own[name]
    return Path(given) if given else None


def _targets(given: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    wrong = [name for name in names if not _FINGERPRINT.fullmatch(name)]
    if wrong:
        raise UserError(
            f"--targets {wrong[0]!r:.60}: a fingerprint is 20 hex characters; 'verify' without --targets lists them"
        )
    return names


def _commit(given: str) -> str:
    """A commit; a name such as `HEAD`, or a few characters, would agree with nothing or with anything."""
    if given and not _COMMIT.fullmatch(given):
        raise UserError(f"--commit {given!r:.60}: a commit is 7 to 64 hex characters; `git rev-parse` prints it")
    return given


def _document(proof: Proof) -> dict[str, object]:
    counts = Counter(target.verdict.value for target in proof.targets)
    return {
        "summary": {verdict.value: counts[verdict.value] for verdict in Verdict} | {"new": len(proof.new_findings)},
        "problem": proof.problem,
        "targets": msgspec.to_builtins(proof.targets),
        "new_findings": msgspec.to_builtins(proof.new_findings),
        "coverage": msgspec.to_builtins(proof.coverage),
    }


def _show(proof: Proof) -> None:
    print_table([("VERDICT", "FINGERPRINT", "RULE", "WAS", "IS", "WHY"), *map(_row, proof.targets)])
    if proof.new_findings:
        print()
        rows = [
            (one.fingerprint, cell(one.rule_id), cell(f"{one.file}:{one.line or '?'}")) for one in proof.new_findings
        ]
        print_table([("NEW", "RULE", "PLACE"), *rows])
    for scan in proof.coverage:
        if scan.doubts or scan.missing_rules:
            print()
            print(f"{cell(scan.tool)} {cell(scan.category)}".rstrip() + ":")
            for doubt in scan.doubts:
                print(f"  {cell(doubt, _MOST_REASON)}")
            if scan.missing_rules:
                print(f"  {counted(len(scan.missing_rules), 'rule')} of the earlier scan did not run in the later one")
    counts = Counter(target.verdict for target in proof.targets)
    print()
    print(", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict) + f", {len(proof.new_findings)} new")


def _row(target: TargetVerdict) -> tuple[str, ...]:
    evidence = target.evidence
    why = cell("; ".join(target.reasons), _MOST_REASON)
    return (
        target.verdict.value,
        target.fingerprint,
        cell(target.rule_id),
        _at(evidence.baseline),
        _at(evidence.candidate),
        why,
    )


def _at(place: SeenAt | None) -> str:
    return cell(f"{place.file or '(no file)'}:{place.line or '?'}") if place else ""
