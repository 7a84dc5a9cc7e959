"""Where a verification is said."""

from __future__ import annotations

from codeql_fixer.app.publish import publish
from codeql_fixer.domain.proof import Proof, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.pull_request import CheckReport, Conclusion
from codeql_fixer.domain.verification import Verdict
from tests.unit.app.test_prove import Talk

PROOF = Proof(
    targets=(
        TargetVerdict(
            fingerprint="0" * 20,
            rule_id="py/xss",
            verdict=Verdict.VERIFIED_FIXED,
            reasons=("gone",),
            evidence=VerdictEvidence(),
        ),
    )
)


class CheckedTalk(Talk):
    """One that takes checks, too."""

    def __init__(self) -> None:
        super().__init__()
        self.checks_made: list[CheckReport] = []

    def report_check(self, _repository: str, report: CheckReport) -> str:
        self.checks_made.append(report)
        return ""


def test_publish__again_changes_what_is_there() -> None:
    talk = CheckedTalk()

    for _ in range(2):
        url = publish(PROOF, talk, "acme/shop", number=7, commit="c0ffee")

    assert url == "https://forge.invalid/comment"
    assert len(talk.comments) == 1
    assert talk.labels == {"verified-fix", "other"}
    assert [(one.commit, one.conclusion) for one in talk.checks_made] == [("c0ffee", Conclusion.SUCCESS)] * 2


def test_publish__without_a_commit_there_is_no_check() -> None:
    talk = CheckedTalk()

    publish(PROOF, talk, "acme/shop", number=7, commit="")

    assert talk.checks_made == []
