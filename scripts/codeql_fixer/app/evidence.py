"""Looks at evidence of others: whether its parts fit together, and whether the same scans prove the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from codeql_fixer.domain.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codeql_fixer.domain.evidence import Evidence
    from codeql_fixer.domain.proof import Proof, TargetVerdict


class Examination(Struct, kw_only=True):
    """What came of it. With `faults` nobody should rely on the evidence; `notes` are what could not be looked at.

    `confirmed` are fingerprints of targets that came out as fixed again.
    """

    faults: list[str] = []
    notes: list[str] = []
    confirmed: list[str] = []


def examine(
    evidence: Evidence, faults: Sequence[str], decide: Callable[[], Proof] | None, *, has_code: bool
) -> Examination:
    """Look at evidence.

    Args:
        evidence: as it was written.
        faults: what is wrong with its parts.
        decide: compares its scans again, all findings of them; None where they are not at hand.
        has_code: the code of both states is at hand for that.
    """
    found = Examination(faults=list(faults))
    if not evidence.targets:
        found.faults.append("it names no finding at all")
    wrong = [one for one in evidence.targets if one.verdict is not Verdict.VERIFIED_FIXED]
    found.faults += [f"{one.fingerprint}: {one.verdict.value} is no verified fix" for one in wrong]
    if found.faults:
        return found
    if decide is None:
        found.notes.append(
            "the scans do not go along, so that nobody can decide again: give --baseline and --candidate"
        )
        return found
    proof = decide()
    by_name = {one.fingerprint: one for one in proof.targets}
    by_place = {(one.rule_id, one.evidence.baseline): one for one in proof.targets}
    for target in evidence.targets:
        again = by_name.get(target.fingerprint) or by_place.get((target.rule_id, target.evidence.baseline))
        _hold_against(target, again, found, is_as_before=has_code or not evidence.had_code)
    return found


def _hold_against(
    target: TargetVerdict, again: TargetVerdict | None, found: Examination, *, is_as_before: bool
) -> None:
    if again is None:
        found.faults.append(f"{target.fingerprint}: the earlier scan has no such finding")
    elif again.verdict is Verdict.VERIFIED_FIXED:
        found.confirmed.append(target.fingerprint)
    elif again.verdict is Verdict.UNKNOWN and not is_as_before:
        found.notes.append(
            f"{target.fingerprint}: nobody can tell without the code: give --baseline-dir and --candidate-dir"
        )
    else:
        found.faults.append(f"{target.fingerprint}: decided again it is {again.verdict.value}: {again.reasons[0]}")
