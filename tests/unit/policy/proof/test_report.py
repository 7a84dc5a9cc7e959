"""What people see of a verification: label, check, comment."""

from __future__ import annotations

import pytest

from codeql_fixer.domain.proof import NewFinding, Proof, SeenAt, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.pull_request import Conclusion
from codeql_fixer.domain.verification import Verdict
from codeql_fixer.policy.proof.report import Label, comment_of, conclusion_of, label_of, title_of

FIXED, STILL, MOVED, UNKNOWN, GAMED = (
    Verdict.VERIFIED_FIXED,
    Verdict.STILL_PRESENT,
    Verdict.MOVED,
    Verdict.UNKNOWN,
    Verdict.GAMED,
)


def _proof(*verdicts: Verdict, new: int = 0, problem: str = "") -> Proof:
    targets = tuple(
        TargetVerdict(
            fingerprint=f"{number:020x}",
            rule_id="py/sql-injection",
            verdict=verdict,
            reasons=("because",),
            evidence=VerdictEvidence(baseline=SeenAt("shop/app.py", 3)),
        )
        for number, verdict in enumerate(verdicts)
    )
    found = NewFinding(fingerprint="0" * 20, rule_id="py/xss", file="", line=None, message="new @everyone <b>")
    return Proof(targets=targets, new_findings=(found,) * new, problem=problem)


@pytest.mark.parametrize(
    ("verdicts", "label", "conclusion"),
    [
        ((FIXED, FIXED), Label.VERIFIED, Conclusion.SUCCESS),
        ((FIXED, STILL), Label.PARTIAL, Conclusion.FAILURE),
        ((FIXED, UNKNOWN), Label.PARTIAL, Conclusion.NEUTRAL),  # a doubt is no failure
        ((STILL,), Label.NOT_FIXED, Conclusion.FAILURE),
        ((MOVED, UNKNOWN), Label.NOT_FIXED, Conclusion.FAILURE),
        ((GAMED,), Label.NOT_FIXED, Conclusion.FAILURE),
        ((UNKNOWN,), Label.UNKNOWN, Conclusion.NEUTRAL),
        ((), Label.UNKNOWN, Conclusion.NEUTRAL),  # nothing was asked, nothing is proved
    ],
)
def test_label_and_conclusion__say_what_is_proved(
    verdicts: tuple[Verdict, ...], label: Label, conclusion: Conclusion
) -> None:
    proof = _proof(*verdicts)

    assert (label_of(proof), conclusion_of(proof)) == (label, conclusion)


def test_conclusion__a_fix_that_brings_something_new_fails() -> None:
    proof = _proof(FIXED, new=1)

    assert (label_of(proof), conclusion_of(proof)) == (Label.VERIFIED, Conclusion.FAILURE)
    assert title_of(proof) == "1 of 1 finding verified as fixed, 1 new finding"


def test_comment__has_a_row_per_target_and_nothing_that_strangers_could_start() -> None:
    text = comment_of(_proof(FIXED, STILL, new=1))

    assert "| `verified_fixed` | py/sql-injection | shop/app.py:3 |  | because |" in text
    assert "| py/xss | \\(no file\\):? | new \\@everyone \\<b\\> |" in text


def test_comment__says_why_a_scan_could_not_be_used() -> None:
    assert "could not be used: it is no JSON" in comment_of(_proof(UNKNOWN, problem="it is no JSON"))


def test_comment__cuts_what_is_too_long_and_says_so() -> None:
    text = comment_of(_proof(*[STILL] * 60, new=51))

    assert "And 10 findings more." in text
    assert "And 1 new finding more." in text
