"""Where a verification is said."""

from __future__ import annotations

from codeql_fixer.app.publish import publish
from codeql_fixer.domain.proof import Proof, TargetVerdict, VerdictEvidence
from codeql_fixer.domain.pull_request import Conclusion
from codeql_fixer.domain.verification import Verdict
from tests.pull_requests import MemoryPullRequests, pull_at

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


def _talk() -> MemoryPullRequests:
    talk = MemoryPullRequests({("acme/shop", 7): pull_at("acme/shop", 7)})
    talk.label("acme/shop", 7, add=["unknown", "other"], remove=[])
    return talk


def test_publish__again_changes_what_is_there() -> None:
    talk = _talk()

    first, again = (publish(PROOF, talk, "acme/shop", number=7, commit="c0ffee") for _ in range(2))

    assert first == again
    assert len(talk.said("acme/shop", 7)) == 1
    assert talk.thread("acme/shop", 7).labels == ("other", "verified-fix")
    [report] = talk.reports["c0ffee"].values()
    assert report.conclusion is Conclusion.SUCCESS


def test_publish__without_a_commit_there_is_no_check() -> None:
    talk = _talk()

    publish(PROOF, talk, "acme/shop", number=7, commit="")

    assert talk.reports == {}
