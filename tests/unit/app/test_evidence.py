"""Evidence of others: what is held against it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from codeql_fixer.app.evidence import examine
from codeql_fixer.domain.evidence import Evidence, Origin
from codeql_fixer.domain.proof import Proof, SeenAt, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.verification import Verdict
from tests.records import PRODUCER

NAME = "0" * 20


def _target(verdict: Verdict = Verdict.VERIFIED_FIXED, *, name: str = NAME, line: int = 3) -> TargetVerdict:
    return TargetVerdict(
        fingerprint=name,
        rule_id="py/xss",
        verdict=verdict,
        reasons=("because",),
        evidence=VerdictEvidence(baseline=SeenAt("a.py", line)),
    )


def _evidence(*targets: TargetVerdict, had_code: bool = False) -> Evidence:
    return Evidence(
        origin=Origin(),
        decided_at=datetime(2026, 3, 1, tzinfo=UTC),
        verifier=PRODUCER,
        baseline=(),
        candidate=(),
        change=None,
        tools=(),
        targets=targets,
        had_code=had_code,
    )


def test_examine__confirms_what_comes_out_the_same() -> None:
    found = examine(_evidence(_target()), [], lambda: Proof(targets=(_target(),)), has_code=False)

    assert (found.confirmed, found.faults, found.notes) == ([NAME], [], [])


def test_examine__knows_a_finding_by_its_place_where_the_code_gave_it_another_name() -> None:
    again = _target(name="1" * 20)

    found = examine(_evidence(_target(), had_code=True), [], lambda: Proof(targets=(again,)), has_code=False)

    assert found.confirmed == [NAME]


@pytest.mark.parametrize(
    ("again", "fault"),
    [
        (_target(Verdict.STILL_PRESENT), "decided again it is still_present: because"),
        (_target(Verdict.UNKNOWN), "decided again it is unknown: because"),
        (_target(name="1" * 20, line=4), "the earlier scan has no such finding"),
    ],
)
def test_examine__whatever_comes_out_otherwise_is_a_fault(again: TargetVerdict, fault: str) -> None:
    found = examine(_evidence(_target()), [], lambda: Proof(targets=(again,)), has_code=False)

    assert found.confirmed == []
    assert fault in found.faults[0]


def test_examine__without_the_code_that_there_was_a_doubt_is_a_note() -> None:
    proof = Proof(targets=(_target(Verdict.UNKNOWN),))

    found = examine(_evidence(_target(), had_code=True), [], lambda: proof, has_code=False)

    assert found.faults == []
    assert "--baseline-dir" in found.notes[0]
    assert examine(_evidence(_target(), had_code=True), [], lambda: proof, has_code=True).faults


def test_examine__without_the_scans_nobody_can_decide_again() -> None:
    found = examine(_evidence(_target()), [], None, has_code=False)

    assert (found.confirmed, found.faults) == ([], [])
    assert "--candidate" in found.notes[0]


@pytest.mark.parametrize(
    ("evidence", "faults", "expected"),
    [
        (_evidence(), [], "names no finding"),
        (_evidence(_target(Verdict.UNKNOWN)), [], "unknown is no verified fix"),
        (_evidence(_target()), ["a.sarif: another digest"], "another digest"),
    ],
)
def test_examine__what_does_not_fit_together_is_not_decided_again(
    evidence: Evidence, faults: list[str], expected: str
) -> None:
    def decide() -> Proof:
        raise AssertionError

    assert expected in examine(evidence, faults, decide, has_code=False).faults[0]
